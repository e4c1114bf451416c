"""What a sandbox did to its files, seen from outside: every change, nothing run, nothing believed."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coding_agent.errors import CodingAgentError
from coding_agent.github.pull_request_text import inert
from coding_agent.repository.commit import apply_and_commit
from coding_agent.repository.git_dir import make_git_dir
from coding_agent.repository.work_tree import EMBEDDED_REPOSITORY, check_out, diff
from coding_agent.runs.stop import Stop
from coding_agent.tests.origin import LINK, SCRIPT, SUBMODULE, Entry, make_origin, plain_git

STRANGE = [
    b"-rf",
    b"--output=x",
    b"new\nline",
    b"quo\"te'`$(touch x)",
    b"back tick/tab\there",
    b"\xff\xfe invalid",
    b":(exclude)magic",
    b"*",
    b"Case",
    b"case",
    b" lead",
    "ünï/código".encode(),
]
AT = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Place:
    git_dir: Path
    commit: str
    tree: Path

    def diff(self) -> bytes:
        return diff(self.git_dir, self.commit, self.tree, Stop())

    def applied(self) -> dict[bytes, tuple[str, bytes]]:
        """What a commit of the diff holds, by plain git."""
        made = apply_and_commit(self.git_dir, self.commit, self.diff(), message="m", job_id="j", at=AT, stop=Stop())
        listed = plain_git(self.git_dir, "ls-tree", "-rz", made).split(b"\0")[:-1]
        entries = {line.split(b"\t", 1)[1]: line.split(b"\t", 1)[0].split() for line in listed}
        return {
            path: (mode.decode(), b"" if kind == b"commit" else plain_git(self.git_dir, "cat-file", "blob", name))
            for path, (mode, kind, name) in entries.items()
        }


Make = Callable[[dict[bytes, bytes | Entry]], Place]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(files: dict[bytes, bytes | Entry]) -> Place:
        git_dir = tmp_path / "trusted"
        make_git_dir(git_dir, Stop())
        commit = make_origin(git_dir, files, branch="base")
        check_out(git_dir, commit, tmp_path / "tree", Stop())
        return Place(git_dir, commit, tmp_path / "tree")

    return made


def _sandbox_git(tree: Path, *arguments: str) -> bytes:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=tree, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_git_works_in_a_new_tree_and_says_that_it_is_clean(make: Make) -> None:
    place = make(
        {b"app.py": b"x\r\n", b"run.sh": Entry(SCRIPT, b"#!/bin/sh\n"), b".gitattributes": b"* text eol=crlf\n"}
    )
    assert _sandbox_git(place.tree, "status", "--porcelain") == b""
    assert _sandbox_git(place.tree, "log", "--format=%H").decode().strip() == place.commit
    (place.tree / "app.py").write_bytes(b"y\n")
    assert b"+y" in _sandbox_git(place.tree, "diff")
    assert place.diff().count(b"diff --git") == 1


def test_a_tree_that_was_not_touched_has_an_empty_diff(make: Make) -> None:
    place = make({**dict.fromkeys(STRANGE, b"1\n"), b"l": Entry(LINK, b"/etc/passwd"), b"s": Entry(SCRIPT, b"")})
    assert place.diff() == b""


def test_every_kind_of_change_is_in_the_diff_and_applies(make: Make) -> None:
    place = make({b"a": b"1\n", b"b": b"2\n", b"c": b"3\n", b"d": b"4\n"})
    before = sorted(path for path in place.git_dir.rglob("*"))
    (place.tree / "a").write_bytes(b"changed\n")
    (place.tree / "b").unlink()
    (place.tree / "c").chmod(0o755)
    (place.tree / "d").unlink()
    (place.tree / "d").symlink_to("/etc/passwd")
    (place.tree / "binary").write_bytes(bytes(range(256)))
    _sandbox_git(place.tree, "add", "--all")
    assert b"root:" not in place.diff()
    assert sorted(path for path in place.git_dir.rglob("*")) == before
    assert place.applied() == {
        b"a": ("100644", b"changed\n"),
        b"c": ("100755", b"3\n"),
        b"d": ("120000", b"/etc/passwd"),
        b"binary": ("100644", bytes(range(256))),
    }


def test_files_with_strange_names_are_changed_like_others(make: Make) -> None:
    place = make(dict.fromkeys(STRANGE[::2], b"old\n"))
    for name in STRANGE:
        path = place.tree / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"new\n")
    assert place.applied() == dict.fromkeys(STRANGE, ("100644", b"new\n"))


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.binary(min_size=1, max_size=20)
        .filter(lambda name: not set(name) & {0, 47, 92})
        .map(lambda name: b"f" + name),
        st.binary(max_size=200),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_files_there_are_come_through_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    make_git_dir(folder / "trusted", Stop())
    commit = make_origin(folder / "trusted", {b"kept": b"1"}, branch="base")
    check_out(folder / "trusted", commit, folder / "tree", Stop())
    for name, content in files.items():
        (folder / "tree" / os.fsdecode(name)).write_bytes(content)
    place = Place(folder / "trusted", commit, folder / "tree")
    assert place.applied() == {b"kept": ("100644", b"1"), **{name: ("100644", data) for name, data in files.items()}}


def test_ignored_files_and_leavings_are_left_out_but_tracked_ones_are_not(make: Make) -> None:
    place = make({b".gitignore": b"*.log\n", b"kept.log": b"1\n"})
    (place.tree / "kept.log").write_bytes(b"2\n")
    (place.tree / "new.log").write_bytes(b"3\n")
    for leaving in ("__pycache__/a.pyc", "node_modules/x/index.js", ".pytest_cache/v"):
        (place.tree / leaving).parent.mkdir(parents=True)
        (place.tree / leaving).write_bytes(b"4")
    assert set(place.applied()) == {b".gitignore", b"kept.log"}
    assert place.applied()[b"kept.log"] == ("100644", b"2\n")


def _poison(git: Path, canary: Path) -> None:
    """A `.git` whose every program leaves a trace when anybody runs git in it."""
    script = git / "evil"
    git.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\necho run >> '{canary}'\ncat\n")
    script.chmod(0o755)
    (git / "hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "pre-commit", "post-checkout", "reference-transaction", "pre-push"):
        (git / "hooks" / hook).write_bytes(script.read_bytes())
        (git / "hooks" / hook).chmod(0o755)
    (git / "config").write_text(
        f"[core]\nrepositoryformatversion = 0\nfsmonitor = {script}\nhooksPath = {git / 'hooks'}\npager = {script}\n"
        f'sshCommand = {script}\n[filter "evil"]\nclean = {script}\nsmudge = {script}\nprocess = {script}\nrequired\n'
        f'[diff "evil"]\ncommand = {script}\ntextconv = {script}\n[diff]\nexternal = {script}\n'
    )
    (git / "info").mkdir(exist_ok=True)
    (git / "info" / "attributes").write_text("* filter=evil diff=evil\n")


def test_a_poisoned_git_directory_runs_nothing_and_hides_nothing(make: Make, tmp_path: Path) -> None:
    place = make({b"a": b"1\n", b"b": b"2\n"})
    canary = tmp_path / "canary"
    (place.tree / "a").write_bytes(b"changed\n")
    _poison(place.tree / ".git", canary)
    (place.tree / ".gitattributes").write_text(
        "* filter=evil diff=evil -diff merge=evil working-tree-encoding=UTF-16\n"
    )
    # Proof that the trap is set: plain git in that tree does run it.
    subprocess.run(["git", "status"], cwd=place.tree, capture_output=True, check=False)
    assert canary.exists()
    canary.unlink()
    patch = place.diff()
    assert b"+changed" in patch
    assert place.applied()[b"a"] == ("100644", b"changed\n")
    assert not canary.exists()


@pytest.mark.parametrize(
    "kind", ["with a commit", "without one", "of a base submodule", "a file that points outside", "HEAD is endless"]
)
def test_a_repository_in_the_tree_is_shown_as_one_and_never_opened(make: Make, tmp_path: Path, kind: str) -> None:
    files: dict[bytes, bytes | Entry] = {b"a": b"1\n"}
    if kind == "of a base submodule":
        files[b"sub"] = Entry(SUBMODULE, b"1" * 40)
    place = make(files)
    canary = tmp_path / "canary"
    sub = place.tree / "sub"
    sub.mkdir(exist_ok=True)
    (sub / "file").write_bytes(b"1")
    if kind == "a file that points outside":
        (sub / ".git").write_text(f"gitdir: {place.git_dir}\n")
    else:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        subprocess.run(["git", "init", "-q", sub], env=environment, check=True)
        if kind == "with a commit":
            identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
            subprocess.run(
                ["git", "-C", sub, *identity, "commit", "-qm", "x", "--allow-empty"], env=environment, check=True
            )
        _poison(sub / ".git", canary)
        if kind == "HEAD is endless":
            (sub / ".git" / "HEAD").unlink()
            (sub / ".git" / "HEAD").symlink_to("/dev/zero")
    patch = place.diff()
    assert patch.endswith(b"+Subproject commit %s\n" % EMBEDDED_REPOSITORY.encode())
    assert place.applied()[b"sub"] == ("160000", b"")
    assert not canary.exists()


def test_a_repository_that_is_ignored_is_left_out(make: Make) -> None:
    place = make({b".gitignore": b"vendor/\n"})
    _sandbox_git(place.tree, "init", "-q", "vendor/x")
    assert place.diff() == b""


def test_a_folder_replaced_by_a_link_out_of_the_tree_is_a_link(make: Make, tmp_path: Path) -> None:
    place = make({b"dir/a": b"1\n", b"dir/b": b"2\n", b"other": b"3\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"not ours\n")
    for name in "ab":
        (place.tree / "dir" / name).unlink()
    (place.tree / "dir").rmdir()
    (place.tree / "dir").symlink_to(outside)
    assert b"not ours" not in place.diff()
    assert place.applied() == {b"dir": ("120000", os.fsencode(outside)), b"other": ("100644", b"3\n")}


def test_pipes_and_sockets_do_not_hold_anybody_up(make: Make) -> None:
    place = make({b".gitignore": b"x\n", b"a": b"1\n"})
    (place.tree / ".gitignore").unlink()
    os.mkfifo(place.tree / ".gitignore")
    os.mkfifo(place.tree / ".gitattributes")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(place.tree)
        listening.bind("socket")
        os.chdir(here)
        assert set(place.applied()) == {b"a"}


@pytest.mark.parametrize("name", [".GIT", "git~1"])
def test_names_that_are_git_elsewhere_are_refused(make: Make, name: str) -> None:
    place = make({b"a": b"1\n"})
    (place.tree / name / "hooks").mkdir(parents=True)
    (place.tree / name / "hooks" / "pre-commit").write_text("x")
    with pytest.raises(CodingAgentError) as error:
        place.diff()
    assert error.value.code == "work_tree_unreadable"


def test_patches_are_bounded(make: Make) -> None:
    place = make({b"a": b"1\n"})
    with (place.tree / "hole").open("wb") as hole:
        hole.truncate(70_000_000)
    with pytest.raises(CodingAgentError) as error:
        place.diff()
    assert error.value.code == "patch_too_large"
    (place.tree / "hole").write_bytes(os.urandom(30_000))
    with pytest.raises(CodingAgentError) as error:
        diff(place.git_dir, place.commit, place.tree, Stop(), max_bytes=10_000)
    assert error.value.code == "patch_too_large"


def test_a_repository_that_unfolds_beyond_bounds_is_not_written(tmp_path: Path) -> None:
    git_dir = tmp_path / "trusted"
    make_git_dir(git_dir, Stop())
    tree = plain_git(git_dir, "hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    kind, mode = "blob", "100644"
    for _ in range(8):
        listing = "".join(f"{mode} {kind} {tree}\t{number}\n" for number in range(10)).encode()
        tree = plain_git(git_dir, "mktree", stdin=listing).decode().strip()
        kind, mode = "tree", "040000"
    bomb = plain_git(git_dir, "commit-tree", "-m", "bomb", tree).decode().strip()
    with pytest.raises(CodingAgentError) as error:
        check_out(git_dir, bomb, tmp_path / "tree", Stop())
    assert error.value.code == "repository_too_large"
    assert not (tmp_path / "tree").exists()


def test_a_hostile_repository_runs_nothing_when_it_is_checked_out(make: Make, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    evil = b"touch %s" % os.fsencode(canary)
    place = make(
        {
            b".gitattributes": b"* filter=evil diff=evil text eol=crlf ident\n[attr]evil filter=evil\n",
            b".gitmodules": b'[submodule "x"]\npath = x\nurl = ext::sh -c "%s"\nupdate = !%s\n' % (evil, evil),
            b"x": Entry(SUBMODULE, b"2" * 40),
            b".gitconfig": b"[core]\nfsmonitor = %s\n" % evil,
            b"hooks/post-checkout": Entry(SCRIPT, b"#!/bin/sh\n%s\n" % evil),
            b".githooks/post-checkout": Entry(SCRIPT, b"#!/bin/sh\n%s\n" % evil),
            b"link": Entry(LINK, b"../../../../etc"),
            b"text": b"$Id$\n",
        }
    )
    assert (place.tree / "text").read_bytes() == b"$Id$\n"
    assert place.diff() == b""
    (place.tree / "text").write_bytes(b"changed $Id$\n")
    assert place.applied()[b"text"] == ("100644", b"changed $Id$\n")
    assert not canary.exists()


def test_a_repository_with_git_paths_of_its_own_is_not_written(tmp_path: Path) -> None:
    git_dir = tmp_path / "trusted"
    make_git_dir(git_dir, Stop())
    blob = plain_git(git_dir, "hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    raw = b"100755 post-checkout\0" + bytes.fromhex(blob)
    for name in (b"hooks", b".git"):
        tree = (
            plain_git(git_dir, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", stdin=raw).decode().strip()
        )
        raw = b"40000 %s\0" % name + bytes.fromhex(tree)
    tree = plain_git(git_dir, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", stdin=raw).decode().strip()
    commit = plain_git(git_dir, "commit-tree", "-m", "x", tree).decode().strip()
    with pytest.raises(CodingAgentError) as error:
        check_out(git_dir, commit, tmp_path / "tree", Stop())
    assert error.value.code == "checkout_failed"


def _patch(path: str, mode: str = "100644", line: str = "x") -> bytes:
    head = f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1 @@\n+{line}\n".encode()


LINK_PATCH = _patch("l", LINK, "/tmp").replace(b"+/tmp\n", b"+/tmp\n\\ No newline at end of file\n")


@pytest.mark.parametrize(
    "patch",
    [
        _patch("../outside"),
        _patch("a/../../outside"),
        _patch("/etc/outside"),
        _patch(".git/hooks/post-commit", SCRIPT),
        _patch("sub/.git/config"),
        _patch(".GIT/config"),
        _patch("git~1/config"),
        LINK_PATCH + _patch("l/escaped"),
        _patch("inlink/escaped"),
        b"diff --git a/a b/../b\nrename from a\nrename to ../b\n",
        b"not a patch",
        b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-other\n+x\n",
    ],
    ids=lambda patch: patch[:40].decode(errors="replace").replace("\n", " ").replace("\0", "0"),
)
def test_a_patch_that_leaves_the_tree_or_does_not_fit_is_refused(make: Make, tmp_path: Path, patch: bytes) -> None:
    place = make({b"a": b"1\n", b"inlink": Entry(LINK, b"/tmp")})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CodingAgentError) as error:
        apply_and_commit(place.git_dir, place.commit, patch, message="m", job_id="j", at=AT, stop=Stop())
    assert error.value.code == "patch_refused"
    assert [path for path in sorted(tmp_path.rglob("*")) if "objects" not in path.parts] == [
        path for path in before if "objects" not in path.parts
    ]


def test_a_patch_that_changes_nothing_is_told_apart(make: Make) -> None:
    place = make({b"a": b"1\n"})
    for patch in (b"", b"\n"):
        with pytest.raises(CodingAgentError) as error:
            apply_and_commit(place.git_dir, place.commit, patch, message="m", job_id="j", at=AT, stop=Stop())
        assert error.value.code == "no_changes"


def test_the_commits_author_message_and_trailer_are_ours(make: Make) -> None:
    place = make({b"a": b"1\n"})
    message = "Fix `x`; $(touch y)\n\nCoding-Agent-Job: forged\n-F /etc/passwd\x00\x1b[31m\n"
    made = apply_and_commit(
        place.git_dir, place.commit, _patch("n"), message=message, job_id="job9", at=AT, stop=Stop()
    )
    assert plain_git(place.git_dir, "show", "-s", "--format=%an <%ae>|%cn|%at", made).decode() == (
        "FinRAG coding agent <finrag-coding-agent@users.noreply.github.com>|FinRAG coding agent|1767312000\n"
    )
    assert plain_git(place.git_dir, "show", "-s", "--format=%B", made).decode().strip() == (
        "Fix `x`; $(touch y)\n\n-F /etc/passwd[31m\n\nCoding-Agent-Job: job9"
    )


def test_what_keeps_a_title_from_acting_stays_in_the_message(make: Make) -> None:
    place = make({b"a": b"1\n"})
    (place.tree / "a").write_bytes(b"2\n")
    title = inert("fixes #1, says @everyone\u202e")
    made = apply_and_commit(place.git_dir, place.commit, place.diff(), message=title, job_id="j", at=AT, stop=Stop())
    subject = plain_git(place.git_dir, "show", "-s", "--format=%s", made).decode()
    assert "#1" not in subject
    assert "@everyone" not in subject
    assert subject.replace("\u200b", "").strip() == "fixes #1, says @everyone"
