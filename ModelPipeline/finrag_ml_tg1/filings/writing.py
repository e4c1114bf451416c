"""One filing's tables into the store, its row last: whole, as it was before, or not at all.

Doing it again, after it was cut short at any point, leaves the same objects. So it does not matter how often a filing
is given to whom, as long as two readings of it do not run at once.
"""

from __future__ import annotations

import gzip
from dataclasses import astuple

from finrag_ml_tg1.filings.extraction import FilingTables
from finrag_ml_tg1.filings.keys import FilingKeys, filing_keys
from finrag_ml_tg1.filings.table_schemas import READER_VERSION
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["put_filing"]

_GZIP_MAGIC = b"\x1f\x8b"


def put_filing(store: ObjectStore, document: bytes, tables: FilingTables, *, replaces: FilingKeys | None) -> FilingKeys:
    """Put a filing's document and tables; then remove what a former reading left, whose keys `replaces` holds.

    Returns the keys it stands under.
    """
    keys = filing_keys(tables.cik, tables.accession, tables.sha256, READER_VERSION)
    store.put(keys.document, document if document.startswith(_GZIP_MAGIC) else gzip.compress(document, mtime=0))
    store.put(keys.text, tables.text)
    store.put(keys.passages, tables.passages)
    store.put(keys.facts, tables.facts)
    store.put(keys.row, tables.row)
    if replaces is not None:
        _remove(store, replaces, kept=keys)
    return keys


def _remove(store: ObjectStore, replaced: FilingKeys, *, kept: FilingKeys) -> None:
    """Remove the replaced objects, the row first, except those that are `kept`: the row may stand elsewhere."""
    for old, new in zip(astuple(replaced)[::-1], astuple(kept)[::-1], strict=True):
        if old != new:
            store.delete(old)
