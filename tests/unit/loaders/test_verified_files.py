"""A file is hashed once, and again as soon as anything might have changed it."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import IndexCorruptError
from finrag_ml_tg1.loaders import verified_files
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.verified_files import VerifiedFiles, hash_file
from tests.unit.loaders.remote_store import put

CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are hashed from now on."""
    paths: list[Path] = []

    def count(path: Path) -> str:
        paths.append(path)
        return hash_file(path)

    monkeypatch.setattr(verified_files, "hash_file", count)
    return paths


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def marks(tmp_path: Path, path: Path) -> Path:
    """A folder in which an earlier process left its mark of the file."""
    folder = tmp_path / "marks"
    assert is_good(folder, path)
    return folder


def is_good(marks: Path, path: Path) -> bool:
    """Ask as a new process would."""
    return VerifiedFiles(marks).is_good(path, SHA256, len(CONTENT))


def mark_in(marks: Path) -> Path:
    return marks / f"{SHA256}.verified"


def test_file_that_an_earlier_process_hashed_is_not_hashed_again(marks: Path, path: Path, hashed: list[Path]) -> None:
    assert is_good(marks, path)
    assert hashed == []


def test_file_that_was_checked_while_it_was_written_is_not_hashed(
    tmp_path: Path, path: Path, hashed: list[Path]
) -> None:
    VerifiedFiles(tmp_path).remember(path, SHA256)

    assert is_good(tmp_path, path)
    assert hashed == []


def test_change_that_keeps_size_and_time_is_found_out(marks: Path, path: Path) -> None:
    before = path.stat()
    time.sleep(0.02)  # the grain of the change time
    path.write_bytes(b"c0ntent")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert not is_good(marks, path)


def test_change_is_found_out_by_the_process_that_hashed_the_file(tmp_path: Path, path: Path) -> None:
    verified = VerifiedFiles(tmp_path)
    assert verified.is_good(path, SHA256, len(CONTENT))
    time.sleep(0.02)
    path.write_bytes(b"c0ntent")

    assert not verified.is_good(path, SHA256, len(CONTENT))


def test_other_file_put_in_its_place_is_found_out(marks: Path, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"c0ntent")
    shutil.copystat(path, other)
    other.replace(path)

    assert not is_good(marks, path)


def test_file_is_hashed_again_after_a_day(marks: Path, path: Path, hashed: list[Path]) -> None:
    mark = mark_in(marks)
    state, _, checked = mark.read_text().rpartition(" ")
    mark.write_text(f"{state} {int(checked) - 24 * 3600 - 1}")

    assert is_good(marks, path)
    assert hashed == [path]


@pytest.mark.parametrize("boot", ["another", ""], ids=["other boot", "system that does not tell"])
def test_file_is_hashed_again_when_the_machine_may_have_crashed(
    marks: Path, path: Path, hashed: list[Path], monkeypatch: pytest.MonkeyPatch, boot: str
) -> None:
    monkeypatch.setattr(verified_files, "_boot_id", lambda: boot)
    for _ in range(2):
        assert is_good(marks, path)

    assert hashed == ([path] if boot else [path, path])


@pytest.mark.parametrize("text", ["", "x", " ", "\N{SNOWMAN}", "half of a mark"])
def test_damaged_mark_says_nothing(marks: Path, path: Path, hashed: list[Path], text: str) -> None:
    mark_in(marks).write_text(text)

    assert is_good(marks, path)
    assert hashed == [path]


def test_mark_that_others_may_write_says_nothing(marks: Path, path: Path, hashed: list[Path]) -> None:
    mark_in(marks).chmod(0o666)

    assert is_good(marks, path)
    assert hashed == [path]


def test_large_file_of_a_folder_is_hashed_once_for_all_processes(
    folder_store: LocalFolderStore, tmp_path: Path, hashed: list[Path]
) -> None:
    sha256, size = put(folder_store, "large", bytes(2**20))
    for _ in range(2):
        DiskCache(tmp_path / "cache", folder_store, 1).fetch("large", sha256=sha256, size=size)
    assert len(hashed) == 1

    folder_store.put("large", b"?" + bytes(2**20 - 1))
    with pytest.raises(IndexCorruptError, match="large"):
        DiskCache(tmp_path / "cache", folder_store, 1).fetch("large", sha256=sha256, size=size)
