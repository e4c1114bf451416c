"""Reads damaged filings in a process of its own, so that a crash, a hang or a flood of memory ends only this process.

One seed a line on stdin, one JSON object a line on stdout. SIGUSR1 prints where it stands to stderr.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.extraction import extract_tables
from finrag_ml_tg1.filings.filing import read_filing
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Source
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.index.encoder import load_token_offsets
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.loaders.object_store import ObjectInfo, StoredObject, check_key
from tests.soak.extraction_checks import check_filing, check_tables
from tests.soak.mutations import Case, find_originals, make_case

__all__ = ["main"]


class ForgetfulStore:
    """An ObjectStore that takes everything and keeps nothing: what is put into it must only be fit for storing."""

    url = "nowhere"

    def get(self, key: str) -> StoredObject:
        raise AssertionError(f"{key} was never there")

    def get_range(self, key: str, start: int, length: int) -> bytes:
        raise AssertionError(f"{key} was never there")

    def head(self, key: str) -> ObjectInfo | None:
        return None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return iter(())

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        check_key(key)
        return ObjectInfo(key, len(data), "none")

    def delete(self, key: str) -> None:
        check_key(key)


def main() -> None:
    """Answer seeds until stdin ends."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    cache_folder = Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache"))
    token_offsets = load_token_offsets(ensure_encoder(cache_folder))
    originals = find_originals()
    _say({"ready": True})
    for line in sys.stdin:
        case = make_case(int(line), originals)
        _say({"started": True, "bytes": len(case.data)})
        _say({**_read(case, token_offsets), "bytes": len(case.data)})


def _read(case: Case, token_offsets: TokenOffsets) -> dict[str, object]:
    name = case.originals[0].removesuffix(".gz")
    try:
        started = time.process_time()
        tables = extract_tables(case.data, name, token_offsets)
        seconds = time.process_time() - started
        _say({"built": True})
        filing = read_filing(case.data, name)
        check_filing(filing)
        check_tables(tables, filing, token_offsets)
        FilingTablesStore(ForgetfulStore()).write(Source(name, case.data), tables)
    except FilingError as error:
        return {"outcome": "refused", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 - any other exception is what the run looks for
        return {"outcome": "failed", "error": _name(error), "traceback": traceback.format_exc()[-3000:]}
    return {"outcome": "read", "passages": tables.passage_count, "facts": tables.fact_count, "seconds": seconds}


def _name(error: Exception) -> str:
    """The exception's type with the innermost place of ours it passed, without the words of the filing."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "finrag_ml_tg1" in frame.filename] or list(frames)
    words = f" ({error})" if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__}{words} in {Path(ours[-1].filename).name} {ours[-1].name}"


def _say(values: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
