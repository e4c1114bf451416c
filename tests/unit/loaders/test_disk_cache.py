"""The cache returns the right bytes or an error, and keeps to its limit, whatever else happens in its folder."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError, StoreError
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.unit.loaders.remote_store import RemoteStore, put

PIN_AND_WAIT = """
import sys
from pathlib import Path
from finrag_ml_tg1.loaders.cache_space import CacheSpace

space = CacheSpace(Path(sys.argv[1]), 1000)
print(space.pin(sys.argv[2]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def remote(folder_store: LocalFolderStore) -> RemoteStore:
    return RemoteStore(folder_store)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path, remote: RemoteStore) -> Iterator[DiskCache]:
    with closing(DiskCache(folder, remote, 1000)) as cache:
        yield cache


def put_file(store: ObjectStore, number: int, size: int = 400) -> tuple[str, str]:
    """Store a file of `size` bytes that differs by number; return its key and hash."""
    return f"part/{number}", put(store, f"part/{number}", bytes([number]) * size)[0]


def files_in(folder: Path) -> set[str]:
    return {path.name for path in (folder / "objects").iterdir() if path.suffix != ".verified"}


def age(folder: Path, name: str, seconds: float) -> None:
    """Let the file have been used so long ago: its mark tells, or it itself when it has none."""
    moment = time.time() - seconds
    mark = folder / "objects" / f"{name}.verified"
    os.utime(mark if mark.exists() else folder / "objects" / name, (moment, moment))


def test_fetch_returns_a_file_with_the_content(folder: Path, store: ObjectStore) -> None:
    sha256, size = put(store, "a/b", b"content")
    with closing(DiskCache(folder, store, 1000)) as cache:
        path = cache.fetch("a/b", sha256=sha256, size=size)

        assert path.read_bytes() == b"content"


def test_second_fetch_reads_nothing_from_the_store(cache: DiskCache, remote: RemoteStore) -> None:
    sha256, size = put(remote, "a", b"content")

    paths = {cache.fetch("a", sha256=sha256, size=size) for _ in range(3)}

    assert remote.reads == ["a"]
    assert len(paths) == 1


def test_equal_content_is_kept_once(cache: DiskCache, remote: RemoteStore, folder: Path) -> None:
    sha256, size = put(remote, "a", b"content")
    put(remote, "b", b"content")

    assert cache.fetch("a", sha256=sha256, size=size) == cache.fetch("b", sha256=sha256, size=size)
    assert files_in(folder) == {sha256}


def test_large_file_is_read_in_blocks(folder: Path, remote: RemoteStore) -> None:
    data = random.Random(3).randbytes(17 * 1024 * 1024)
    sha256, size = put(remote, "large", data)
    with closing(DiskCache(folder, remote, 2 * size)) as cache:
        assert cache.fetch("large", sha256=sha256, size=size).read_bytes() == data

    eight = 8 * 1024 * 1024
    assert sorted(remote.reads) == [
        f"large 0+{eight}",
        f"large {2 * eight}+{1024 * 1024}",
        f"large {eight}+{eight}",
    ]


@pytest.mark.parametrize("data", [b"c0ntent", b"short", b"much longer content", b""])
def test_object_that_is_not_what_the_manifest_says_is_refused_and_not_kept(
    store: ObjectStore, folder: Path, data: bytes
) -> None:
    sha256, size = put(store, "a/b", b"content")
    store.put("a/b", data)
    with (
        closing(DiskCache(folder, store, 1000)) as cache,
        pytest.raises(IndexCorruptError, match=r"a/b .*manifest"),
    ):
        cache.fetch("a/b", sha256=sha256, size=size)

    assert not (folder / "objects").exists() or files_in(folder) == set()


@pytest.mark.parametrize("change", [b"X", b""], ids=["changed", "shorter"])
def test_large_object_that_is_not_what_the_manifest_says_is_refused(
    folder: Path, remote: RemoteStore, change: bytes
) -> None:
    data = bytes(9 * 1024 * 1024)
    sha256, size = put(remote, "large", data)
    remote.put("large", data[:-1] + change)
    with closing(DiskCache(folder, remote, 2 * size)) as cache, pytest.raises(IndexCorruptError, match="large"):
        cache.fetch("large", sha256=sha256, size=size)

    assert files_in(folder) == set()


@pytest.mark.parametrize("size", [7, 9 * 1024 * 1024], ids=["small", "large"])
def test_missing_object_is_reported(folder: Path, store: ObjectStore, size: int) -> None:
    with closing(DiskCache(folder, store, 2**30)) as cache, pytest.raises(ObjectNotFoundError, match="no/such"):
        cache.fetch("no/such", sha256="0" * 64, size=size)


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 64 + "\n"])
def test_malformed_hash_is_refused(cache: DiskCache, sha256: str) -> None:
    with pytest.raises(IndexCorruptError, match="malformed"):
        cache.fetch("a", sha256=sha256, size=1)


