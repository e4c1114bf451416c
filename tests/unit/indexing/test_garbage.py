from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.index import marks
from finrag_ml_tg1.index.manifest import CURRENT_KEY, manifest_key
from finrag_ml_tg1.index.marks import COLLECTING, MARK_SECONDS, MARKS_PREFIX, WRITING, Mark
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.indexing.garbage import collect_garbage, find_garbage
from finrag_ml_tg1.indexing.publishing import publish_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.unit.filings.recording_store import RecordingStore, contents
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


def versions_in_turn(store: ObjectStore, ingest: Ingest, build: Build, count: int) -> list[str]:
    """Build so many versions, each with another text of the first filing; the newest is current."""
    ingest(store, 2)
    names = []
    for number in range(count):
        ingest(store, 1, f"number{number}")
        names.append(build(store).version)
    return names


def test_the_newest_versions_stay_whole_and_the_rest_goes(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    names = versions_in_turn(folder_store, ingest, build, 4)
    others = {"index/notes.txt": b"ours", "index/0123/x": b"ours"}
    for key, data in others.items():
        folder_store.put(key, data)
    outside = {key: data for key, data in contents(folder_store).items() if not key.startswith("index/")}
    garbage = find_garbage(folder_store, 2)
    before = contents(folder_store)
    assert collect_garbage(folder_store, 2) == garbage
    assert garbage.kept == [names[3], names[2]]
    after = contents(folder_store)
    assert set(before) - set(after) == set(garbage.keys)
    assert len({key for key in after if key.startswith("index/parts/")}) == 3
    assert len({key for key in after if key.startswith("index/segments/")}) == 4
    for version in garbage.kept:
        assert len(check_readable(folder_store, tmp_path, version)) == 6
    assert outside.items() | others.items() <= after.items()
    assert collect_garbage(folder_store, 2).keys == []


def test_looking_for_garbage_changes_nothing(folder_store: LocalFolderStore, ingest: Ingest, build: Build) -> None:
    versions_in_turn(folder_store, ingest, build, 3)
    before = contents(folder_store)
    garbage = find_garbage(folder_store, 1)
    assert contents(folder_store) == before
    sizes = [len(before[key]) for key in garbage.keys if not key.startswith("index/history/")]
    assert garbage.size == sum(sizes) > 0


def test_after_a_way_back_the_version_that_was_current_before_is_kept(
    s3_store: S3Store, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    first, _, third = versions_in_turn(s3_store, ingest, build, 3)
    publish_version(s3_store, s3_store, first, lambda done, total: None)
    assert collect_garbage(s3_store, 2).kept == [first, third]
    check_readable(s3_store, tmp_path, first)
    check_readable(s3_store, tmp_path, third)


@pytest.mark.parametrize("content", [b"x", b"0123456789abcdef"])
def test_nothing_is_deleted_when_the_current_version_cannot_be_read(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, content: bytes
) -> None:
    versions_in_turn(folder_store, ingest, build, 2)
    folder_store.put(CURRENT_KEY, content)
    before = contents(folder_store)
    with pytest.raises(IndexCorruptError):
        collect_garbage(folder_store, 1)
    assert contents(folder_store) == before


class InterruptedStore(RecordingStore):
    """A store that lets something else happen before each put."""

    def __init__(self, inner: ObjectStore, meanwhile: Callable[[str], None]) -> None:
        super().__init__(inner)
        self._meanwhile = meanwhile

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        self._meanwhile(key)
        return super().put(key, data, if_match=if_match, if_absent=if_absent)


def test_a_build_loses_nothing_when_garbage_is_collected_before_each_of_its_puts(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    versions_in_turn(folder_store, ingest, build, 2)
    refused: list[str] = []

    def collect(_: str) -> None:
        try:
            collect_garbage(folder_store, 1)
        except StoreError as error:
            refused.append(str(error))

    # What the build needs lies there already, as garbage of a version that is no longer kept.
    ingest(folder_store, 1, "number0")
    writing = InterruptedStore(folder_store, collect)
    report = build(writing)
    assert len(refused) == len(writing.puts[1:]) > 5
    assert all("is being built" in message for message in refused)
    assert report.changed
    assert len(check_readable(folder_store, tmp_path)) == 6


def test_a_publication_loses_nothing_when_garbage_is_collected_before_each_of_its_puts(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    source = LocalFolderStore(tmp_path / "source")
    names = versions_in_turn(source, ingest, build, 2)
    for name in names:
        publish_version(source, folder_store, name, lambda done, total: None)

    def collect(_: str) -> None:
        with suppress(StoreError):
            collect_garbage(folder_store, 1)

    publish_version(source, InterruptedStore(folder_store, collect), names[0], lambda done, total: None)
    assert len(check_readable(folder_store, tmp_path, names[0])) == 6


def test_a_build_waits_for_a_collection_to_end(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(marks, "_POLL_SECONDS", 0.01)
    ingest(folder_store, 1)
    collecting = Mark(folder_store, COLLECTING)
    collecting.hold()
    building = threading.Thread(target=build, args=(folder_store,))
    building.start()
    time.sleep(0.3)
    assert not any(folder_store.list("index/parts/"))
    collecting.remove()
    building.join(timeout=20)
    assert len(check_readable(folder_store, tmp_path)) == 3


def test_a_killed_writer_counts_as_ended_after_its_time(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build
) -> None:
    versions_in_turn(folder_store, ingest, build, 2)
    Mark(folder_store, WRITING).hold()
    with pytest.raises(StoreError, match="if it was killed, it counts as ended from "):
        collect_garbage(folder_store, 1)
    (recent,) = folder_store.list(MARKS_PREFIX)
    long_ago = datetime.now(UTC) - timedelta(minutes=6)
    folder_store.delete(recent.key)
    folder_store.put(f"{MARKS_PREFIX}writing-{long_ago:%Y%m%dT%H%M%SZ}-abc", b"")
    assert collect_garbage(folder_store, 1).kept == [current_version(folder_store)]
    assert list(folder_store.list(MARKS_PREFIX)) == []


def test_a_mark_is_renewed_before_it_ends_and_not_after(folder_store: LocalFolderStore) -> None:
    now = 1_000_000_000.0
    mark = Mark(folder_store, WRITING, clock=lambda: now)
    mark.hold()
    (first,) = folder_store.list(MARKS_PREFIX)
    now += MARK_SECONDS * 0.4
    mark.hold()
    assert [info.key for info in folder_store.list(MARKS_PREFIX)] == [first.key]
    now += MARK_SECONDS * 0.4
    mark.hold()
    (second,) = folder_store.list(MARKS_PREFIX)
    assert second.key > first.key
    now += MARK_SECONDS + 1
    with pytest.raises(StoreError, match="run it again"):
        mark.hold()


def test_two_collections_give_way_to_each_other(folder_store: LocalFolderStore, ingest: Ingest, build: Build) -> None:
    versions_in_turn(folder_store, ingest, build, 2)
    whole = of_versions(folder_store)
    Mark(folder_store, COLLECTING).hold()
    with pytest.raises(StoreError, match="deleted in"):
        collect_garbage(folder_store, 1)
    assert whole.items() <= of_versions(folder_store).items()


def test_nothing_is_deleted_while_a_version_of_another_format_is_there(
    folder_store: LocalFolderStore, ingest: Ingest, build: Build
) -> None:
    names = versions_in_turn(folder_store, ingest, build, 3)
    key = manifest_key(names[0])
    manifest = json.loads(folder_store.get(key).data)
    folder_store.put(key, json.dumps({**manifest, "format": manifest["format"] - 1}).encode())
    before = contents(folder_store)
    with pytest.raises(StoreError, match=rf"{names[0]}.*another version of this program.*delete {key}"):
        collect_garbage(folder_store, 1)
    assert contents(folder_store) == before
    folder_store.delete(key)
    assert collect_garbage(folder_store, 1).kept == [names[2]]


def test_writer_does_not_wait_for_ever_for_a_collector_that_was_killed(folder_store: LocalFolderStore) -> None:
    Mark(folder_store, COLLECTING).hold()
    writer = Mark(folder_store, WRITING, pause=lambda seconds: None)
    with pytest.raises(StoreError, match=r"being deleted .* counts as ended from .* UTC on"):
        writer.hold()
    assert not [info.key for info in folder_store.list(MARKS_PREFIX) if WRITING in info.key]
