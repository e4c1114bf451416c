"""What is kept from being pushed, each kind with a change that has it and one that almost has."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from coding_agent.repository.git_dir import make_git_dir
from coding_agent.repository.push_guard import Refusal, guard
from coding_agent.runs.stop import Stop
from coding_agent.settings import Settings
from coding_agent.tests.origin import LINK, SCRIPT, SUBMODULE, Entry, make_origin

OWN_SECRET = secrets.token_hex(12)
BASE: dict[bytes, bytes | Entry] = {
    b"app.py": b"x = 1\n",
    b"README": b"read\n",
    b".github/workflows/ci.yml": b"on: push\n",
    b"sub": Entry(SUBMODULE, b"1" * 40),
    b"link": Entry(LINK, b"app.py"),
    b"old.bin": b"\0\1",
}
Judge = Callable[..., list[Refusal]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def judged(changed: dict[bytes, bytes | Entry], gone: tuple[bytes, ...] = (), **limits: object) -> list[Refusal]:
        git_dir = tmp_path / "git"
        make_git_dir(git_dir, Stop())
        base = make_origin(git_dir, BASE, branch="base")
        files = {path: what for path, what in {**BASE, **changed}.items() if path not in gone}
        commit = make_origin(git_dir, files, branch="base")
        settings = Settings.model_validate(limits)
        return guard(git_dir, base, commit, settings, Stop(), known_secrets=[OWN_SECRET])

    return judged


def _codes(refusals: list[Refusal]) -> set[str]:
    return {refusal.code for refusal in refusals}


REFUSED: list[tuple[str, str, bytes, bytes | Entry]] = [
    ("workflows", "a workflow", b".github/workflows/new.yml", b"on: push\n"),
    ("workflows", "a workflow in other case", b".GitHub/Workflows/new.yml", b"on: push\n"),
    ("workflows", "an action", b".github/actions/a/action.yml", b"x"),
    ("workflows", "who reviews", b"docs/CODEOWNERS", b"* @x\n"),
    ("workflows", "another CI service", b".gitlab-ci.yml", b"x"),
    ("workflows", "Jenkins", b"Jenkinsfile", b"x"),
    ("binaries", "a new binary", b"a.bin", bytes(range(256))),
    ("binaries", "a binary declared as text", b"old.bin", b"\0\2"),
    ("submodules", "a moved submodule", b"sub", Entry(SUBMODULE, b"2" * 40)),
    ("submodules", "a new submodule", b"sub2", Entry(SUBMODULE, b"2" * 40)),
    ("submodules", "where submodules are", b".gitmodules", b'[submodule "x"]\n'),
    ("symlinks", "a link in the tree", b"link2", Entry(LINK, b"app.py")),
    ("symlinks", "a file in place of a link", b"link", b"text\n"),
    ("symlink_outside", "an absolute link", b"link2", Entry(LINK, b"/etc/passwd")),
    ("symlink_outside", "a link that climbs out", b"a/b/link", Entry(LINK, b"../../../x")),
    ("symlink_outside", "a link into .git", b"a/link", Entry(LINK, b"../.git/config")),
    ("attributes", "a file hidden from review", b".gitattributes", b"*.py linguist-generated -diff\n"),
    ("path", "a control character", b"a\nb", b"x\n"),
    ("path", "an escape", b"a\x1b[31m", b"x\n"),
    ("path", "text turned around", "a\u202egnp.py".encode(), b"x\n"),
    ("path", "an invisible character", "app\u200b.py".encode(), b"x\n"),
    ("path", "no UTF-8", b"\xff\xfe", b"x\n"),
    ("path", "only another case", b"Readme", b"x\n"),
    ("known_secret", "the service's own secret", b"app.py", b"x = '%s'\n" % OWN_SECRET.encode()),
    ("known_secret", "the service's own secret as a name", OWN_SECRET.encode(), b"x\n"),
]
SECRET_LINES = [
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AKIA" + "QWERTYUIOPASDFGH",
    "ghp_" + secrets.token_hex(18),
    "github_pat_" + secrets.token_hex(30),
    "xoxb-" + "123456789012-abcdefghij",
    "sk-ant-" + secrets.token_hex(20),
    "sk_live_" + secrets.token_hex(12),
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"[:35],
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "abcdefghijklmnop",
    "postgres://admin:" + "hunter2hunter2@db.internal/x",
    "API_KEY = '" + "a8F3kLm29QzXcV7bN1pR5tYw'",
    '"client_secret": "' + 'Zx81kQpL02mNvB73rTyU"',
]


@pytest.mark.parametrize(
    ("code", "what", "path", "content"), REFUSED, ids=[f"{each[0]}: {each[1]}" for each in REFUSED]
)
def test_a_change_is_refused_with_its_code(judge: Judge, code: str, what: str, path: bytes, content: bytes) -> None:
    refusals = judge({path: content})
    assert code in _codes(refusals), what
    assert all(refusal.path.isprintable() and OWN_SECRET not in refusal.message for refusal in refusals)


@pytest.mark.parametrize("line", SECRET_LINES, ids=range(len(SECRET_LINES)))
def test_an_added_line_that_looks_secret_is_refused(judge: Judge, line: str) -> None:
    refusals = judge({b"app.py": f"x = 1\n{line}\n".encode()})
    assert _codes(refusals) == {"secrets"}
    assert line not in refusals[0].message


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (b"app.py", b"token = os.environ['SERVICE_TOKEN']\npassword = getpass.getpass()\n"),
        (b"app.py", b"token_length = configuration.default_token_length\n"),
        (b"run.sh", Entry(SCRIPT, b"#!/bin/sh\n")),
        (b"-rf", b"x\n"),
        (b"docs/workflows/ci.yml", b"x\n"),
        (".ünï/código.md".encode(), b"x\n"),
        (b".gitattributes", b"*.png -text\n*.py text\n"),
        (b".gitignore", b"*.log\n"),
        (b"app.py", b"url = 'https://user@example.org/a:b'\nsha = '%s'\n" % (b"4b825dc642cb6eb9a060" * 2)),
    ],
)
def test_an_ordinary_change_is_let_through(judge: Judge, path: bytes, content: bytes | Entry) -> None:
    assert judge({path: content}) == []


@pytest.mark.parametrize(
    "encode",
    [
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: base64.b64encode(f"x-access-token:{secret}".encode()).decode(),
        lambda secret: secret.encode().hex(),
        lambda secret: quote(secret, safe=""),
    ],
    ids=["base64", "inside base64", "hex", "url"],
)
def test_the_services_own_secret_is_refused_in_each_encoding(tmp_path: Path, encode: Callable[[str], str]) -> None:
    git_dir = tmp_path / "git"
    make_git_dir(git_dir, Stop())
    secret = f"a/+{OWN_SECRET}"
    base = make_origin(git_dir, {b"a": b"1\n"}, branch="base")
    commit = make_origin(git_dir, {b"a": f"x = '{encode(secret)}'\n".encode()}, branch="base")
    refusals = guard(git_dir, base, commit, Settings.model_validate({}), Stop(), known_secrets=[secret])
    assert "known_secret" in _codes(refusals)


def test_a_secret_that_was_there_before_is_not_the_changes_fault(tmp_path: Path) -> None:
    git_dir = tmp_path / "git"
    make_git_dir(git_dir, Stop())
    line = SECRET_LINES[2].encode()
    base = make_origin(git_dir, {b"a": line + b"\nx\n"}, branch="base")
    commit = make_origin(git_dir, {b"a": line + b"\ny\n"}, branch="base")
    assert guard(git_dir, base, commit, Settings.model_validate({}), Stop()) == []


def test_size_is_counted_in_files_and_in_lines(judge: Judge) -> None:
    files = {b"f%d" % number: b"1\n2\n" for number in range(5)}
    assert judge(files, max_changed_files=5, max_changed_lines=10) == []


@pytest.mark.parametrize("limits", [{"max_changed_files": 4}, {"max_changed_lines": 9}])
def test_a_change_larger_than_the_settings_is_refused(judge: Judge, limits: dict[str, int]) -> None:
    files = {b"f%d" % number: b"1\n2\n" for number in range(5)}
    assert _codes(judge(files, **limits)) == {"size"}


def test_a_file_that_is_deleted_needs_no_permission_unless_it_is_guarded(judge: Judge) -> None:
    assert judge({}, gone=(b"old.bin", b"app.py")) == []


@pytest.mark.parametrize(("path", "code"), [(b".github/workflows/ci.yml", "workflows"), (b"sub", "submodules")])
def test_a_guarded_file_is_not_deleted_either(judge: Judge, path: bytes, code: str) -> None:
    assert _codes(judge({}, gone=(path,))) == {code}


def test_each_kind_is_let_through_where_the_settings_say_so_and_some_never(judge: Judge) -> None:
    everything: dict[bytes, bytes | Entry] = {path: content for _, _, path, content in REFUSED}
    everything[b"key"] = SECRET_LINES[0].encode()
    allowed = (
        "workflows",
        "binaries",
        "secrets",
        "submodules",
        "symlinks",
        "size",
        "attributes",
        "path",
        "known_secret",
    )
    refusals = judge(everything, push_allow=(*allowed, "symlink_outside"), max_changed_files=1)
    assert _codes(refusals) == {"path", "known_secret", "symlink_outside"}
