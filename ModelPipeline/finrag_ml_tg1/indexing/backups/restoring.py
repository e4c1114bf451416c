"""A backup read back: checked as a whole before anything is written, then published like any other version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.index.version_objects import read_checked
from finrag_ml_tg1.indexing.backups.record import BackupName, BackupRecord, read_record
from finrag_ml_tg1.indexing.index_objects import are_sound
from finrag_ml_tg1.indexing.publishing import publish_version
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["check_backup", "restore_backup"]


def check_backup(store: ObjectStore, name: BackupName) -> BackupRecord:
    """Read every file of a backup and return its record; raises StoreError, IndexCorruptError when one is damaged."""
    record = read_record(store, name)
    sound = are_sound(store, record.files)
    damaged = [file.key for file in record.files if file.key not in sound]
    if damaged:
        raise IndexCorruptError(
            f"backup {name} in {store.url} is damaged: {len(damaged)} of {len(record.files)} files are missing or "
            f"changed, such as {damaged[0]}. Nothing was restored; use another one"
        )
    return record


def restore_backup(
    store: ObjectStore,
    name: BackupName,
    target: ObjectStore,
    snapshots_to: Path | None,
    progress: Callable[[int, int], None],
    *,
    is_sole_writer: bool = False,
) -> BackupRecord:
    """Check a backup, make its index version current in `target` and write its snapshots as files into a folder.

    `target` may be empty, damaged, or have other versions: it is read and repaired. The snapshots are written first.
    Raises what `check_backup` and `publish_version` raise, and StoreError when a snapshot's file is there already or
    cannot be written; the index is not changed then, nor by a damaged backup.
    """
    record = check_backup(store, name)
    if snapshots_to is not None:
        _write_snapshots(store, record, snapshots_to)
    publish_version(store, target, record.index_version, progress, verify=True, is_sole_writer=is_sole_writer)
    return record


def _write_snapshots(store: ObjectStore, record: BackupRecord, folder: Path) -> None:
    present = [label for label, _ in record.snapshots if (folder / label).exists()]
    if present:
        raise StoreError(f"{folder / present[0]} is there already: name another folder. Nothing was restored")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for label, file in record.snapshots:
            (folder / label).write_bytes(read_checked(store, file))
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}. The index was not restored") from error