@pytest.mark.parametrize("blocks", [("0" * 64,) * 2, ("x",)], ids=["too many", "malformed"])
def test_blocks_that_are_no_files_blocks_are_refused(cache: DiskCache, blocks: tuple[str, ...]) -> None:
    with pytest.raises(IndexCorruptError, match=r"do not fit its size|malformed"):
        cache.fetch("a", sha256="0" * 64, size=1, blocks=blocks)


@pytest.mark.parametrize("damage", [b"c0ntent", b"cont", b""])
def test_damaged_file_of_an_earlier_process_is_read_again(
    cache: DiskCache, remote: RemoteStore, folder: Path, damage: bytes
) -> None:
    sha256, size = put(remote, "a", b"content")
    (folder / "objects").mkdir(parents=True)
    (folder / "objects" / sha256).write_bytes(damage)

    assert cache.fetch("a", sha256=sha256, size=size).read_bytes() == b"content"


def test_good_file_of_an_earlier_process_is_used(cache: DiskCache, remote: RemoteStore, folder: Path) -> None:
    sha256, size = put(remote, "a", b"content")
    cache.fetch("a", sha256=sha256, size=size)
    remote.delete("a")
    with closing(DiskCache(folder, remote, 1000)) as later:
        assert later.fetch("a", sha256=sha256, size=size).read_bytes() == b"content"


def test_file_truncated_after_its_verification_is_read_again(cache: DiskCache, remote: RemoteStore) -> None:
    sha256, size = put(remote, "a", b"content")
    cache.fetch("a", sha256=sha256, size=size).write_bytes(b"cont")

    assert cache.fetch("a", sha256=sha256, size=size).read_bytes() == b"content"


def test_least_recently_used_file_is_evicted_beyond_the_limit(
    cache: DiskCache, remote: RemoteStore, folder: Path
) -> None:
    parts = [put_file(remote, number) for number in range(3)]
    for key, sha256 in parts[:2]:
        cache.fetch(key, sha256=sha256, size=400)
        age(folder, sha256, 100)
    cache.fetch(parts[0][0], sha256=parts[0][1], size=400)  # used again: now part 1 is the oldest

    cache.fetch(parts[2][0], sha256=parts[2][1], size=400)

    assert files_in(folder) == {parts[0][1], parts[2][1]}


def test_pinned_file_is_not_evicted_until_each_pin_is_taken_back(
    cache: DiskCache, remote: RemoteStore, folder: Path
) -> None:
    parts = [put_file(remote, number) for number in range(5)]
    pinned = parts[0][1]
    for _ in range(2):
        cache.fetch(parts[0][0], sha256=pinned, size=400, pin=True)
    age(folder, pinned, 1000)

    for key, sha256 in parts[1:4]:
        cache.fetch(key, sha256=sha256, size=400)
    assert files_in(folder) == {pinned, parts[3][1]}
    cache.unpin(pinned)
    cache.fetch(parts[1][0], sha256=parts[1][1], size=400)
    assert files_in(folder) == {pinned, parts[1][1]}
    cache.unpin(pinned)
    cache.unpin(pinned)
    age(folder, pinned, 1000)
    cache.fetch(parts[4][0], sha256=parts[4][1], size=400)
    assert files_in(folder) == {parts[1][1], parts[4][1]}


