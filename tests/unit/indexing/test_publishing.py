from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import IndexCorruptError, StoreError, StoreUnavailableError
from finrag_ml_tg1.index.history import HISTORY_PREFIX
from finrag_ml_tg1.index.manifest import CURRENT_KEY, manifest_key
from finrag_ml_tg1.index.marks import MARKS_PREFIX
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.index.version_objects import version_objects
from finrag_ml_tg1.indexing.publishing import PublishReport, publish_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectInfo, ObjectStore
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.unit.filings.recording_store import RecordingStore
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


@pytest.fixture
def source(tmp_path: Path, ingest: Ingest, build: Build) -> LocalFolderStore:
    source = LocalFolderStore(tmp_path / "source")
    ingest(source, 1)
    ingest(source, 2)
    build(source)
    return source


def publish(source: ObjectStore, target: ObjectStore, version: str = "", *, verify: bool = False) -> PublishReport:
    version = version or current_version(source)
    return publish_version(source, target, version, lambda done, total: None, verify=verify)


def test_a_published_version_is_current_and_the_same(store: ObjectStore, source: LocalFolderStore) -> None:
    report = publish(source, store)
    assert report.changed
    assert of_versions(store) == of_versions(source)
    assert report.copied_objects == report.objects == len(of_versions(source)) - len([manifest_key("x"), CURRENT_KEY])


def test_publishing_again_writes_nothing(store: ObjectStore, source: LocalFolderStore) -> None:
    publish(source, store)
    recording = RecordingStore(store)
    report = publish(source, recording)
    assert (report.copied_objects, report.changed, recording.puts, recording.deletes) == (0, False, [], [])


def test_a_filing_more_copies_what_is_new_and_switches_last(
    folder_store: LocalFolderStore, source: LocalFolderStore, ingest: Ingest, build: Build
) -> None:
    publish(source, folder_store)
    before = set(of_versions(folder_store))
    ingest(source, 3)
    version = build(source).version
    recording = RecordingStore(folder_store)
    publish(source, recording)
    new = set(of_versions(source)) - before
    put = [key for key in recording.puts if not key.startswith((MARKS_PREFIX, HISTORY_PREFIX))]
    assert set(put) == {*new, CURRENT_KEY}
    assert len(put) == len(new) + 1
    assert put[-2:] == [manifest_key(version), CURRENT_KEY]
    assert not any("/encoders/" in key for key in put)


def test_killed_at_each_put_in_turn_readers_have_a_whole_version_and_the_next_run_goes_on(
    s3_store: S3Store, source: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    first = publish(source, s3_store).version
    texts = check_readable(s3_store, tmp_path)
    ingest(source, 3)
    second = build(source).version
    killed_at: list[str] = []
    written: list[str] = []
    while current_version(s3_store) != second:
        assert check_readable(s3_store, tmp_path) == texts
        assert current_version(s3_store) == first
        killed = KilledStore(s3_store, killed_at)
        with suppress(StoreUnavailableError):
            publish(source, killed)
        written += killed.written
    copied = [key for key in written if not key.startswith((MARKS_PREFIX, HISTORY_PREFIX))]
    assert len(copied) == len(set(copied))
    assert len(killed_at) == len(["mark", *copied, "record of the switch"])
    assert check_readable(s3_store, tmp_path) == check_readable(source, tmp_path)


def test_of_two_publishers_the_slower_is_told_and_changes_nothing(
    folder_store: LocalFolderStore, source: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    first = publish(source, folder_store).version
    ingest(source, 3)
    second = build(source).version
    ingest(source, 4)
    third = build(source).version

    def overtaken(done: int, total: int) -> None:
        if current_version(folder_store) == first:
            publish(source, folder_store, third)

    with pytest.raises(StoreError, match="in the meantime: nothing was changed, run it again"):
        publish_version(source, folder_store, second, overtaken)
    assert current_version(folder_store) == third
    assert len(check_readable(folder_store, tmp_path)) == 12
    assert list(folder_store.list(MARKS_PREFIX)) == []


def test_of_two_publishers_at_once_one_wins_and_the_other_is_told(
    s3_store: S3Store, source: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    versions = []
    for number in (3, 4):
        ingest(source, number)
        versions.append(build(source).version)
    both_have_begun = threading.Barrier(2)

    def attempt(version: str) -> str:
        waiting = [both_have_begun]

        def meet(done: int, total: int) -> None:
            while waiting:
                waiting.pop().wait(timeout=20)

        try:
            publish_version(source, s3_store, version, meet)
        except StoreError as error:
            return str(error)
        return version

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, versions))
    winner = current_version(s3_store)
    assert outcomes.count(winner) == 1
    assert sum("run it again" in outcome for outcome in outcomes) == 1
    assert len(check_readable(s3_store, tmp_path)) in (9, 12)


def test_an_earlier_version_becomes_current_again(
    folder_store: LocalFolderStore, source: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    first = publish(source, folder_store).version
    ingest(source, 3)
    build(source)
    publish(source, folder_store)
    assert publish(folder_store, folder_store, first).changed
    assert current_version(folder_store) == first
    assert len(check_readable(folder_store, tmp_path)) == 6


def test_a_damaged_source_is_not_published(source: LocalFolderStore, tmp_path: Path) -> None:
    for number, each in enumerate(version_objects(source, read_manifest(source, current_version(source)))):
        target = LocalFolderStore(tmp_path / f"target-{number}")
        whole = source.get(each.key).data
        source.put(each.key, b"x" * len(whole))
        with pytest.raises(IndexCorruptError, match="damaged"):
            publish(source, target)
        source.put(each.key, whole)
        assert target.head(CURRENT_KEY) is None
        assert target.head(each.key) is None


def test_verifying_repairs_what_is_damaged_in_the_target(
    folder_store: LocalFolderStore, source: LocalFolderStore
) -> None:
    publish(source, folder_store)
    whole = of_versions(folder_store)
    for key, data in whole.items():
        folder_store.put(key, b"x" * len(data))
        publish(source, folder_store, verify=True)
        assert of_versions(folder_store) == whole, key


class ForgettingStore(RecordingStore):
    """A store that accepts parts and does not keep them."""

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        if key.startswith("index/parts/"):
            return ObjectInfo(key, len(data), "")
        return super().put(key, data, if_match=if_match, if_absent=if_absent)


def test_what_does_not_arrive_is_noticed_before_the_switch(
    folder_store: LocalFolderStore, source: LocalFolderStore
) -> None:
    with pytest.raises(IndexCorruptError, match="2 objects that were copied are not in"):
        publish(source, ForgettingStore(folder_store))
    assert folder_store.head(CURRENT_KEY) is None


@pytest.mark.parametrize("version", ["0123456789abcdef", "../..", "x"])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(
    folder_store: LocalFolderStore, source: LocalFolderStore, version: str
) -> None:
    with pytest.raises(StoreError, match=f"it holds {current_version(source)}"):
        publish(source, folder_store, version)
