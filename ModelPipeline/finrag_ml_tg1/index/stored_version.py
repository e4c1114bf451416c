"""Which index version a store serves, and what the store says it consists of."""

from __future__ import annotations

from finrag_ml_tg1.errors import IndexCorruptError, IndexMissingError, ObjectNotFoundError
from finrag_ml_tg1.index.manifest import CURRENT_KEY, Manifest, is_version, manifest_key
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["current_version", "read_manifest"]


def current_version(store: ObjectStore) -> str:
    """Return the name of the version the store serves.

    Raises IndexMissingError when there is none, IndexCorruptError when `index/CURRENT` holds no version's name.
    """
    try:
        version = store.get(CURRENT_KEY).data.decode(errors="replace").strip()
    except ObjectNotFoundError as error:
        raise IndexMissingError(
            f"{store.url} holds no index: run `finrag ingest FOLDER` and then `finrag index`"
        ) from error
    if not is_version(version):
        raise IndexCorruptError(f"{CURRENT_KEY} in {store.url} names no index version: rebuild with `finrag index`")
    return version


def read_manifest(store: ObjectStore, version: str) -> Manifest:
    """Return a version's manifest, checked; raises IndexCorruptError when it is missing or damaged."""
    try:
        text = store.get(manifest_key(version)).data.decode()
    except (ObjectNotFoundError, UnicodeDecodeError) as error:
        raise IndexCorruptError(
            f"index version {version} has no readable manifest: rebuild with `finrag index`"
        ) from error
    return Manifest.from_json(text, version)
