"""The record of a backup: which files it has, by their SHA-256. Its name holds its own, so a changed one is noticed.

`backups/{time}-{digest}.json` names the objects of the index version, which lie in the backup store as in any store,
and snapshots of what is no index, `backups/files/{sha256}`. Backups share what is equal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore, is_key

__all__ = [
    "BACKUPS_PREFIX",
    "BackupName",
    "BackupRecord",
    "choose_backup",
    "read_record",
    "recorded_backups",
    "snapshot_key",
]

BACKUPS_PREFIX = "backups/"
_FORMAT = 1
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{16})\.json", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class BackupName:
    """When a backup was made, and the first digits of its record's SHA-256."""

    made_at: datetime
    digest: str

    def __str__(self) -> str:
        return f"{self.made_at.strftime(_TIME)}-{self.digest}"

    @property
    def key(self) -> str:
        """Where the record lies."""
        return f"{BACKUPS_PREFIX}{self}.json"


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """What one backup consists of; `index_files` begin with the version's manifest."""

    made_at: datetime
    index_version: str
    index_files: tuple[ExpectedFile, ...]
    snapshots: tuple[tuple[str, ExpectedFile], ...]

    @property
    def files(self) -> tuple[ExpectedFile, ...]:
        """All files of the backup."""
        return (*self.index_files, *(file for _, file in self.snapshots))

    def to_bytes(self) -> bytes:
        """Return the object that stands for it."""
        content = {
            "format": _FORMAT,
            "made_at": self.made_at.strftime(_TIME),
            "index_version": self.index_version,
            "index_files": [_described(file) for file in self.index_files],
            "snapshots": {name: _described(file) for name, file in self.snapshots},
        }
        return (json.dumps(content, indent=1) + "\n").encode()

    @property
    def name(self) -> BackupName:
        """The name by which it is found, which tells whether it is still what was written."""
        return BackupName(self.made_at, hashlib.sha256(self.to_bytes()).hexdigest()[:16])


def snapshot_key(sha256: str) -> str:
    """Return where a snapshot of that content lies."""
    return f"{BACKUPS_PREFIX}files/{sha256}"


def recorded_backups(store: ObjectStore) -> list[BackupName]:
    """Return the names of the backups in a store, newest first."""
    found = []
    for entry in store.list(BACKUPS_PREFIX):
        match = _NAME.fullmatch(entry.key.removeprefix(BACKUPS_PREFIX))
        made_at = _time(match[1]) if match else None
        if match and made_at:
            found.append(BackupName(made_at, match[2]))
    return sorted(found, reverse=True)


def read_record(store: ObjectStore, name: BackupName) -> BackupRecord:
    """Return a backup's record; raises StoreError when it is not what its name says, ObjectNotFoundError."""
    data = store.get(name.key).data
    if hashlib.sha256(data).hexdigest()[:16] != name.digest:
        raise StoreError(
            f"backup {name} in {store.url} is damaged: its record is not what was written. Use another one"
        )
    try:
        content = json.loads(data)
        if content["format"] != _FORMAT:
            raise StoreError(f"backup {name} in {store.url} was made by another version of this program: use that one")
        return BackupRecord(
            name.made_at,
            content["index_version"],
            tuple(_expected(file) for file in content["index_files"]),
            tuple((_label(label), _expected(file)) for label, file in content["snapshots"].items()),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise StoreError(f"backup {name} in {store.url} is no record of a backup. Use another one") from None


def choose_backup(names: Sequence[BackupName], wanted: str | None, url: str) -> BackupName:
    """Return the backup of that name, without one the newest; raises StoreError when there is none."""
    if not names:
        raise StoreError(f"{url} holds no backup: make one with `finrag backup --to {url}`")
    chosen = next((name for name in names if wanted in (None, str(name))), None)
    if chosen is None:
        raise StoreError(f"{url} holds no backup {wanted}: it holds {', '.join(map(str, names))}")
    return chosen


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _label(text: str) -> str:
    """A snapshot's label becomes a file's name, and who can write a record must not choose the folder."""
    if not is_key(text) or "/" in text:
        raise ValueError
    return text


def _described(file: ExpectedFile) -> dict[str, str | int]:
    return {"key": file.key, "sha256": file.sha256, "size": file.size}


def _expected(described: dict[str, str | int]) -> ExpectedFile:
    return ExpectedFile(str(described["key"]), str(described["sha256"]), int(described["size"]))
