"""Deletes from a store's index what no kept version needs; nothing outside `index/`, and nothing it does not know.

While something is built or published nothing is deleted, because what that wrote is not named by any version yet: see
index.marks. A version is kept with all it names, so readers of one that is kept never miss anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from finrag_ml_tg1.errors import IndexCorruptError, IndexFormatError, ObjectNotFoundError, StoreError
from finrag_ml_tg1.index.history import Switch, switches
from finrag_ml_tg1.index.manifest import manifest_key
from finrag_ml_tg1.index.marks import COLLECTING, WRITING, Mark, ended_marks
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.index.version_objects import version_objects
from finrag_ml_tg1.indexing.index_objects import SHARED_PREFIXES
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore

__all__ = ["Garbage", "collect_garbage", "find_garbage"]

_THREADS = 8
_DELETED_AT_ONCE = 256
_MANIFEST = re.compile(r"index/([0-9a-f]{16})/manifest\.json")
_OF_A_VERSION = re.compile(r"index/[0-9a-f]{16}/.+")


@dataclass(frozen=True, slots=True)
class Garbage:
    """The versions that stay, newest first, and the objects that can go, manifests first; `size` is in bytes."""

    kept: list[str]
    keys: list[str]
    size: int


def find_garbage(store: ObjectStore, keep: int, also: Collection[str] = ()) -> Garbage:
    """Return what `collect_garbage` would delete if nobody was writing; changes nothing.

    Raises StoreError where a version of another program's format is: readers of it may need any part.
    """
    _refuse_other_formats(store)
    history = switches(store)
    kept = _kept(store, history, keep)
    kept += [version for version in dict.fromkeys(also) if version not in kept]
    named = {manifest_key(version) for version in kept}
    for version in kept:
        named.update(each.key for each in version_objects(store, read_manifest(store, version)))
    going = [info for info in store.list("index/") if _is_known(info) and info.key not in named]
    # Without its manifest a version counts as gone, even when this is cut short.
    going.sort(key=lambda info: not info.key.endswith("/manifest.json"))
    newest = {switch.version: switch.key for switch in reversed(history)}
    records = [switch.key for switch in history if switch.version not in kept or switch.key != newest[switch.version]]
    keys = [*(info.key for info in going), *records, *ended_marks(store, datetime.now(UTC))]
    return Garbage(kept, keys, sum(info.size for info in going))


def collect_garbage(store: ObjectStore, keep: int, also: Collection[str] = ()) -> Garbage:
    """Keep the current version, the `keep` - 1 that were current before it and those in `also`; return what went.

    Raises StoreError, and deletes nothing, while something is built, published or deleted here; IndexCorruptError,
    IndexMissingError when the current version or one in `also` cannot be read.
    """
    mark = Mark(store, COLLECTING)
    try:
        mark.hold()
        at_work = [*mark.others(WRITING), *mark.others(COLLECTING)]
        if at_work:
            raise StoreError(
                f"something is being built, published or deleted in {store.url}: nothing was deleted. Try again when "
                f"that has ended; if it was killed, it counts as ended from {max(at_work):%Y-%m-%d %H:%M} UTC on"
            )
        garbage = find_garbage(store, keep, also)
        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, len(garbage.keys), _DELETED_AT_ONCE):
                mark.hold()
                list(pool.map(store.delete, garbage.keys[start : start + _DELETED_AT_ONCE]))
    finally:
        mark.remove()
    return garbage


def _kept(store: ObjectStore, history: list[Switch], keep: int) -> list[str]:
    """The current version and those before it that can still be read, whole or not."""
    current = current_version(store)
    read_manifest(store, current)
    kept = [current]
    for version in dict.fromkeys(switch.version for switch in history):
        if len(kept) < keep and version != current and _is_readable(store, version):
            kept.append(version)
    return kept


def _refuse_other_formats(store: ObjectStore) -> None:
    found = (_MANIFEST.fullmatch(info.key) for info in store.list("index/"))
    for manifest in [match for match in found if match]:
        try:
            read_manifest(store, manifest[1])
        except IndexFormatError as error:
            raise StoreError(
                f"index version {manifest[1]} was made by another version of this program, and what it needs is not "
                f"known: nothing was deleted. Once nobody serves it, delete {manifest[0]}"
            ) from error
        except IndexCorruptError:  # of a version that nobody can read nothing is needed
            continue


def _is_readable(store: ObjectStore, version: str) -> bool:
    try:
        version_objects(store, read_manifest(store, version))
    except (IndexCorruptError, ObjectNotFoundError):
        return False
    return True


def _is_known(info: ObjectInfo) -> bool:
    return info.key.startswith(SHARED_PREFIXES) or _OF_A_VERSION.fullmatch(info.key) is not None
