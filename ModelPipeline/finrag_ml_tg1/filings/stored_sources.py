"""Filings that lie in a store, as `find_sources` finds them in folders: an S3 bucket or a folder that is an inbox.

Names are keys below the store's root, so none can lead out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from finrag_ml_tg1.errors import FilingError, ObjectNotFoundError
from finrag_ml_tg1.filings.document_bytes import MAX_DOCUMENT_BYTES
from finrag_ml_tg1.filings.ingest import DOCUMENT_SUFFIXES, Source
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore

__all__ = ["WHOLE_STORE", "stored_sources"]

WHOLE_STORE = "."


def stored_sources(store: ObjectStore, names: Iterable[str]) -> list[partial[Source]]:
    """Return for each filing named, and each below the folders named, the call that reads it; sorted by key.

    A name is a key, or the part of keys before a slash; `WHOLE_STORE` names all. Raises FilingError for a name that
    means nothing in the store, and StoreError for one that cannot be a key.
    """
    found: set[str] = set()
    sizes: dict[str, int] = {}
    for name in names:
        entries = list(_named(store, name))
        found.update(entry.key for entry in entries)
        sizes.update((entry.key, entry.size) for entry in entries)
    return [partial(_read, store, key, sizes[key]) for key in sorted(found)]


def _named(store: ObjectStore, name: str) -> Iterator[ObjectInfo]:
    alone = None if name == WHOLE_STORE else store.head(name)
    if alone is not None:
        yield alone
        return
    inside = [
        entry
        for entry in store.list("" if name == WHOLE_STORE else f"{name}/")
        if entry.key.lower().endswith(DOCUMENT_SUFFIXES)
    ]
    if not inside:
        raise FilingError(f"{name}: there is no such file, or no .html, .htm or .txt file (or .gz of one) below it")
    yield from inside


def _read(store: ObjectStore, key: str, size: int) -> Source:
    name = key.rpartition("/")[2]
    if size > MAX_DOCUMENT_BYTES:
        raise FilingError(f"{name}: the file is larger than {MAX_DOCUMENT_BYTES // 2**20} MB")
    try:
        return Source(name, store.get(key).data)
    except ObjectNotFoundError as error:
        raise FilingError(f"{name}: it has been removed meanwhile") from error
