"""A disk that is full or read-only loses nothing that is there, and leaves no half file that is believed later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.faults.disks import filled, read_only, small_disk
from tests.unit.loaders.remote_store import RemoteStore, put

SIZE = 300_000
LIMIT = 10**9


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        yield disk


@pytest.fixture
def remote(folder_store: LocalFolderStore) -> RemoteStore:
    return RemoteStore(folder_store)


def fetched(disk: Path, remote: RemoteStore, key: str, sha256: str) -> bytes:
    """What a new process would get."""
    with closing(DiskCache(disk / "cache", remote, LIMIT)) as cache:
        return cache.fetch(key, sha256=sha256, size=SIZE).read_bytes()


def test_file_that_does_not_fit_on_the_disk_is_refused_and_whole_once_it_fits(disk: Path, remote: RemoteStore) -> None:
    contents = {f"part/{number}": bytes([number]) * SIZE for number in range(5)}
    hashes = {key: put(remote, key, data)[0] for key, data in contents.items()}
    for key in ("part/0", "part/1", "part/2"):
        assert fetched(disk, remote, key, hashes[key]) == contents[key]
    for key in ("part/3", "part/4"):
        with pytest.raises(StoreError, match="free some space, or set FINRAG_CACHE_DIR elsewhere"):
            fetched(disk, remote, key, hashes[key])
    kept = {path.name for path in (disk / "cache" / "objects").iterdir() if path.suffix != ".verified"}
    assert kept == {hashes[key] for key in ("part/0", "part/1", "part/2")}

    (disk / "cache" / "objects" / hashes["part/0"]).unlink()
    assert fetched(disk, remote, "part/3", hashes["part/3"]) == contents["part/3"]


def test_file_that_is_there_is_served_from_a_full_disk_that_takes_no_mark(disk: Path, remote: RemoteStore) -> None:
    sha256, _ = put(remote, "part/1", b"1" * SIZE)
    fetched(disk, remote, "part/1", sha256)
    (disk / "cache" / "objects" / f"{sha256}.verified").unlink()
    with filled(disk):
        assert fetched(disk, remote, "part/1", sha256) == b"1" * SIZE
    assert remote.reads == ["part/1"]


def test_file_that_is_there_is_served_from_a_disk_that_has_become_read_only(disk: Path, remote: RemoteStore) -> None:
    first, second = (put(remote, f"part/{number}", bytes([number]) * SIZE)[0] for number in (1, 2))
    fetched(disk, remote, "part/1", first)
    with read_only(disk):
        assert fetched(disk, remote, "part/1", first) == b"\1" * SIZE
        with pytest.raises(StoreError, match=r"Read-only file system; check its permissions, or set FINRAG_CACHE_DIR"):
            fetched(disk, remote, "part/2", second)
    assert fetched(disk, remote, "part/2", second) == b"\2" * SIZE
