"""Reads damaged filings in a process of its own, so that a crash, a hang or a flood of memory ends only this process.

One seed a line on stdin, one JSON object a line on stdout. SIGUSR1 prints where it stands to stderr.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.ingest import ingest_file
from finrag_ml_tg1.filings.passages import MAX_PASSAGE_TOKENS, Passage, build_passages, indexed_text, passage_head
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.loaders.object_store import ObjectInfo, StoredObject, check_key
from tests.soak.mutations import find_originals, make_case

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
    encoder = OnnxEncoder.load(ensure_encoder(Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache"))))
    originals = find_originals()
    with tempfile.TemporaryDirectory() as scratch:
        _say({"ready": True})
        for line in sys.stdin:
            case = make_case(int(line), originals)
            path = Path(scratch) / case.originals[0].removesuffix(".gz")
            path.write_bytes(case.data)
            _say({"started": True})
            _say({**_read(path, encoder), "bytes": len(case.data)})


def _read(path: Path, encoder: OnnxEncoder) -> dict[str, object]:
    try:
        started = time.process_time()
        filing = read_filing(path.read_bytes(), path.name)
        passages = build_passages(filing, encoder.token_offsets)
        seconds = time.process_time() - started
        _say({"built": True})
        _check(filing, passages, encoder)
        ingest_file(path, ForgetfulStore(), encoder.token_offsets)
    except FilingError as error:
        return {"outcome": "refused", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 - any other exception is what the run looks for
        return {"outcome": "failed", "error": _name(error), "traceback": traceback.format_exc()[-3000:]}
    return {"outcome": "read", "passages": len(passages), "seconds": seconds}


def _check(filing: Filing, passages: list[Passage], encoder: OnnxEncoder) -> None:
    """What is promised of every passage: it is a stretch of the canonical text, and nothing of it is cut off."""
    text, cover = filing.document.text, filing.cover
    for passage in passages:
        assert passage.text == text[passage.char_start : passage.char_end], "passage is not the canonical text's"
        assert passage.text.strip(), "passage is empty"
        head = passage_head(cover.company, cover.tickers, cover.form, cover.fiscal_year, passage.item, passage.heading)
        tokens = encoder.count_tokens(indexed_text(head, passage.lead, passage.text))
        assert tokens <= MAX_PASSAGE_TOKENS, "passage is longer than the encoder's window"


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