def test_file_pinned_by_another_process_is_not_evicted(cache: DiskCache, remote: RemoteStore, folder: Path) -> None:
    parts = [put_file(remote, number) for number in range(4)]
    for key, sha256 in parts[:2]:
        cache.fetch(key, sha256=sha256, size=400)
    age(folder, parts[0][1], 1000)
    command = [sys.executable, "-c", PIN_AND_WAIT, str(folder / "objects"), parts[0][1]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"

        cache.fetch(parts[2][0], sha256=parts[2][1], size=400)
        assert files_in(folder) == {parts[0][1], parts[2][1]}
        other.communicate()

    cache.fetch(parts[3][0], sha256=parts[3][1], size=400)
    assert files_in(folder) == {parts[2][1], parts[3][1]}


def test_limit_that_is_too_small_is_named(cache: DiskCache, remote: RemoteStore, folder: Path) -> None:
    (first, sha_of_first), (second, sha_of_second) = put_file(remote, 0, 600), put_file(remote, 1, 600)
    cache.fetch(first, sha256=sha_of_first, size=600, pin=True)

    with pytest.raises(StoreError, match="raise FINRAG_CACHE_MB"):
        cache.fetch(second, sha256=sha_of_second, size=600)
    assert files_in(folder) == {sha_of_first}


def test_files_of_other_processes_count_towards_the_limit(folder: Path, remote: RemoteStore) -> None:
    parts = [put_file(remote, number, 1) for number in range(200)]
    with closing(DiskCache(folder, remote, 100)) as mine, closing(DiskCache(folder, remote, 100)) as other:
        for (key, sha256), cache in zip(parts, [mine, other] * 100, strict=True):
            cache.fetch(key, sha256=sha256, size=1)
            assert len(files_in(folder)) <= 100 + 64


def test_half_file_of_a_dead_process_is_removed_and_a_fresh_one_kept(
    cache: DiskCache, remote: RemoteStore, folder: Path
) -> None:
    objects = folder / "objects"
    objects.mkdir(parents=True)
    for name in (".old.tmp", ".new.tmp"):
        (objects / name).write_bytes(b"half")
    age(folder, ".old.tmp", 25 * 3600)
    key, sha256 = put_file(remote, 0)

    cache.fetch(key, sha256=sha256, size=400)

    assert files_in(folder) == {".new.tmp", sha256}


def test_threads_that_want_the_same_file_read_it_once(cache: DiskCache, remote: RemoteStore) -> None:
    sha256, size = put(remote, "a", b"content")

    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: cache.fetch("a", sha256=sha256, size=size, pin=True), range(40)))

    assert remote.reads == ["a"]
    assert {path.read_bytes() for path in paths} == {b"content"}


def test_two_caches_of_one_folder_evict_and_fetch_without_harm(folder: Path, remote: RemoteStore) -> None:
    parts = [put_file(remote, number) for number in range(8)]
    caches = [DiskCache(folder, remote, 2000) for _ in range(2)]

    def fetch(number: int) -> bool:
        key, sha256 = parts[number * 5 % 8]
        cache = caches[number % 2]
        path = cache.fetch(key, sha256=sha256, size=400, pin=True)
        content = path.read_bytes()
        cache.unpin(sha256)
        return content == bytes([number * 5 % 8]) * 400

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(fetch, range(300)))
    for cache in caches:
        cache.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_folder_that_cannot_be_written_is_reported(
    cache: DiskCache, remote: RemoteStore, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    sha256, size = put(remote, "a", b"content")

    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(StoreError, match="FINRAG_CACHE_DIR") as caught:
            cache.fetch("a", sha256=sha256, size=size)

    assert str(folder) in str(caught.value)
    assert os.strerror(number) in str(caught.value)
    assert files_in(folder) == set()


def test_file_in_place_of_the_folder_is_reported(tmp_path: Path, remote: RemoteStore) -> None:
    (tmp_path / "file").write_bytes(b"")
    sha256, size = put(remote, "a", b"content")

    with pytest.raises(StoreError, match="FINRAG_CACHE_DIR"):
        DiskCache(tmp_path / "file", remote, 1000).fetch("a", sha256=sha256, size=size)


def test_read_only_folder_still_serves_what_it_holds(
    cache: DiskCache, remote: RemoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256, size = put(remote, "a", b"content")
    cache.fetch("a", sha256=sha256, size=size)

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(os, "utime", refuse)
        assert cache.fetch("a", sha256=sha256, size=size).read_bytes() == b"content"


def test_local_store_is_not_copied(folder: Path, folder_store: LocalFolderStore) -> None:
    sha256, size = put(folder_store, "a", b"content")
    with closing(DiskCache(folder, folder_store, 1)) as cache:
        assert cache.fetch("a", sha256=sha256, size=size, pin=True) == folder_store.local_path("a")

    assert not folder.exists()


def test_file_of_a_local_store_that_changes_after_its_verification_is_found_out(
    folder: Path, folder_store: LocalFolderStore
) -> None:
    sha256, size = put(folder_store, "a", b"content")
    with closing(DiskCache(folder, folder_store, 1000)) as cache:
        cache.fetch("a", sha256=sha256, size=size)
        folder_store.put("a", b"c0ntent")

        with pytest.raises(IndexCorruptError):
            cache.fetch("a", sha256=sha256, size=size)
    assert folder_store.get("a").data == b"c0ntent"
