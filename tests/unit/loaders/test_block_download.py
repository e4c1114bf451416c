"""Large files arrive block by block: what is asked of S3, what a break leaves behind, and what is never kept."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.s3_requests import count_requests
from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError, StoreError, StoreUnavailableError
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.expected_file import BLOCK_BYTES, ExpectedFile
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.locked_files import open_half_file
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.local_processes import wait_until
from tests.unit.loaders.remote_store import RemoteStore, put_described

LARGE = random.Random(3).randbytes(2 * BLOCK_BYTES + 1000)
ALL_BLOCKS = {f"large 0+{BLOCK_BYTES}", f"large {BLOCK_BYTES}+{BLOCK_BYTES}", f"large {2 * BLOCK_BYTES}+1000"}
LAST_BLOCK = f"bytes={2 * BLOCK_BYTES}-{2 * BLOCK_BYTES + 999}"

# Fetches files of a bucket as a process of its own; with "hang" it stands still before the last block of a large one.
FETCHER = """
import json, sys, time
from contextlib import closing
from pathlib import Path
from benchmarks.s3_requests import count_requests
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.s3_store import S3Store

folder, bucket, described, hang = sys.argv[1:]
files = [ExpectedFile(key, sha256, size, tuple(blocks)) for key, sha256, size, blocks in json.loads(described)]
store = S3Store(bucket, "some/prefix", load_config(folder=Path(folder)))
if hang:
    read_range = store.get_range
    store.get_range = lambda key, start, length: time.sleep(60) if length == 1000 else read_range(key, start, length)
with closing(store), count_requests(store) as requests, closing(DiskCache(Path(folder), store, 2**30)) as cache:
    print(len(cache.fetch_all(files, pin=True)), requests.total)
