"""What must hold of a store at every moment, whoever was killed while writing to it."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Collection
from pathlib import Path

import polars as pl

from finrag_ml_tg1.errors import IndexMissingError
from finrag_ml_tg1.filings.keys import FILINGS_PREFIX, filing_keys
from finrag_ml_tg1.index.reader import open_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

__all__ = ["leftovers", "opened_version", "table_faults", "tables_digest"]


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
        part = index.part(entry)
        assert len(part) == entry.rows, "a part has another number of rows than its catalog says"
        assert all(part.text(row) for row in range(len(part))), "a passage of the index is empty"
        rows += len(part)
    assert rows == index.manifest.passages == int(index.catalog.filings["passages"].sum()), "passages are missing"
    return index.version


def table_faults(folder: Path) -> list[str]:
    """Return what is wrong with the filings table: a row whose text or passages are absent or of other bytes."""
    store = LocalFolderStore(folder)
    faults = []
    for entry in store.list(FILINGS_PREFIX):
        row = pl.read_parquet(io.BytesIO(store.get(entry.key).data)).row(0, named=True)
        of_filing = filing_keys(row["cik"], row["accession"], row["sha256"], row["reader_version"])
        keys = of_filing.text, of_filing.passages
        if any(store.head(key) is None for key in keys):
            faults.append("a row of the filings table has no text or no passages")
            continue
        text = gzip.decompress(store.get(keys[0]).data).decode()
        passages = pl.read_parquet(io.BytesIO(store.get(keys[1]).data))
        if len(text) != row["characters"]:
            faults.append("a row of the filings table stands beside another version's text")
        if passages.height != row["passages"]:
            faults.append("a row of the filings table stands beside another version's passages")
        if any(text[each["char_start"] : each["char_end"]] != each["text"] for each in passages.iter_rows(named=True)):
            faults.append("stored passages are not stretches of the stored text")
    return faults


def tables_digest(folder: Path) -> str:
    """Return a hash of all texts and tables in the store."""
    store = LocalFolderStore(folder)
    digest = hashlib.sha256()
    for prefix in ("tables/", "text/"):
        for entry in store.list(prefix):
            digest.update(f"{entry.key}\0".encode() + store.get(entry.key).data)
    return digest.hexdigest()


def leftovers(folder: Path, versions: Collection[str], parts: Collection[str]) -> dict[str, int]:
    """Return how many half-written files and how many unreferenced index objects lie in the store, and their bytes."""
    temporary = list(folder.glob(".finrag-*.tmp"))
    store = LocalFolderStore(folder)
    stray = [
        entry
        for entry in store.list("index/")
        if entry.key != "index/CURRENT"
        and entry.key.split("/")[1] not in versions
        and not (entry.key.startswith("index/parts/") and entry.key.split("/")[2] in parts)
    ]
    return {
        "half_written_files": len(temporary),
        "half_written_bytes": sum(path.stat().st_size for path in temporary),
        "unreferenced_objects": len(stray),
    }
