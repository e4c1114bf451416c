"""A version copied from one store to another and made current there: what the target has already is not copied again.

Each object is one put of at most some ten megabytes, so that it is there whole or not at all, and S3 checks it by the
MD5 sent along. The manifest is put after all it names has been seen there, and CURRENT last.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.index.manifest import Manifest, is_version, manifest_key, version_key
from finrag_ml_tg1.index.stored_version import read_manifest
from finrag_ml_tg1.index.version_objects import read_checked, version_objects
from finrag_ml_tg1.index.writer import IndexWriter
from finrag_ml_tg1.indexing.index_objects import are_sound, side_by_side, sizes_of_shared_objects
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["PublishReport", "publish_version"]


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What was copied, and whether the version was made current; `objects` and `size` are those of the version."""

    version: str
    objects: int
    size: int
    copied_objects: int
    copied_bytes: int
    changed: bool


def publish_version(
    source: ObjectStore,
    target: ObjectStore,
    version: str,
    progress: Callable[[int, int], None],
    *,
    verify: bool = False,
    is_sole_writer: bool = False,
) -> PublishReport:
    """Copy a version of `source` to `target` and make it current there; `progress` gets (bytes copied, of all).

    With `verify` all of it is read in the target: what was there before the copying, and what was copied after it.
    With `is_sole_writer` the target need not keep to conditional puts: nobody else may write to it meanwhile.
    Raises IndexCorruptError when an object of the source is not what the version names, StoreError when the source has
    no such version, when another writer made its own current in the target meanwhile, or (ConditionUnsupportedError)
    when the target could not tell; CURRENT is unchanged then.
    """
    manifest = _manifest(source, version)
    objects = version_objects(source, manifest)
    with IndexWriter(target, is_sole=is_sole_writer) as writer:
        if version != writer.readers_version:
            writer.hold_mark()
        missing = _missing(target, manifest, objects, verify=verify)
        total = sum(each.size for each in missing)
        copied = 0

        def copy(each: ExpectedFile) -> None:
            target.put(each.key, read_checked(source, each))

        # Closed also when `progress` raises: nothing is put any more when the mark is taken away.
        with closing(side_by_side(copy, missing, writer.hold_mark)) as copies:
            for each, _ in copies:
                copied += each.size
                progress(copied, total)
        _require_all(target, manifest, objects, missing, verify=verify)
        key, text = manifest_key(version), manifest.to_json().encode()
        if target.head(key) is None or target.get(key).data != text:
            writer.hold_mark()
            target.put(key, text)
        changed = writer.make_current(version)
    return PublishReport(version, len(objects), sum(each.size for each in objects), len(missing), copied, changed)


def _manifest(source: ObjectStore, version: str) -> Manifest:
    if not is_version(version) or source.head(manifest_key(version)) is None:
        held = sorted({info.key.split("/")[1] for info in source.list("index/") if info.key.endswith("/manifest.json")})
        raise StoreError(f"{source.url} holds no index version {version}: it holds {', '.join(held) or 'none'}")
    return read_manifest(source, version)


def _missing(
    target: ObjectStore, manifest: Manifest, objects: list[ExpectedFile], *, verify: bool
) -> list[ExpectedFile]:
    """The objects that the target does not have with the right size, or with `verify` the right content."""
    sizes = _sizes(target, manifest)
    present = [each for each in objects if sizes.get(each.key) == each.size]
    sound = are_sound(target, present) if verify else {each.key for each in present}
    return [each for each in objects if each.key not in sound]


def _require_all(
    target: ObjectStore, manifest: Manifest, objects: list[ExpectedFile], copied: list[ExpectedFile], *, verify: bool
) -> None:
    sizes = _sizes(target, manifest)
    lost = {each.key for each in objects if sizes.get(each.key) != each.size}
    if verify:
        sound = are_sound(target, copied)
        lost.update(each.key for each in copied if each.key not in sound)
    if lost:
        raise IndexCorruptError(
            f"{len(lost)} objects that were copied are not in {target.url} as they were written, such as {min(lost)}: "
            "nothing was made current, run it again"
        )


def _sizes(target: ObjectStore, manifest: Manifest) -> dict[str, int]:
    own = {info.key: info.size for info in target.list(version_key(manifest.version, ""))}
    return sizes_of_shared_objects(target) | own
