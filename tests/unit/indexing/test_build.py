from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from finrag_ml_tg1.errors import StoreError, StoreUnavailableError
from finrag_ml_tg1.filings.ingest import ingest_file
from finrag_ml_tg1.index.catalog import PARTS_FILE
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.index.history import HISTORY_PREFIX
from finrag_ml_tg1.index.manifest import ENCODER_FILE_NAMES, part_key, version_key
from finrag_ml_tg1.index.marks import MARKS_PREFIX
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.reader import current_version, open_index, read_manifest
from finrag_ml_tg1.indexing.build import BuildReport, build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore
from tests.unit.filings.documents import filing_html
from tests.unit.filings.recording_store import RecordingStore, contents
from tests.unit.index.fake_encoder import TINY, FakeEncoder, write_encoder_files
from tests.unit.loaders import conftest as loaders

clean_environment = loaders.clean_environment
moto_endpoint = loaders.moto_endpoint
s3_config = loaders.s3_config
bucket = loaders.bucket
s3_store = loaders.s3_store
folder_store = loaders.folder_store
store = loaders.store

SAMPLE = Path(__file__).parents[3] / "samples" / "filings" / "ORQN_10-K_9990000001-24-000001.html"
Build = Callable[..., BuildReport]


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., None]:
    def run(store: ObjectStore, number: int, words: str = "plain") -> None:
        path = tmp_path / f"X_10-K_99900001{number:02d}-24-000001.html"
        body = f"<p><b>Item 1. Business</b></p><p>We sell {words} examples.</p><p><b>Risks</b></p><p>Few {number}.</p>"
        path.write_bytes(filing_html(f"Company {number}", cik=9_990_000_100 + number, body=body))
        ingest_file(path, store, FakeEncoder().token_offsets)

    return run


@pytest.fixture
def build(tmp_path: Path) -> Build:
    encoder_folder = write_encoder_files(tmp_path / "encoder")

    def run(store: ObjectStore, encoder: FakeEncoder | None = None, *, verify: bool = False) -> BuildReport:
        cache = DiskCache(tmp_path / "cache", store, 2**30)
        return build_index(
            store, cache, encoder or FakeEncoder(), encoder_folder, lambda done, total: None, verify=verify
        )

    return run


def check_readable(store: ObjectStore, folder: Path) -> list[str]:
    """Check every file of the current version against its hash and return the texts of all passages."""
    cache = DiskCache(folder / "checking", store, 2**30)
    manifest = read_manifest(store, current_version(store))
    for name, entry in manifest.files.items():
        cache.fetch(manifest.key_of(name), sha256=entry.sha256, size=entry.size)
    texts: list[str] = []
    for row in loaded_parts(store):
        part = Part(cache.fetch(part_key(row["sha256"]), sha256=row["sha256"], size=row["size"]))
        texts.extend(part.text(line) for line in range(len(part)))
    assert len(texts) == manifest.passages
    return texts


def loaded_parts(store: ObjectStore) -> list[dict[str, Any]]:
    data = store.get(version_key(current_version(store), PARTS_FILE)).data
    return pl.read_parquet(io.BytesIO(data)).to_dicts()


def test_a_build_makes_all_ingested_filings_current(
    store: ObjectStore, ingest: Callable[..., None], build: Build, tmp_path: Path
) -> None:
    ingest(store, 1)
    ingest(store, 2)
    encoder = FakeEncoder()
    report = build(store, encoder)
    assert report == BuildReport(current_version(store), 2, 6, 6, changed=True)
    assert len(check_readable(store, tmp_path)) == 6
    assert encoder.encoded[1].startswith("Item 1 Business\n")


def test_building_again_encodes_and_writes_nothing(
    store: ObjectStore, ingest: Callable[..., None], build: Build
) -> None:
    ingest(store, 1)
    first = build(store)
    recording, encoder = RecordingStore(store), FakeEncoder()
    again = build(recording, encoder)
    assert again == BuildReport(first.version, 1, 3, 0, changed=False)
    assert (encoder.encoded, recording.puts) == ([], [])


def test_a_filing_more_encodes_its_part_alone(store: ObjectStore, ingest: Callable[..., None], build: Build) -> None:
    ingest(store, 1)
    ingest(store, 3)
    first = build(store)
    parts = {key: data for key, data in contents(store).items() if key.startswith("index/parts/")}
    ingest(store, 2, "other")
    encoder = FakeEncoder()
    report = build(store, encoder)
    assert report.version != first.version
    assert (report.filings, report.encoded_passages) == (3, 3)
    assert any("We sell other examples." in text for text in encoder.encoded)
    after = {key: data for key, data in contents(store).items() if key.startswith("index/parts/")}
    assert len(after) == 3
    assert after.items() >= parts.items()


def test_a_filing_of_other_content_is_encoded_again(
    store: ObjectStore, ingest: Callable[..., None], build: Build, tmp_path: Path
) -> None:
    ingest(store, 1)
    ingest(store, 2)
    build(store)
    ingest(store, 1, "new")
    assert build(store).encoded_passages == 3
    assert sum("new examples" in text for text in check_readable(store, tmp_path)) == 1


def test_another_encoder_encodes_everything_again(
    store: ObjectStore, ingest: Callable[..., None], build: Build
) -> None:
    ingest(store, 1)
    build(store)
    assert build(store, FakeEncoder(replace(TINY, sha256="2" * 64))).encoded_passages == 3


