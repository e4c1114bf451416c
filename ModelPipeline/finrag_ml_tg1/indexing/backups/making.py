"""A backup made: the index version published to the backup store, snapshots put beside it, the record last.

Without its record nothing counts as a backup, so one that was interrupted is none; the next takes over what it copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.index.manifest import manifest_key
from finrag_ml_tg1.index.stored_version import read_manifest
from finrag_ml_tg1.index.version_objects import version_objects
from finrag_ml_tg1.indexing.backups.record import (
    BACKUPS_PREFIX,
    BackupName,
    BackupRecord,
    read_record,
    recorded_backups,
    snapshot_key,
)
from finrag_ml_tg1.indexing.backups.retention import Retention, kept_backups
from finrag_ml_tg1.indexing.garbage import collect_garbage
from finrag_ml_tg1.indexing.publishing import publish_version
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["MOST_SNAPSHOT_BYTES", "BackupReport", "make_backup", "remove_old_backups"]

# A snapshot is held in memory as a whole, and put in one request, of which S3 takes five times this.
MOST_SNAPSHOT_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup consists of, and how much of it had to be copied."""

    name: BackupName
    record: BackupRecord
    copied_bytes: int


def make_backup(
    source: ObjectStore,
    target: ObjectStore,
    version: str,
    snapshots: Mapping[str, Path],
    made_at: datetime,
    progress: Callable[[int, int], None],
    *,
    verify: bool = False,
    is_sole_writer: bool = False,
) -> BackupReport:
    """Copy an index version and the files of `snapshots`, by name, to `target`; `progress` gets (bytes copied, of all).

    With `verify` everything is read back, also what earlier backups had copied. Raises StoreError when a snapshot is
    empty, larger than MOST_SNAPSHOT_BYTES or cannot be read, and what `publish_version` raises.
    """
    contents = {name: _read(path) for name, path in sorted(snapshots.items())}
    report = publish_version(source, target, version, progress, verify=verify, is_sole_writer=is_sole_writer)
    manifest = read_manifest(target, version)
    data = target.get(manifest_key(version)).data
    copied = report.copied_bytes
    files = []
    for name, content in contents.items():
        file = _expected(content)
        if (found := target.head(file.key)) is None or found.size != file.size:
            target.put(file.key, content)
            copied += file.size
        files.append((name, file))
    own = ExpectedFile(manifest_key(version), hashlib.sha256(data).hexdigest(), len(data))
    record = BackupRecord(made_at, version, (own, *version_objects(target, manifest)), tuple(files))
    target.put(record.name.key, record.to_bytes())
    return BackupReport(record.name, record, copied)


def remove_old_backups(store: ObjectStore, retention: Retention) -> list[BackupName]:
    """Delete the backups that `retention` does not keep, with what only they needed; return their names.

    Raises StoreError, IndexCorruptError when a backup that stays cannot be read: nothing it may need is deleted then.
    """
    names = recorded_backups(store)
    kept = kept_backups(names, retention)
    records = [read_record(store, name) for name in kept]
    gone = [name for name in names if name not in kept]
    for name in gone:
        store.delete(name.key)
    needed = {file.key for record in records for file in record.files}
    for entry in list(store.list(f"{BACKUPS_PREFIX}files/")):
        if entry.key not in needed:
            store.delete(entry.key)
    if gone:
        collect_garbage(store, 1, also=[record.index_version for record in records])
    return gone


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_SNAPSHOT_BYTES:
            raise StoreError(
                f"the snapshot {path} is larger than {MOST_SNAPSHOT_BYTES / 2**30:g} GiB: nothing was backed up. "
                "Leave it out; vectors are filled again by `finrag vectors sync`"
            )
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"the snapshot {path} cannot be read: {error.strerror}") from error
    if not content:
        raise StoreError(f"the snapshot {path} is empty: nothing was backed up")
    return content


def _expected(content: bytes) -> ExpectedFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return ExpectedFile(snapshot_key(sha256), sha256, len(content))
