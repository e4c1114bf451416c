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
from finrag_ml_tg1.index.manifest import ENCODER_FILE_NAMES, version_key
from finrag_ml_tg1.index.reader import open_index
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.indexing.build import BuildReport, build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.unit.filings.recording_store import RecordingStore, contents
from tests.unit.index.fake_encoder import TINY, FakeEncoder, write_encoder_files
from tests.unit.indexing.killed_store import KilledStore
from tests.unit.indexing.small_indexes import (
    Build,
    Ingest,
    bucket,
    build,
    check_readable,
    clean_environment,
    folder_store,
    ingest,
    moto_endpoint,
    of_versions,
    s3_config,
    s3_store,
    store,
)

__all__ = [
    "bucket",
    "build",
    "clean_environment",
    "folder_store",
    "ingest",
    "moto_endpoint",
    "s3_config",
    "s3_store",
    "store",
]

SAMPLE = Path(__file__).parents[3] / "samples" / "filings" / "ORQN_10-K_9990000001-24-000001.html"


def loaded_parts(store: ObjectStore) -> list[dict[str, Any]]:
    data = store.get(version_key(current_version(store), PARTS_FILE)).data
    return pl.read_parquet(io.BytesIO(data)).to_dicts()


def test_a_build_makes_all_ingested_filings_current(
    store: ObjectStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    ingest(store, 1)
    ingest(store, 2)
    encoder = FakeEncoder()
    report = build(store, encoder)
    assert report == BuildReport(current_version(store), 2, 6, 6, changed=True)
    assert len(check_readable(store, tmp_path)) == 6
    assert encoder.encoded[1].startswith("Item 1 Business\n")


def test_building_again_encodes_and_writes_nothing(store: ObjectStore, ingest: Ingest, build: Build) -> None:
    ingest(store, 1)
    first = build(store)
    recording, encoder = RecordingStore(store), FakeEncoder()
    again = build(recording, encoder)
    assert again == BuildReport(first.version, 1, 3, 0, changed=False)
    assert (encoder.encoded, recording.puts) == ([], [])


def test_a_filing_more_encodes_its_part_alone(store: ObjectStore, ingest: Ingest, build: Build) -> None:
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
    store: ObjectStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    ingest(store, 1)
    ingest(store, 2)
    build(store)
    ingest(store, 1, "new")
    assert build(store).encoded_passages == 3
    assert sum("new examples" in text for text in check_readable(store, tmp_path)) == 1


def test_another_encoder_encodes_everything_again(store: ObjectStore, ingest: Ingest, build: Build) -> None:
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
    store: ObjectStore, ingest: Ingest, build: Build, tmp_path: Path, has_current: bool
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


def test_the_previous_version_stays_current_when_a_build_is_killed_at_any_put(
    store: ObjectStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    ingest(store, 1)
    first = build(store)
    texts = check_readable(store, tmp_path)
    ingest(store, 2)
    killed_at: list[str] = []
    report = None
    while report is None:
        try:
            report = build(KilledStore(store, killed_at))
        except StoreUnavailableError:
            assert current_version(store) == first.version
            assert check_readable(store, tmp_path) == texts
    own = [name for name in read_manifest(store, report.version).files if name not in ENCODER_FILE_NAMES]
    assert len(killed_at) == len(
        ["mark", "part", "rows of the segment", "its terms", *own, "manifest", "record of the switch", "CURRENT"]
    )
    assert report.version == current_version(store) != first.version
    assert len(check_readable(store, tmp_path)) == 6


def test_a_build_repairs_what_was_damaged_in_the_store_when_it_is_to_verify_it(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
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
    folder_store: LocalFolderStore, ingest: Ingest, build: Build
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


def test_progress_counts_passages_up_to_all(folder_store: LocalFolderStore, ingest: Ingest, tmp_path: Path) -> None:
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
    rows, _ = index.vectors.nearest(index.encoder.encode([index.record(wanted).text])[0], 5)
    assert wanted in rows
    exact = index.parts.opened(index.catalog.parts[0]).similarities(index.encoder.encode(["legal proceedings"])[0])
    best = {index.record(int(row)).item for row in np.argsort(-exact)[:5]}
    assert "3" in best
