"""What is particular to the folder: links, half-written files, several processes, full disks."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import ObjectNotFoundError, StoreError, StoreUnavailableError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.locked_files import open_half_file

COUNT_UP = """
import sys
from pathlib import Path
from finrag_ml_tg1.errors import PreconditionFailedError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

store = LocalFolderStore(Path(sys.argv[1]))
done = 0
while done < 25:
    seen = store.get("counter")
    try:
        store.put("counter", str(int(seen.data) + 1).encode(), if_match=seen.etag)
    except PreconditionFailedError:
        continue
    done += 1
"""


def test_processes_that_count_with_if_match_lose_no_count(tmp_path: Path) -> None:
    store = LocalFolderStore(tmp_path)
    store.put("counter", b"0")

    processes = [subprocess.Popen([sys.executable, "-c", COUNT_UP, str(tmp_path)]) for _ in range(3)]

    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert store.get("counter").data == b"75"


def test_folder_that_does_not_exist_is_an_empty_store(tmp_path: Path) -> None:
    store = LocalFolderStore(tmp_path / "not yet")

    assert list(store.list("")) == []
    assert store.head("a") is None
    store.delete("a")
    with pytest.raises(ObjectNotFoundError):
        store.get("a")
    assert not (tmp_path / "not yet").exists()


def test_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = LocalFolderStore(tmp_path / "file")

    with pytest.raises(StoreUnavailableError, match="not a folder"):
        list(store.list(""))
    with pytest.raises(StoreError, match="same name"):
        store.put("a", b"1")


def test_object_in_place_of_a_folder_is_reported(folder_store: LocalFolderStore) -> None:
    folder_store.put("a/b", b"1")

    with pytest.raises(StoreError, match="same name"):
        folder_store.put("a", b"2")
    with pytest.raises(StoreError, match="same name"):
        folder_store.put("a/b/c", b"2")
    assert [info.key for info in folder_store.list("")] == ["a/b"]


def test_key_is_free_again_when_all_below_it_is_deleted(folder_store: LocalFolderStore) -> None:
    folder_store.put("a/b/c", b"1")
    folder_store.put("a/d", b"1")
    folder_store.delete("a/b/c")
    folder_store.put("a/b", b"2")
    folder_store.delete("a/b")
    folder_store.delete("a/d")

    folder_store.put("a", b"3")

    assert [info.key for info in folder_store.list("")] == ["a"]


def test_symbolic_links_are_not_followed(folder_store: LocalFolderStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    folder_store.put("real", b"1")
    root = Path(folder_store.url)
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")

    assert [info.key for info in folder_store.list("")] == ["real"]
    for key in ("folder/secret", "file"):
        with pytest.raises(StoreError, match="symbolic link"):
            folder_store.get(key)
        with pytest.raises(StoreError, match="symbolic link"):
            folder_store.put(key, b"overwritten")
    with pytest.raises(StoreError, match="symbolic link"):
        list(folder_store.list("folder/"))
    assert (outside / "secret").read_bytes() == b"secret"


def test_half_written_and_foreign_files_are_not_listed(folder_store: LocalFolderStore) -> None:
    folder_store.put("a/b", b"1")
    root = Path(folder_store.url)
    (root / "a" / ".finrag-0123.tmp").write_bytes(b"half")
    (root / "a" / "back\\slash").write_bytes(b"no key")

    assert [info.key for info in folder_store.list("")] == ["a/b"]


def test_half_files_of_killed_writers_are_removed_and_those_of_living_ones_are_not(
    folder_store: LocalFolderStore,
) -> None:
    root = Path(folder_store.url)
    root.mkdir()
    left, used = root / ".finrag-0123.tmp", root / ".finrag-4567.tmp"
    for path in (left, used):
        path.write_bytes(b"half")
    with open_half_file(used):
        folder_store.put("a/b", b"1")
    assert not left.exists()
    assert used.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_put_to_a_full_disk_keeps_the_old_version(
    folder_store: LocalFolderStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = folder_store.put("a/b", b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match=r"a/b .*no space left"):
            folder_store.put("a/b", b"new")

    assert list(folder_store.list("")) == [before]
    assert sorted(path.name for path in Path(folder_store.url).iterdir()) == [".finrag-lock", "a"]


def test_input_output_error_says_that_the_store_is_unavailable(
    folder_store: LocalFolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_store.put("a", b"1")

    def fail(*_arguments: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(StoreUnavailableError, match="Input/output error"):
            folder_store.get("a")


def test_reader_sees_one_version_while_another_is_written(folder_store: LocalFolderStore) -> None:
    folder_store.put("a", b"old")
    path = folder_store.local_path("a")
    assert path is not None
    with path.open("rb") as file:
        folder_store.put("a", b"new")

        assert file.read() == b"old"


def test_each_version_is_later_than_the_one_before_even_if_the_clock_stands_still(
    folder_store: LocalFolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    times = []
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: now)
        for _ in range(5):
            folder_store.put("a", b"same size")
            path = folder_store.local_path("a")
            assert path is not None
            times.append(path.stat().st_mtime_ns)

    assert times == sorted(set(times))


def test_etag_changes_when_the_file_is_edited_from_outside(folder_store: LocalFolderStore) -> None:
    before = folder_store.put("a", b"old")
    path = folder_store.local_path("a")
    assert path is not None
    path.write_bytes(b"longer")

    after = folder_store.head("a")

    assert after is not None
    assert after.etag != before.etag


def test_local_path_is_the_file_itself(folder_store: LocalFolderStore) -> None:
    folder_store.put("a/b", b"1")

    path = folder_store.local_path("a/b")

    assert path is not None
    assert path.read_bytes() == b"1"
    assert folder_store.local_path("a") is None
    assert folder_store.local_path("c") is None
