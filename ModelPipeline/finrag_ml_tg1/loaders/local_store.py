"""The object store in a folder: for a laptop, for tests, and as the stand-in for S3 with the same guarantees.

Files are replaced, never changed in place, so a reader holding one open sees one version to the end. Writers of all
processes take turns at the moment of replacement (an advisory lock, so Linux and macOS only). Unlike S3, a folder
cannot hold both `a` and `a/b`. Symbolic links below the root are never followed. The root must be one file system. A
writer that is killed may leave a `.finrag-*.tmp` file in the root, which no method shows and the next writer removes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from finrag_ml_tg1.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreDeniedError,
    StoreError,
    StoreUnavailableError,
)
from finrag_ml_tg1.loaders.locked_files import remove_unlocked
from finrag_ml_tg1.loaders.object_store import (
    RESERVED_PREFIX,
    ObjectInfo,
    StoredObject,
    check_conditions,
    check_key,
    check_prefix,
    check_range,
    is_key,
)

__all__ = ["LocalFolderStore"]

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalFolderStore:
    """ObjectStore over a folder, which is created by the first put; a folder that does not exist is an empty store."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._is_swept = False

    @property
    def url(self) -> str:
        """The absolute path of the folder."""
        return str(self._root)

    def local_path(self, key: str) -> Path | None:
        """Return the file that holds the object, for reading only, or None when it does not exist."""
        path = self._path(key)
        return path if self._stat(path, key) else None

    def get(self, key: str) -> StoredObject:
        """Return the whole object; raises ObjectNotFoundError."""
        with self._open(key) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            return StoredObject(file.read(), _etag(os.fstat(descriptor)))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start`; raises ObjectNotFoundError, StoreError past the end."""
        check_range(key, start, length)
        with self._open(key) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            size = os.fstat(descriptor).st_size
            if start + length > size:
                raise StoreError(f"Cannot read {length} bytes at offset {start} of {key}: it has {size} bytes.")
            file.seek(start)
            return file.read(length)

    def head(self, key: str) -> ObjectInfo | None:
        """Return the object's size and ETag, or None when it does not exist."""
        status = self._stat(self._path(key), key)
        return ObjectInfo(key, status.st_size, _etag(status)) if status else None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield all objects whose key starts with `prefix`, sorted by key; names that are no keys are left out."""
        check_prefix(prefix)
        folder = prefix.rpartition("/")[0]
        if folder:
            self._path(folder)
        yield from self._walk(folder, prefix)

    def put(self, key: str, data: bytes, *, if_match: str | None = None, if_absent: bool = False) -> ObjectInfo:
        """Write the object whole or not at all, and to the disk before returning; see ObjectStore.put."""
        check_conditions(if_match, if_absent)
        path = self._path(key)
        with self._explained("write", key):
            self._root.mkdir(parents=True, exist_ok=True)
            temporary, descriptor = self._begin()
            try:
                _write_durably(descriptor, data)
                with self._locked():
                    current = self._stat(path, key)
                    _require(key, _etag(current) if current else None, if_match, if_absent)
                    _stamp(temporary, current)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    temporary.replace(path)
                    _sync_folder(path.parent)
                    status = path.lstat()
            finally:
                temporary.unlink(missing_ok=True)
                os.close(descriptor)
        return ObjectInfo(key, status.st_size, _etag(status))

    def delete(self, key: str) -> None:
        """Remove the object; no error when it is not there."""
        path = self._path(key)
        if self._stat(path, key) is None:
            return
        with self._explained("delete", key), self._locked():
            if self._stat(path, key) is not None:  # nobody else has deleted it meanwhile
                path.unlink()
                self._remove_empty_folders(path.parent)

    def _begin(self) -> tuple[Path, int]:
        """Return a new file to be written, which carries a lock while its writer lives; those of killed ones go."""
        temporary = self._root / f"{RESERVED_PREFIX}{secrets.token_hex(8)}.tmp"
        with self._locked():
            if not self._is_swept:
                for left in self._root.glob(f"{RESERVED_PREFIX}*.tmp"):
                    with suppress(PermissionError):  # another user's: not ours to remove
                        remove_unlocked(left)
                self._is_swept = True
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return temporary, descriptor

    def _remove_empty_folders(self, folder: Path) -> None:
        """Remove `folder` and those above it that hold nothing: left behind, they would bar a key of the same name."""
        while folder != self._root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def _path(self, key: str) -> Path:
        check_key(key)
        path = self._root / key
        if os.path.realpath(path) != str(path):
            raise StoreError(f"{key} in {self._root} leads through a symbolic link: put the real files there instead.")
        return path

    def _stat(self, path: Path, key: str) -> os.stat_result | None:
        with self._explained("look up", key):
            try:
                status = path.lstat()
            except _ABSENT:
                return None
        return status if stat.S_ISREG(status.st_mode) else None

    @contextmanager
    def _open(self, key: str) -> Iterator[int]:
        path = self._path(key)
        if self._stat(path, key) is None:
            raise ObjectNotFoundError(f"{key} does not exist in {self._root}.")
        with self._explained("read", key):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _walk(self, folder: str, prefix: str) -> Iterator[ObjectInfo]:
        with self._explained("list", folder or "the folder"):
            for name in self._names(folder):
                key = f"{folder}/{name}" if folder else name
                if name.endswith("/"):
                    if key.startswith(prefix) or prefix.startswith(key):
                        yield from self._walk(key.rstrip("/"), prefix)
                elif key.startswith(prefix):
                    info = self.head(key)
                    if info:
                        yield info

    def _names(self, folder: str) -> Sequence[str]:
        """Return the names in a folder in the order of full keys: a folder sorts as its name with `/` at the end."""
        try:
            with os.scandir(self._root / folder) as entries:
                names = [
                    f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
                    for entry in entries
                    if not entry.is_symlink() and is_key(f"{folder}/{entry.name}" if folder else entry.name)
                ]
        except _ABSENT as error:
            if folder or not self._root.exists():
                return []
            raise StoreUnavailableError(f"{self._root} is not a folder: check FINRAG_STORE.") from error
        return sorted(names)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._root / f"{RESERVED_PREFIX}lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _explained(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(action, key, error) from error

    def _error(self, action: str, key: str, error: OSError) -> StoreError:
        place = f"{key} in {self._root}"
        if action == "read" and isinstance(error, _ABSENT):
            return ObjectNotFoundError(f"{place} does not exist any more.")
        if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
            return StoreError(f"Cannot {action} {place}: a file and a folder there want the same name.")
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return StoreError(f"Cannot {action} {place}: no space left; free some or move FINRAG_STORE.")
        message = f"Cannot {action} {place}: {error.strerror}; check the folder's permissions."
        denied = error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
        return StoreDeniedError(message) if denied else StoreUnavailableError(message)


def _etag(status: os.stat_result) -> str:
    """Return what changes with every put (see _stamp), and with edits from outside, at the price of one `stat`."""
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def _stamp(temporary: Path, current: os.stat_result | None) -> None:
    """Give the new version a later time than the one it replaces, whatever the clock's resolution."""
    now = time.time_ns()
    modified = max(now, current.st_mtime_ns + 1) if current else now
    os.utime(temporary, ns=(now, modified))


def _write_durably(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require(key: str, current: str | None, if_match: str | None, if_absent: bool) -> None:
    if if_absent and current is not None:
        raise PreconditionFailedError(f"{key} exists already.")
    if if_match is not None and if_match != current:
        raise PreconditionFailedError(f"{key} is not the version that was read: read it again.")
