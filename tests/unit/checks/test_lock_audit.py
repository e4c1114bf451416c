"""A lock is held to versions, hashes and the package index; what differs between locks and pyproject.toml is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.locks import lock_mistakes, read_pins
from tests.sample_index import ROOT

_HASH = "--hash=sha256:" + "ab" * 32
_OTHER = "--hash=sha256:" + "cd" * 32
GOOD = f"""\
boto3==1.44.5 \\
    {_HASH} \\
    {_OTHER}
uvloop==0.22 ; sys_platform != 'win32' \\
    {_HASH}
"""
PROJECT = """\
[project.optional-dependencies]
backend = ["boto3>=1.40", "uvloop>=0.21; sys_platform != 'win32'"]
dev = ["finrag[backend]", "pytest>=8"]
"""
MISTAKES = {
    "no hash": ("boto3==1.44.5\n", "hash"),
    "half a hash": ("boto3==1.44.5 --hash=sha256:abcd\n", "hash"),
    "other hash": ("boto3==1.44.5 --hash=md5:" + "ab" * 16 + "\n", "hash"),
    "range": (f"boto3>=1.44 {_HASH}\n", "pinned"),
    "wildcard": (f"boto3==1.* {_HASH}\n", "pinned"),
    "address": (f"boto3 @ https://example.com/boto3.whl {_HASH}\n", "pinned"),
    "version control": ("git+https://example.com/boto3\n", "pinned"),
    "index": ("--index-url https://example.com/simple\n", "pinned"),
    "short index": ("-i https://example.com/simple\n", "pinned"),
    "more indexes": ("--extra-index-url https://example.com/simple\n", "pinned"),
    "folder of wheels": ("--find-links wheels\n", "pinned"),
    "other file": ("-r other.txt\n", "pinned"),
    "editable": ("-e .\n", "pinned"),
    "abandoned": (f"PyCrypto==2.6.1 {_HASH}\n", "cryptography"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "requirements" / "backend.txt").write_text(GOOD)
    (tmp_path / "requirements" / "dev.txt").write_text(f"{GOOD}pytest==9.0 {_HASH}\n")
    return tmp_path


def test_our_locks_are_whole() -> None:
    assert lock_mistakes(ROOT) == []


def test_good_locks_are_let_be(project: Path) -> None:
    assert lock_mistakes(project) == []
    pins, _ = read_pins(GOOD)
    assert [(pin.name, pin.version, pin.marker, len(pin.hashes)) for pin in pins] == [
        ("boto3", "1.44.5", "", 2),
        ("uvloop", "0.22", "sys_platform != 'win32'", 1),
    ]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_line_that_is_no_pin_with_hashes_is_named(mistake: str) -> None:
    line, word = MISTAKES[mistake]
    _, mistakes = read_pins(GOOD + line)
    assert len(mistakes) == 1
    assert word in mistakes[0]


def test_password_of_an_index_is_not_repeated() -> None:
    _, (mistake,) = read_pins("--index-url https://reader:" + "hidden" + "word@example.com/simple\n")
    assert "hiddenword" not in mistake


def test_versions_that_differ_between_locks_are_named(project: Path) -> None:
    (project / "requirements" / "backend.txt").write_text(GOOD.replace("1.44.5", "1.44.6"))
    assert lock_mistakes(project) == ["boto3 is 1.44.6 in backend.txt and 1.44.5 in dev.txt"]


def test_hashes_that_differ_between_locks_are_named(project: Path) -> None:
    (project / "requirements" / "backend.txt").write_text(GOOD.replace(_OTHER, "--hash=sha256:" + "ef" * 32))
    assert lock_mistakes(project) == ["boto3 1.44.5 has other hashes in backend.txt than in dev.txt"]


def test_dependency_without_a_pin_is_named(project: Path) -> None:
    (project / "requirements" / "dev.txt").write_text(GOOD)
    assert lock_mistakes(project) == ["pytest is missing in requirements/dev.txt: run make lock"]


def test_pin_that_pyproject_refuses_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text(PROJECT.replace("pytest>=8", "pytest>=10"))
    assert lock_mistakes(project) == ["pytest 9.0 in dev.txt is not >=10: run make lock"]


def test_dependency_from_an_address_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text(PROJECT.replace("pytest>=8", "pytest @ https://example.com/pytest.whl"))
    (mistake,) = lock_mistakes(project)
    assert "not from the package index" in mistake


def test_lock_of_no_extra_is_named(project: Path) -> None:
    (project / "requirements" / "other.txt").write_text(GOOD)
    assert lock_mistakes(project) == ["requirements/other.txt belongs to no extra of pyproject.toml"]


def test_project_without_locks_is_not_clean(tmp_path: Path) -> None:
    assert lock_mistakes(tmp_path) == ["there is no lock in requirements"]


def test_locks_of_services_are_looked_at_too(project: Path) -> None:
    lock = project / "services" / "agent" / "requirements" / "service.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text("boto3>=1.40\n")
    (mistake,) = lock_mistakes(project)
    assert mistake.startswith("services/agent/requirements/service.txt: not a pinned requirement")