"""


@pytest.fixture
def remote(folder_store: LocalFolderStore) -> RemoteStore:
    return RemoteStore(folder_store)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path, remote: RemoteStore) -> Iterator[DiskCache]:
    with closing(DiskCache(folder, remote, 2**30)) as cache:
        yield cache


def fetch(cache: DiskCache, file: ExpectedFile) -> Path:
    return cache.fetch(file.key, sha256=file.sha256, size=file.size, blocks=file.blocks)


def half_of(folder: Path, file: ExpectedFile) -> Path:
    return folder / "objects" / f"{file.sha256}.tmp"


def kept(folder: Path) -> set[str]:
    return {path.name for path in (folder / "objects").iterdir() if path.suffix != ".verified"}


def start_fetcher(folder: Path, bucket: str, files: list[ExpectedFile], *, hang: bool) -> subprocess.Popen[str]:
    described = repr([[file.key, file.sha256, file.size, list(file.blocks)] for file in files]).replace("'", '"')
    command = [sys.executable, "-c", FETCHER, str(folder), bucket, described, "hang" if hang else ""]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def away_for_the_last_block(read: str, data: bytes) -> bytes:
    if read.endswith("+1000"):
        raise StoreUnavailableError("the store is away")
    return data


def slowly(_read: str, data: bytes) -> bytes:
    time.sleep(0.005)
    return data


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_first_fetch_asks_for_each_block_once_and_the_second_for_nothing(s3_store: S3Store, folder: Path) -> None:
    files = [
        put_described(s3_store, "large", LARGE),
        put_described(s3_store, "two", LARGE[: BLOCK_BYTES + 1]),
        put_described(s3_store, "small", b"content"),
        put_described(s3_store, "empty", b""),
    ]
    with count_requests(s3_store) as cold, closing(DiskCache(folder, s3_store, 2**30)) as cache:
        paths = cache.fetch_all(files)
    assert [path.read_bytes() for path in paths] == [LARGE, LARGE[: BLOCK_BYTES + 1], b"content", b""]
    assert cold.by_operation == {"GetObject": 3 + 2 + 1}  # there is nothing to be read of the empty one
    assert cold.bytes_read == sum(file.size for file in files)

    for later in (cache, DiskCache(folder, s3_store, 2**30)):
        with count_requests(s3_store) as warm:
            assert later.fetch_all(files) == paths
            assert [fetch(later, file) for file in files] == paths
        assert warm.total == warm.bytes_read == 0


def test_fetch_of_a_killed_process_goes_on_with_the_blocks_that_are_there(
    s3_store: S3Store, bucket: str, folder: Path
) -> None:
    file = put_described(s3_store, "large", LARGE)
    half = half_of(folder, file)
    with start_fetcher(folder, bucket, [file], hang=True) as killed:
        expected = LARGE[: 2 * BLOCK_BYTES]
        wait_until(lambda: half.exists() and half.read_bytes()[: len(expected)] == expected, "two blocks are there")
        killed.kill()

    with count_requests(s3_store) as requests, closing(DiskCache(folder, s3_store, 2**30)) as cache:
        assert fetch(cache, file).read_bytes() == LARGE
    assert requests.ranges == [LAST_BLOCK]
    assert (requests.total, requests.bytes_read) == (1, 1000)
    assert kept(folder) == {file.sha256}


def test_processes_that_want_the_same_files_read_them_once(s3_store: S3Store, bucket: str, folder: Path) -> None:
    files = [put_described(s3_store, "large", LARGE), put_described(s3_store, "small", b"content")]
    with (
        start_fetcher(folder, bucket, files, hang=False) as first,
        start_fetcher(folder, bucket, files, hang=False) as second,
    ):
        counts = [process.communicate(timeout=30)[0].split() for process in (first, second)]

    assert [fetched for fetched, _ in counts] == ["2", "2"]
    assert sum(int(requests) for _, requests in counts) == 3 + 1
    assert (folder / "objects" / files[0].sha256).read_bytes() == LARGE


def test_fetch_goes_on_when_the_store_is_back(cache: DiskCache, remote: RemoteStore) -> None:
    file = put_described(remote, "large", LARGE)
    remote.change = away_for_the_last_block
    with pytest.raises(StoreUnavailableError, match="away"):
        fetch(cache, file)
    was_read = set(remote.reads)

    remote.reads, remote.change = [], lambda _read, data: data
    assert fetch(cache, file).read_bytes() == LARGE
    assert set(remote.reads) == {f"large {2 * BLOCK_BYTES}+1000"} | (ALL_BLOCKS - was_read)


def test_half_file_that_was_damaged_is_not_believed(cache: DiskCache, remote: RemoteStore, folder: Path) -> None:
    file = put_described(remote, "large", LARGE)
    (folder / "objects").mkdir(parents=True)
    half_of(folder, file).write_bytes(LARGE[:100] + b"?" + LARGE[101:])

    assert fetch(cache, file).read_bytes() == LARGE
    assert remote.reads == [f"large 0+{BLOCK_BYTES}"]


def test_half_file_without_known_blocks_is_begun_anew(cache: DiskCache, remote: RemoteStore, folder: Path) -> None:
    described = put_described(remote, "large", LARGE)
    file = ExpectedFile("large", described.sha256, described.size)
    remote.change = away_for_the_last_block
    with pytest.raises(StoreUnavailableError):
        fetch(cache, file)
    assert kept(folder) == set()

    remote.reads, remote.change = [], lambda _read, data: data
    assert fetch(cache, file).read_bytes() == LARGE
    assert set(remote.reads) == ALL_BLOCKS


def test_block_damaged_in_the_store_is_read_twice_and_refused(s3_store: S3Store, folder: Path) -> None:
    file = put_described(s3_store, "large", LARGE)
    s3_store.put("large", LARGE[:-1] + bytes([LARGE[-1] ^ 1]))
    with (
        count_requests(s3_store) as requests,
        closing(DiskCache(folder, s3_store, 2**30)) as cache,
        pytest.raises(IndexCorruptError, match=r"large .*manifest"),
    ):
        fetch(cache, file)

    assert requests.ranges.count(LAST_BLOCK) == 2
    assert kept(folder) == set()


@pytest.mark.parametrize("length", [0, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 999])
def test_object_shorter_than_the_manifest_says_is_refused(s3_store: S3Store, folder: Path, length: int) -> None:
    file = put_described(s3_store, "large", LARGE)
    s3_store.put("large", LARGE[:length])
    with closing(DiskCache(folder, s3_store, 2**30)) as cache, pytest.raises(IndexCorruptError, match="large"):
        fetch(cache, file)

    assert kept(folder) == set()


def test_block_damaged_on_its_way_is_read_again(cache: DiskCache, remote: RemoteStore) -> None:
    file = put_described(remote, "large", LARGE)
    damaged: list[str] = []

    def damage_once(read: str, data: bytes) -> bytes:
        if read.endswith("+1000") and not damaged:
            damaged.append(read)
            return b"?" + data[1:]
        return data

    remote.change = damage_once
    assert fetch(cache, file).read_bytes() == LARGE
    assert sorted(remote.reads) == sorted([*ALL_BLOCKS, *damaged])


def test_four_blocks_are_in_memory_at_most_however_many_files(cache: DiskCache, remote: RemoteStore) -> None:
    files = [put_described(remote, f"large/{number}", LARGE[number:]) for number in range(3)]

    def wait_for_others(read: str, data: bytes) -> bytes:
        wait_until(lambda: remote.most_at_once >= 4, "four blocks are read at once")
        return slowly(read, data)

    remote.change = wait_for_others
    cache.fetch_all(files)

    assert remote.most_at_once == 4


@pytest.mark.parametrize("fault", ["missing", "damaged"])
def test_nothing_stays_pinned_when_one_of_several_files_cannot_be_had(
    folder: Path, remote: RemoteStore, fault: str
) -> None:
    files = [put_described(remote, f"file/{number}", bytes([number]) * 400) for number in range(3)]
    remote.delete("file/1")
    if fault == "damaged":
        remote.put("file/1", b"other")
    with closing(DiskCache(folder, remote, 1200)) as cache:
        with pytest.raises(ObjectNotFoundError if fault == "missing" else IndexCorruptError, match="file/1"):
            cache.fetch_all(files, pin=True)

        fetch(cache, put_described(remote, "whole", bytes(1200)))  # for which all others must go
        assert len(kept(folder)) == 1


def test_limit_holds_while_many_are_fetched_at_once(folder: Path, remote: RemoteStore) -> None:
    files = [put_described(remote, f"file/{number}", bytes([number]) * (300 + number)) for number in range(40)]
    limit, sums = 3000, []
    cache = DiskCache(folder, remote, limit)

    def measured(read: str, data: bytes) -> bytes:
        with cache._space._lock:  # or a file that is evicted would be counted beside the one that takes its place
            sums.append(sum(size_of(path) for path in (folder / "objects").iterdir() if path.suffix != ".verified"))
        return slowly(read, data)

    remote.change = measured

    def use(number: int) -> bool:
        file = files[number % 40]
        path = cache.fetch(file.key, sha256=file.sha256, size=file.size, pin=True)
        is_right = path.read_bytes() == bytes([number % 40]) * file.size
        cache.unpin(file.sha256)
        return is_right

    with closing(cache), ThreadPoolExecutor(6) as pool:
        assert all(pool.map(use, range(200)))
    assert max(sums) <= limit
    assert max(sums) > limit - 2 * 340  # and it was full


def test_half_file_counts_and_makes_room_when_nobody_works_at_it(folder: Path, remote: RemoteStore) -> None:
    file, other = put_described(remote, "a", b"a" * 600), put_described(remote, "b", b"b" * 600)
    (folder / "objects").mkdir(parents=True)
    half_of(folder, other).write_bytes(b"b" * 300 + bytes(300))
    with closing(DiskCache(folder, remote, 1000)) as cache:
        with open_half_file(half_of(folder, other)), pytest.raises(StoreError, match="FINRAG_CACHE_MB"):
            fetch(cache, file)

        fetch(cache, file)
        assert kept(folder) == {file.sha256}