class OvertakenEncoder(FakeEncoder):
    """Lets another builder finish while it encodes."""

    def __init__(self, overtake: Callable[[], object]) -> None:
        super().__init__()
        self._overtake = overtake

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self._overtake()
        return super().encode(texts)


@pytest.mark.parametrize("has_current", [False, True])
def test_of_two_builders_the_slower_is_told_and_changes_nothing(
    store: ObjectStore, ingest: Callable[..., None], build: Build, tmp_path: Path, has_current: bool
) -> None:
    if has_current:
        ingest(store, 1)
        build(store)
    ingest(store, 2)
    winners: list[BuildReport] = []

    def overtake() -> None:
        ingest(store, 3)
        winners.append(build(store))

    with pytest.raises(StoreError, match="run it again"):
        build(store, OvertakenEncoder(overtake))
    assert current_version(store) == winners[0].version
    assert len(check_readable(store, tmp_path)) == 3 * winners[0].filings
    assert not build(store).changed


class OnceFailingStore(RecordingStore):
    """Refuses what is written under each key the first time; `failed` is kept from build to build."""

    def __init__(self, inner: ObjectStore, failed: list[str]) -> None:
        super().__init__(inner)
        self._failed = failed

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        # Marks and records of switches have another name each time.
        name = key.rpartition("/")[0] if key.startswith((MARKS_PREFIX, HISTORY_PREFIX)) else key
        if name not in self._failed:
            self._failed.append(name)
            raise StoreUnavailableError(f"{key} cannot be written: the test says so")
        return super().put(key, data, if_match=if_match, if_absent=if_absent)


def test_the_previous_version_stays_current_when_any_put_fails(
    store: ObjectStore, ingest: Callable[..., None], build: Build, tmp_path: Path
) -> None:
    ingest(store, 1)
    first = build(store)
    texts = check_readable(store, tmp_path)
    ingest(store, 2)
    failed: list[str] = []
    report = None
    while report is None:
        try:
            report = build(OnceFailingStore(store, failed))
        except StoreUnavailableError:
            assert current_version(store) == first.version
            assert check_readable(store, tmp_path) == texts
    own = [name for name in read_manifest(store, report.version).files if name not in ENCODER_FILE_NAMES]
    assert len(failed) == len(
        ["mark", "part", "rows of the segment", "its terms", *own, "manifest", "record of the switch", "CURRENT"]
    )
    assert report.version == current_version(store) != first.version
    assert len(check_readable(store, tmp_path)) == 6
    assert list(store.list(MARKS_PREFIX)) == []


def of_versions(store: ObjectStore) -> dict[str, bytes]:
    """The objects that make up versions, and which is current."""
    return {
        key: data
        for key, data in contents(store).items()
        if key.startswith("index/") and not key.startswith(HISTORY_PREFIX)
    }


def test_a_build_repairs_what_was_damaged_in_the_store_when_it_is_to_verify_it(
    folder_store: LocalFolderStore, ingest: Callable[..., None], build: Build, tmp_path: Path
) -> None:
    ingest(folder_store, 1)
    ingest(folder_store, 2)
    build(folder_store)
    whole = of_versions(folder_store)
    for key, data in whole.items():
        folder_store.put(key, b"x" * len(data))
        build(folder_store, verify=True)
        assert of_versions(folder_store) == whole, key
    assert len(check_readable(folder_store, tmp_path)) == 6


def test_a_build_replaces_what_is_missing_or_cut_off(
    folder_store: LocalFolderStore, ingest: Callable[..., None], build: Build
) -> None:
    ingest(folder_store, 1)
    build(folder_store)
    whole = of_versions(folder_store)
    for key, data in whole.items():
        folder_store.delete(key)
        build(folder_store)
        assert of_versions(folder_store) == whole, key
        folder_store.put(key, data[:-1])
        build(folder_store)
        assert of_versions(folder_store) == whole, key


def test_a_build_of_an_empty_store_names_the_command(store: ObjectStore, build: Build) -> None:
    with pytest.raises(StoreError, match="finrag ingest"):
        build(store)
    assert contents(store) == {}


def test_progress_counts_passages_up_to_all(
    folder_store: LocalFolderStore, ingest: Callable[..., None], tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        ingest(folder_store, number)
    steps: list[tuple[int, int]] = []
    cache = DiskCache(tmp_path / "cache", folder_store, 2**30)
    folder = write_encoder_files(tmp_path / "encoder")
    build_index(folder_store, cache, FakeEncoder(), folder, lambda done, total: steps.append((done, total)))
    assert steps == [(3, 9), (6, 9), (9, 9)]


def test_a_sample_filing_can_be_searched_after_a_build(
    folder_store: LocalFolderStore, encoder: OnnxEncoder, encoder_folder: Path, tmp_path: Path
) -> None:
    ingested = ingest_file(SAMPLE, folder_store, encoder.token_offsets)
    cache = DiskCache(tmp_path / "cache", folder_store, 2**30)
    report = build_index(folder_store, cache, encoder, encoder_folder, lambda done, total: None)
    assert report.passages == report.encoded_passages == ingested.passages
    index = open_index(folder_store, cache, folder=tmp_path / "folder")
    assert index.version == report.version
    wanted = next(row for row in range(report.passages) if index.record(row).item == "1A")
    rows, _ = index.nearest(index.encoder.encode([index.record(wanted).text])[0], 5)
    assert wanted in rows
    exact = index.part(index.catalog.parts[0]).similarities(index.encoder.encode(["legal proceedings"])[0])
    best = {index.record(int(row)).item for row in np.argsort(-exact)[:5]}
    assert "3" in best
