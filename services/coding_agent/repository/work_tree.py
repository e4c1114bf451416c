"""The files that a sandbox gets, and what was changed in them.

A work tree is written once by us, with a `.git` of its own so that `git status`, `git diff` and `git log` work there.
After that nothing in it is believed: what changed is computed with our git directory, a fresh index and the tree's
files alone. No `.git` of the tree, at its top or below, is opened.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.repository.git import GitCall, one_line, run_git
from coding_agent.repository.git_dir import make_git_dir
from coding_agent.runs.stop import Stop

__all__ = ["EMBEDDED_REPOSITORY", "MAX_TREE_BYTES", "MAX_TREE_FILES", "check_out", "diff"]

MAX_TREE_BYTES = 2_000_000_000
MAX_TREE_FILES = 200_000
MAX_CHANGED_BYTES = 64_000_000

# Stands in a patch for the commit of a repository that was left in the tree, whatever commit it is at: the id of git's
# empty tree, which no commit has.
EMBEDDED_REPOSITORY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

_LISTING_BYTES = 64_000_000
_LITERAL: Mapping[str, str] = {}
# For what takes no literal paths; every path stands behind `:(…literal)` or `./` then.
_MAGIC = {"GIT_LITERAL_PATHSPECS": "0"}


def check_out(git_dir: Path, commit: str, work_tree: Path, stop: Stop, *, max_bytes: int = MAX_TREE_BYTES) -> None:
    """Write the commit's files, byte for byte as they are kept, to a new folder, with a throw-away `.git` there.

    Raises CodingAgentError `repository_too_large` for more than `max_bytes` or `MAX_TREE_FILES` files before anything
    is written, `checkout_failed` otherwise.
    """
    _check_size(git_dir, commit, stop, max_bytes)
    work_tree.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="coding-agent-index-") as folder:
        index = Path(folder, "index")
        for arguments in (["read-tree", commit], ["checkout-index", "--all", "--index", "--quiet"]):
            call = GitCall(arguments=arguments, git_dir=git_dir, work_tree=work_tree, index=index, timeout_s=600)
            run_git(call, stop, code="checkout_failed")
        throw_away = work_tree / ".git"
        make_git_dir(throw_away, stop, bare=False)
        # Copied, not linked: what a sandbox writes must not reach our own objects.
        shutil.copytree(git_dir / "objects", throw_away / "objects", dirs_exist_ok=True)
        if (git_dir / "shallow").exists():
            shutil.copyfile(git_dir / "shallow", throw_away / "shallow")
        shutil.copyfile(index, throw_away / "index")
        call = GitCall(arguments=["update-ref", "refs/heads/base", commit], git_dir=throw_away)
        run_git(call, stop, code="checkout_failed")


def diff(git_dir: Path, commit: str, work_tree: Path, stop: Stop, *, max_bytes: int = 8_000_000) -> bytes:
    """Return `git diff --binary` from the commit to the files of the tree as they are now (empty: nothing changed).

    To be called when no process of the sandbox is left. What the tree's .gitignore and our own list of leavings name is
    left out unless it is tracked; its attributes have no effect; a symbolic link is a link, a repository in it is shown
    as `Subproject commit EMBEDDED_REPOSITORY`. Nothing is written to `git_dir`. Named pipes, sockets and devices are
    removed from the tree. Raises CodingAgentError `patch_too_large`, `work_tree_unreadable` for what git cannot record.
    """
    repositories = _repositories(work_tree)
    with tempfile.TemporaryDirectory(prefix="coding-agent-diff-") as folder:
        place = Path(folder)
        objects = place / "objects"
        objects.mkdir()

        def git(
            *arguments: str,
            stdin: bytes = b"",
            code: str | None = "work_tree_unreadable",
            environment: Mapping[str, str] = _LITERAL,
        ) -> bytes:
            call = GitCall(
                arguments=arguments,
                git_dir=git_dir,
                work_tree=work_tree,
                index=place / "index",
                new_objects=objects,
                stdin=stdin,
                environment=environment,
                timeout_s=300,
                max_output_bytes=max(max_bytes, _LISTING_BYTES) if "-p" not in arguments else max_bytes,
            )
            return run_git(call, stop, code=code).stdout

        git("read-tree", commit)
        # Behind `./` no name is magic. What cannot be answered (exit code 128) counts as not ignored: it is shown.
        asked = b"\0".join(b"./" + path for path in repositories)
        ignored = git("check-ignore", "-z", "--stdin", stdin=asked, code=None, environment=_MAGIC).split(b"\0")
        embedded = [path for path in repositories if b"./" + path not in ignored]
        paths = b"\0".join([b":/", *(b":(top,exclude,literal)" + path for path in embedded)])
        git("add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=paths, environment=_MAGIC)
        if embedded:
            entries = b"".join(b"160000 %s\t%s\0" % (EMBEDDED_REPOSITORY.encode(), path) for path in embedded)
            git("update-index", "-z", "--index-info", stdin=entries)
        raw = git("diff-index", "--cached", "--raw", "-z", "--full-index", "--no-renames", commit, "--")
        blobs = [entry.split(b" ")[3] for entry in raw.split(b"\0")[:-1:2]]
        sizes = git("cat-file", "--batch-check=%(objectsize)", stdin=b"".join(blob + b"\n" for blob in blobs))
        if sum(int(size) for size in sizes.split() if size.isdigit()) > MAX_CHANGED_BYTES:
            raise CodingAgentError(
                "patch_too_large", f"More than {MAX_CHANGED_BYTES // 1_000_000} MB of files were changed"
            )
        try:
            return git(
                *("diff-index", "--cached", "-p", "--binary", "--full-index", "--no-color", "--no-renames"),
                *("--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--submodule=short", commit, "--"),
            )
        except CodingAgentError as error:
            if error.code == "git_output_too_large":
                raise CodingAgentError("patch_too_large", f"The patch is larger than {max_bytes} bytes") from error
            raise


def _check_size(git_dir: Path, commit: str, stop: Stop, max_bytes: int) -> None:
    too_large = CodingAgentError(
        "repository_too_large", f"The repository's files are more than {max_bytes // 1_000_000} MB or {MAX_TREE_FILES}"
    )
    call = GitCall(
        arguments=["ls-tree", "-r", "-z", "--format=%(objectsize:padded)", commit],
        git_dir=git_dir,
        # Padded: about 8 bytes each, so that a tree which repeats itself without end is left early.
        max_output_bytes=MAX_TREE_FILES * 9,
    )
    try:
        sizes = run_git(call, stop, code="checkout_failed").stdout.split(b"\0")
    except CodingAgentError as error:
        if error.code == "git_output_too_large":
            raise too_large from error
        raise
    if len(sizes) > MAX_TREE_FILES or sum(int(size) for size in sizes if size.strip().isdigit()) > max_bytes:
        raise too_large


def _repositories(work_tree: Path) -> list[bytes]:
    """Return the folders below the top that hold a `.git`, relative; remove what is no file, link or folder."""
    top = os.fsencode(work_tree)
    found: list[bytes] = []
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(folder))
            if folder != top and any(entry.name == b".git" for entry in entries):
                found.append(os.path.relpath(folder, top))
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    if entry.name != b".git":
                        waiting.append(entry.path)
                elif not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                    # Nothing that git records, and reading one waits for ever.
                    os.unlink(entry.path)  # noqa: PTH108
        except OSError as error:
            raise CodingAgentError(
                "work_tree_unreadable", f"A folder of the work tree cannot be read: {one_line(str(error))}"
            ) from error
    return found
