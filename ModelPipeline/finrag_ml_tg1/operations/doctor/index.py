"""Checks of the index in the store: that a version is current, whole and readable, and what lies beside it."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError, StoreUnavailableError
from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, SEGMENTS_FILE, Catalog, SegmentEntry, segment_entries
from finrag_ml_tg1.index.encoder import ENCODER_FILES, OnnxEncoder
from finrag_ml_tg1.index.history import switches
from finrag_ml_tg1.index.manifest import ENCODER_FILE_NAMES, Manifest, manifest_key
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.index.version_objects import read_checked, version_objects
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning

__all__ = ["IndexInStore", "check_encoder", "check_files", "check_index", "check_versions"]

_SMALL_BYTES = 1_000_000
_SMALL_TOGETHER_BYTES = 16_000_000
_NAMED = 5
_THREADS = 8
_KEPT_VERSIONS = 3
_OLD_DAYS = 400  # every filer has filed a new annual report by then
_VERSIONED = re.compile(r"index/(?:[0-9a-f]{16}|parts|segments|encoders)/.+")
_REPAIR = "`finrag index --verify` where it was built, or `finrag publish --verify` to this store, repairs it"
_SENTENCES = (
    "Net sales increased because customers bought more products.",
    "Revenue rose on higher demand.",
    "The audit committee appointed a new independent accountant.",
)


class IndexInStore:
    """The current version as the store has it; everything is read when first asked for."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    @cached_property
    def version(self) -> str:
        """The current version's name; raises IndexMissingError."""
        return current_version(self.store)

    @cached_property
    def manifest(self) -> Manifest:
        """Its manifest; raises IndexCorruptError."""
        return read_manifest(self.store, self.version)

    @cached_property
    def objects(self) -> list[ExpectedFile]:
        """All objects it consists of; raises IndexCorruptError, ObjectNotFoundError."""
        return version_objects(self.store, self.manifest)

    @cached_property
    def catalog(self) -> Catalog:
        """Its catalog."""
        return Catalog.from_parquet(self._file(FILINGS_FILE), self._file(PARTS_FILE))

    @cached_property
    def segments(self) -> list[SegmentEntry]:
        """Its segments."""
        return segment_entries(pl.read_parquet(io.BytesIO(self._file(SEGMENTS_FILE))))

    @cached_property
    def listed(self) -> dict[str, int] | None:
        """The sizes of what there is below `index/`, by key; None where listing is refused."""
        try:
            return {info.key: info.size for info in self.store.list("index/")}
        except StoreUnavailableError:
            return None

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The sizes of those of `objects` that are there, by key; raises StoreUnavailableError."""
        if self.listed is not None:
            return self.listed
        with ThreadPoolExecutor(_THREADS) as pool:
            found = pool.map(self.store.head, [each.key for each in self.objects])
        return {info.key: info.size for info in found if info is not None}

    def _file(self, name: str) -> bytes:
        files = dict(zip(self.manifest.files, self.manifest.expected_files(), strict=True))
        return read_checked(self.store, files[name])


def check_index(index: IndexInStore) -> Finding:
    """Look whether a version is current that this program can read, and what it covers."""
    manifest, catalog = index.manifest, index.catalog
    found = (
        f"version {index.version}: {manifest.filings:,} filings of {len(catalog.companies):,} companies, "
        f"{manifest.passages:,} passages"
    )
    built = _current_since(index)
    if built is None:
        return ok(found)
    days = (datetime.now(UTC) - built).days
    found = f"{found}; current since {built:%Y-%m-%d %H:%M} UTC"
    if days > _OLD_DAYS:
        return warning(f"{found}, {days} days ago", "every filer has a newer annual report: `finrag ingest --ticker …`")
    return ok(found)


def check_files(index: IndexInStore, *, deep: bool) -> Finding:
    """Look whether each file of the version is there with its size, and its content: of small ones, or of all."""
    wrong = [
        f"{each.key}: {'is missing' if size is None else f'has {size:,} bytes instead of {each.size:,}'}"
        for each in index.objects
        if (size := index.sizes.get(each.key)) != each.size
    ]
    read = [] if wrong else list(index.objects if deep else _small(index.objects))
    wrong += [problem for each in read if (problem := _damage(index.store, each))]
    if wrong:
        more = [f"and {len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else []
        return failed(f"{len(wrong)} of {len(index.objects)} files are damaged", *wrong[:_NAMED], *more, _REPAIR)
    total = sum(each.size for each in index.objects)
    how = "all read and right" if len(read) == len(index.objects) else f"{len(read)} small ones read and right"
    advice = () if len(read) == len(index.objects) else ("`finrag doctor --deep` reads all of them",)
    return Finding("ok", f"{len(index.objects)} files, {total / 1e6:.1f} MB, all there; {how}", advice)


def check_encoder(index: IndexInStore, cache: DiskCache) -> Finding:
    """Load the encoder that the index carries, and look whether what means the same is near."""
    files = dict(zip(index.manifest.files, index.manifest.expected_files(), strict=True))
    with TemporaryDirectory(prefix="finrag-doctor-") as name:
        folder = Path(name)
        for file, path in zip(ENCODER_FILES, cache.fetch_all([files[n] for n in ENCODER_FILE_NAMES]), strict=True):
            (folder / file).symlink_to(path.resolve())
        encoder = OnnxEncoder.load(folder)
        encoder.identity.require(index.manifest.encoder)
        began = time.perf_counter()
        asked, near, far = encoder.encode(_SENTENCES)
        ms = 1000 * (time.perf_counter() - began) / len(_SENTENCES)
    if not asked @ near > asked @ far:
        return failed("the encoder runs, but its vectors mean nothing", "another onnxruntime? reinstall from the lock")
    return ok(f"{encoder.identity.name}, {encoder.identity.dimension} values; {ms:.1f} ms a sentence")


def check_versions(index: IndexInStore) -> Finding:
    """Look what lies in the store that the current version does not need."""
    if index.listed is None:
        return skipped("the store may not be listed")
    needed = {each.key for each in index.objects} | {manifest_key(index.version)}
    others = {key.split("/")[1] for key in index.listed if re.fullmatch(r"index/[0-9a-f]{16}/manifest\.json", key)}
    others.discard(index.version)
    spare = sum(size for key, size in index.listed.items() if _VERSIONED.fullmatch(key) and key not in needed)
    found = f"{len(others)} other versions; {spare / 1e6:.1f} MB are not needed by the current one"
    if len(others) >= _KEPT_VERSIONS:
        return warning(found, f"`finrag index --gc --keep {_KEPT_VERSIONS}` deletes what only older ones need")
    return ok(found)


def _small(objects: Iterable[ExpectedFile]) -> Iterator[ExpectedFile]:
    together = 0
    for each in sorted(objects, key=lambda each: each.size):
        together += each.size
        if each.size > _SMALL_BYTES or together > _SMALL_TOGETHER_BYTES:
            return
        yield each


def _damage(store: ObjectStore, wanted: ExpectedFile) -> str:
    try:
        read_checked(store, wanted)
    except ObjectNotFoundError:
        return f"{wanted.key}: is missing"
    except IndexCorruptError:
        return f"{wanted.key}: has another content than it was built with"
    return ""


def _current_since(index: IndexInStore) -> datetime | None:
    """Return when the version became current; None where no record can be read."""
    try:
        return next((_time_of(switch.key) for switch in switches(index.store) if switch.version == index.version), None)
    except StoreUnavailableError:  # listing is refused: the store's own check tells that
        return None


def _time_of(switch_key: str) -> datetime | None:
    match = re.search(r"/(\d{8}T\d{6})\.", switch_key)
    return datetime.strptime(f"{match[1]}+0000", "%Y%m%dT%H%M%S%z") if match else None
