"""Segments change only where parts do; what was kept is as if all had been counted and joined anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.manifest import CURRENT_KEY, part_key
from finrag_ml_tg1.index.marks import MARKS_PREFIX
from finrag_ml_tg1.index.segment import MAX_SEGMENT_ROWS
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.indexing import segmenting
from finrag_ml_tg1.indexing.segmenting import segment_runs
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import StoredObject
from tests.unit.filings.recording_store import RecordingStore
from tests.unit.indexing.small_indexes import Build, Ingest, build, check_readable, folder_store, ingest, of_versions

__all__ = ["build", "folder_store", "ingest"]


def part(number: int, rows: int, words: str = "") -> PartEntry:
    return PartEntry(number // 5, 2020 + number % 5, f"{number}{words}", 1, 0, rows)


def runs(parts: list[PartEntry]) -> set[tuple[str, ...]]:
    return {tuple(part.sha256 for part in parts[start:end]) for start, end in segment_runs(parts)}


ROWS = st.lists(st.integers(1, 4_000), min_size=1, max_size=400)


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_segments_are_all_parts_in_order_none_too_large(rows: list[int]) -> None:
    parts = [part(number, count) for number, count in enumerate(rows)]
    found = list(segment_runs(parts))
    assert [place for start, end in found for place in range(start, end)] == list(range(len(parts)))
    assert all(sum(rows[start:end]) <= MAX_SEGMENT_ROWS for start, end in found)


@settings(deadline=None, max_examples=60)
@given(ROWS, st.data())
def test_one_part_changed_changes_its_segment_and_the_one_beside_it(rows: list[int], data: st.DataObject) -> None:
    parts = [part(number, count) for number, count in enumerate(rows)]
    place = data.draw(st.integers(0, len(parts) - 1))
    change = data.draw(st.sampled_from(["without", "other"]))
    other = [part(place, data.draw(st.integers(1, 4_000)), "x")] if change == "other" else []
    changed = parts[:place] + other + parts[place + 1 :]
    gone, new = runs(parts) - runs(changed), runs(changed) - runs(parts)
    assert len(gone) <= 2
    assert len(new) <= 2
    # Read the other way round, this is the insertion of a part.
    for before, after in ((parts, changed), (changed, parts)):
        numbers = [number for number, run in enumerate(ordered(before)) if run not in runs(after)]
        assert numbers in ([], *([first] for first in range(400)), *([first, first + 1] for first in range(400)))


def ordered(parts: list[PartEntry]) -> list[tuple[str, ...]]:
    return [tuple(part.sha256 for part in parts[start:end]) for start, end in segment_runs(parts)]


class ReadStore(RecordingStore):
    """A store that remembers which objects were read."""

    def __init__(self, inner: LocalFolderStore) -> None:
        super().__init__(inner)
        self.read: list[str] = []

    def get(self, key: str) -> StoredObject:
        self.read.append(key)
        return super().get(key)


def test_a_filing_more_writes_its_part_its_segment_and_the_versions_own_files(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Small segments: three filings of three passages each.
    monkeypatch.setattr(segmenting, "_MIN_ROWS", 9)
    monkeypatch.setattr(segmenting, "_ENDING_SHARE", 1)
    for number in (1, 2, 3, 5, 6, 7, 9):
        ingest(folder_store, number, f"words{number}")
    build(folder_store)
    assert len(list(folder_store.list("index/segments/"))) == 2 * 3
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    ingest(folder_store, 10, "words10")
    recording = ReadStore(folder_store)
    version = build(recording).version
    kinds = sorted(key.replace(version, "V").split("/")[1] for key in recording.puts)
    marks = ["marks"] * 3  # the store keeps to conditions: it refuses the second and the third
    assert kinds == ["CURRENT", "V", "V", "V", "V", "V", "history", *marks, "parts", "segments", "segments"]
    assert recording.puts[-1] == CURRENT_KEY
    parts_read = {key for key in recording.read if key.startswith(part_key(""))}
    # The part just written and the one that shares its segment; the old segment held that one alone.
    assert len(parts_read) == 2

    incremental = of_versions(folder_store)
    afresh = LocalFolderStore(tmp_path / "afresh")
    for number in (1, 2, 3, 5, 6, 7, 9, 10):
        ingest(afresh, number, f"words{number}")
    assert build(afresh).version == version
    assert of_versions(afresh).items() <= incremental.items()


def test_statistics_after_a_change_and_a_removal_are_those_of_a_new_index(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(segmenting, "_MIN_ROWS", 3)
    monkeypatch.setattr(segmenting, "_ENDING_SHARE", 1)
    for number in range(1, 7):
        ingest(folder_store, number)
    build(folder_store)
    ingest(folder_store, 2, "quite other")
    for key in [info.key for info in folder_store.list("tables/filings/cik=9990000105/")]:
        folder_store.delete(key)
    version = build(folder_store).version
    afresh = LocalFolderStore(tmp_path / "afresh")
    for number in (1, 2, 3, 4, 6):
        ingest(afresh, number, *(["quite other"] if number == 2 else []))
    assert build(afresh).version == version == current_version(folder_store)
    assert check_readable(folder_store, tmp_path) == check_readable(afresh, tmp_path)
    assert not list(folder_store.list(MARKS_PREFIX))
