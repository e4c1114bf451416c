"""Backups of a small index: what they share, what is refused, what is removed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.index.manifest import CURRENT_KEY, manifest_key
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.indexing.backups.making import BackupReport, make_backup, remove_old_backups
from finrag_ml_tg1.indexing.backups.record import BackupName, read_record, recorded_backups
from finrag_ml_tg1.indexing.backups.restoring import check_backup, restore_backup
from finrag_ml_tg1.indexing.backups.retention import Retention
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.unit.filings.recording_store import RecordingStore
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

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path, ingest: Ingest, build: Build) -> LocalFolderStore:
    source = LocalFolderStore(tmp_path / "source")
    ingest(source, 1)
    ingest(source, 2)
    build(source)
    return source


def back_up(
    source: ObjectStore, target: ObjectStore, made_at: datetime = NOW, snapshots: dict[str, Path] | None = None
) -> BackupReport:
    version = current_version(source)
    return make_backup(source, target, version, snapshots or {}, made_at, lambda done, total: None)


def restore(store: ObjectStore, target: ObjectStore, folder: Path | None = None) -> None:
    restore_backup(store, recorded_backups(store)[0], target, folder, lambda done, total: None)


def test_a_restored_store_is_the_one_that_was_backed_up(
    store: ObjectStore, source: LocalFolderStore, tmp_path: Path
) -> None:
    """SU-07: into an empty store, with the snapshots as they were."""
    (tmp_path / "dump.rdb").write_bytes(b"REDIS0011\x00\xff")
    back_up(source, store, snapshots={"redis.rdb": tmp_path / "dump.rdb"})
    empty = LocalFolderStore(tmp_path / "empty")
    restore(store, empty, tmp_path / "snapshots")
    assert of_versions(empty) == of_versions(source)
    check_readable(empty, tmp_path)
    assert (tmp_path / "snapshots" / "redis.rdb").read_bytes() == b"REDIS0011\x00\xff"


def test_the_record_names_every_file_that_a_restore_needs(source: LocalFolderStore, tmp_path: Path) -> None:
    target = LocalFolderStore(tmp_path / "target")
    report = back_up(source, target)
    named = {file.key for file in report.record.files}
    assert named == of_versions(target).keys() - {CURRENT_KEY}
    assert read_record(target, report.name) == report.record


def test_a_second_backup_of_the_same_is_a_record_and_nothing_else(source: LocalFolderStore, tmp_path: Path) -> None:
    target = LocalFolderStore(tmp_path / "target")
    snapshot = {"redis.rdb": tmp_path / "dump.rdb"}
    snapshot["redis.rdb"].write_bytes(b"equal")
    back_up(source, target, NOW, snapshot)
    recording = RecordingStore(target)
    report = back_up(source, recording, NOW + timedelta(days=1), snapshot)
    assert recording.puts == [report.name.key]
    assert report.copied_bytes == 0


@pytest.mark.parametrize("damage", ["a byte", "a cut", "a loss", "the manifest", "a snapshot"])
def test_a_damaged_backup_is_refused_and_changes_nothing(source: LocalFolderStore, tmp_path: Path, damage: str) -> None:
    """SU-07."""
    target = LocalFolderStore(tmp_path / "target")
    (tmp_path / "dump.rdb").write_bytes(b"snapshot")
    report = back_up(source, target, snapshots={"redis.rdb": tmp_path / "dump.rdb"})
    victim = {
        "the manifest": manifest_key(report.record.index_version),
        "a snapshot": report.record.snapshots[0][1].key,
    }.get(damage, report.record.index_files[-1].key)
    data = target.get(victim).data
    if damage == "a loss":
        target.delete(victim)
    else:
        target.put(victim, data[:-1] if damage == "a cut" else data[:-1] + bytes([data[-1] ^ 1]))
    empty = LocalFolderStore(tmp_path / "empty")
    with pytest.raises(IndexCorruptError, match=f"is damaged: 1 of {len(report.record.files)} files"):
        restore(target, empty, tmp_path / "snapshots")
    assert list(empty.list("")) == []
    assert not (tmp_path / "snapshots").exists()


def test_a_changed_record_is_no_record(source: LocalFolderStore, tmp_path: Path) -> None:
    target = LocalFolderStore(tmp_path / "target")
    name = back_up(source, target).name
    changed = json.loads(target.get(name.key).data) | {"index_files": []}
    target.put(name.key, json.dumps(changed).encode())
    with pytest.raises(StoreError, match="its record is not what was written"):
        check_backup(target, name)


def test_old_backups_go_with_what_only_they_need(
    store: ObjectStore, source: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    """SU-07: the newest stays, so does what it shares with older ones."""
    first = back_up(source, store, NOW - timedelta(days=40))
    ingest(source, 3)
    build(source)
    second = back_up(source, store, NOW)
    assert remove_old_backups(store, Retention(daily=2, weekly=0)) == []
    assert remove_old_backups(store, Retention(daily=1, weekly=1)) == [first.name]
    assert recorded_backups(store) == [second.name]
    assert of_versions(store).keys() == {CURRENT_KEY, *(file.key for file in second.record.files)}
    check_backup(store, second.name)


def test_a_backup_that_stays_keeps_its_earlier_version(
    source: LocalFolderStore, ingest: Ingest, build: Build, tmp_path: Path
) -> None:
    target = LocalFolderStore(tmp_path / "target")
    names: list[BackupName] = []
    for day, number in enumerate((3, 4, 5)):
        ingest(source, number)
        build(source)
        names.append(back_up(source, target, NOW + timedelta(days=day)).name)
    assert remove_old_backups(target, Retention(daily=2, weekly=0)) == names[:1]
    for name in names[1:]:
        check_backup(target, name)


def test_nothing_is_removed_while_a_backup_that_stays_is_damaged(source: LocalFolderStore, tmp_path: Path) -> None:
    target = LocalFolderStore(tmp_path / "target")
    old = back_up(source, target, NOW - timedelta(days=1)).name
    newest = back_up(source, target).name
    target.put(newest.key, b"{}")
    with pytest.raises(StoreError):
        remove_old_backups(target, Retention(daily=1, weekly=0))
    assert recorded_backups(target) == [newest, old]


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (None, "cannot be read")])
def test_a_backup_without_its_snapshot_is_none(
    source: LocalFolderStore, tmp_path: Path, content: bytes | None, words: str
) -> None:
    target = LocalFolderStore(tmp_path / "target")
    if content is not None:
        (tmp_path / "dump.rdb").write_bytes(content)
    with pytest.raises(StoreError, match=words):
        back_up(source, target, snapshots={"redis.rdb": tmp_path / "dump.rdb"})
    assert recorded_backups(target) == []


def put_record(store: ObjectStore, content: object) -> BackupName:
    """A record with the name that fits it, as somebody makes it who can write to the store of backups."""
    data = json.dumps(content).encode()
    name = BackupName(NOW + timedelta(hours=1), hashlib.sha256(data).hexdigest()[:16])
    store.put(name.key, data)
    return name


@pytest.mark.parametrize("label", ["../redis.rdb", "/tmp/redis.rdb", "a/b", "", ".."])
def test_a_record_cannot_write_outside_the_folder_of_snapshots(
    source: LocalFolderStore, tmp_path: Path, label: str
) -> None:
    target = LocalFolderStore(tmp_path / "target")
    (tmp_path / "dump.rdb").write_bytes(b"snapshot")
    report = back_up(source, target, snapshots={"redis.rdb": tmp_path / "dump.rdb"})
    content = json.loads(target.get(report.name.key).data)
    content["snapshots"] = {label: content["snapshots"]["redis.rdb"]}
    name = put_record(target, content)
    with pytest.raises(StoreError, match="is no record of a backup"):
        restore_backup(target, name, LocalFolderStore(tmp_path / "empty"), tmp_path / "into", lambda done, total: None)
    assert not (tmp_path / "into").exists()
    assert not (tmp_path / "redis.rdb").exists()


@pytest.mark.parametrize("content", [[], {}, {"format": 1}, {"format": 1, "index_files": 1, "snapshots": {}}])
def test_what_is_no_record_is_told_and_keeps_everything(
    source: LocalFolderStore, tmp_path: Path, content: object
) -> None:
    target = LocalFolderStore(tmp_path / "target")
    back_up(source, target)
    put_record(target, content)
    before = recorded_backups(target)
    with pytest.raises(StoreError, match="backup 2026"):
        remove_old_backups(target, Retention(daily=1, weekly=0))
    assert recorded_backups(target) == before


def test_a_time_that_no_calendar_has_is_no_backup(source: LocalFolderStore, tmp_path: Path) -> None:
    target = LocalFolderStore(tmp_path / "target")
    name = back_up(source, target).name
    target.put("backups/20261399T000000Z-0123456789abcdef.json", b"{}")
    target.put("backups/20261101T000000Z-0123456789abcdef", b"{}")
    assert recorded_backups(target) == [name]


def test_a_snapshot_does_not_go_over_a_file_that_is_there(source: LocalFolderStore, tmp_path: Path) -> None:
    """The file may be the one that Redis is running on, and the index must not be switched then either."""
    target, empty = LocalFolderStore(tmp_path / "target"), LocalFolderStore(tmp_path / "empty")
    (tmp_path / "dump.rdb").write_bytes(b"snapshot")
    back_up(source, target, snapshots={"redis.rdb": tmp_path / "dump.rdb"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "redis.rdb").write_bytes(b"in use")
    with pytest.raises(StoreError, match="is there already"):
        restore(target, empty, tmp_path / "data")
    assert (tmp_path / "data" / "redis.rdb").read_bytes() == b"in use"
    assert list(empty.list("")) == []


def test_a_snapshot_that_does_not_fit_into_memory_is_refused(
    source: LocalFolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finrag_ml_tg1.indexing.backups.making.MOST_SNAPSHOT_BYTES", 7)
    target = LocalFolderStore(tmp_path / "target")
    (tmp_path / "vectors").write_bytes(b"12345678")
    with pytest.raises(StoreError, match="finrag vectors sync"):
        back_up(source, target, snapshots={"qdrant.snapshot": tmp_path / "vectors"})
    assert list(target.list("")) == []
