"""What must hold of a store at every moment, whoever was killed while writing to it."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import IndexMissingError
from finrag_ml_tg1.filings.keys import FILINGS_PREFIX, FilingKeys, filing_keys
from finrag_ml_tg1.index.marks import MARKS_PREFIX
from finrag_ml_tg1.index.reader import open_index
from finrag_ml_tg1.indexing.garbage import find_garbage
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

__all__ = ["index_leftovers", "leftovers", "opened_version", "table_faults", "tables_digest"]


def opened_version(folder: Path, scratch: Path) -> str | None:
    """Open the current index as the back end does and read all of it; None when there is none.

    Raises IndexCorruptError for a file that is not what the manifest names, AssertionError for a wrong row.
    """
    store = LocalFolderStore(folder)
    cache = DiskCache(scratch, store, 2**30)
    try:
        index = open_index(store, cache, folder=scratch)
    except IndexMissingError:
        return None
    rows = 0
    for entry in index.catalog.parts:
        part = index.parts.opened(entry)
        assert len(part) == entry.rows, "a part has another number of rows than its catalog says"
        assert all(part.text(row) for row in range(len(part))), "a passage of the index is empty"
        rows += len(part)
    assert rows == index.manifest.passages == int(index.catalog.filings["passages"].sum()), "passages are missing"
    return index.version


def table_faults(folder: Path) -> list[str]:
    """Return what is wrong with the filings table: a row whose text, passages or facts are absent or of other bytes."""
    store = LocalFolderStore(folder)
    faults = []
    for row, keys in _filings(store):
        if any(store.head(key) is None for key in (keys.document, keys.text, keys.passages, keys.facts)):
            faults.append("a row of the filings table has no document, text, passages or facts")
            continue
        text = gzip.decompress(store.get(keys.text).data).decode()
        passages, facts = (pl.read_parquet(io.BytesIO(store.get(key).data)) for key in (keys.passages, keys.facts))
        if (len(text), passages.height, facts.height) != (row["characters"], row["passages"], row["facts"]):
            faults.append("a row of the filings table stands beside another reading's text, passages or facts")
        if any(text[each["char_start"] : each["char_end"]] != each["text"] for each in passages.iter_rows(named=True)):
            faults.append("stored passages are not stretches of the stored text")
        if not set(facts["passage_id"].drop_nulls()) <= set(passages["passage_id"]):
            faults.append("stored facts stand in passages that are not stored")
    return faults


def _filings(store: LocalFolderStore) -> Iterator[tuple[dict[str, Any], FilingKeys]]:
    for entry in store.list(FILINGS_PREFIX):
        row = pl.read_parquet(io.BytesIO(store.get(entry.key).data)).row(0, named=True)
        yield row, filing_keys(row["cik"], row["accession"], row["sha256"], row["reader_version"])


def tables_digest(folder: Path) -> str:
    """Return a hash of all filings in the store: each row and what it names."""
    store = LocalFolderStore(folder)
    digest = hashlib.sha256()
    for _, keys in _filings(store):
        for key in astuple(keys):
            digest.update(f"{key}\0".encode() + store.get(key).data)
    return digest.hexdigest()


def leftovers(folder: Path) -> dict[str, int]:
    """Return how many half-written files, and objects of the tables that no row names, lie in the store."""
    temporary = list(folder.glob(".finrag-*.tmp"))
    store = LocalFolderStore(folder)
    named = {key for _, keys in _filings(store) for key in astuple(keys)}
    of_filings = [entry.key for prefix in ("raw/", "text/", "tables/") for entry in store.list(prefix)]
    return {
        "half_written_files": len(temporary),
        "half_written_bytes": sum(path.stat().st_size for path in temporary),
        "objects_no_row_names": len(set(of_filings) - named),
    }


def index_leftovers(folder: Path, versions: int) -> dict[str, int]:
    """Return how many objects of the index its newest versions do not need, and how many marks of killed writers."""
    store = LocalFolderStore(folder)
    return {
        "unreferenced_objects": len(find_garbage(store, versions).keys),
        "marks_of_killed_writers": len(list(store.list(MARKS_PREFIX))),
    }
