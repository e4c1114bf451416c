"""Repositories for tests of our git, made with plain git so that what is in them is known without our code."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LINK", "SCRIPT", "SUBMODULE", "Entry", "make_origin", "plain_git"]

LINK, SCRIPT, SUBMODULE = "120000", "100755", "160000"
SOMEBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.org"), ("DATE", "1700000000 +0000"))
}


@dataclass(frozen=True)
class Entry:
    """A file that is no plain one: a mode, and its content (of a submodule: the commit)."""

    mode: str
    content: bytes


def plain_git(git_dir: Path, *arguments: str | bytes, stdin: bytes = b"", **environment: str) -> bytes:
    """What git prints, run without configuration of this machine."""
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DIR": str(git_dir),
        **SOMEBODY,
        **environment,
    }
    done = subprocess.run(["git", *arguments], input=stdin, env=settings, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def make_origin(git_dir: Path, files: Mapping[bytes, bytes | Entry], branch: str = "main") -> str:
    """Make a bare repository whose branch has one commit more, with exactly these files; return the commit."""
    if not git_dir.exists():
        git_dir.parent.mkdir(parents=True, exist_ok=True)
        plain_git(git_dir, "init", "--quiet", "--bare", "--template=", "--initial-branch", branch)
    stream = [
        b"commit refs/heads/%s\ncommitter Somebody <s@example.org> 1700000000 +0000\ndata 4\nmade" % branch.encode()
    ]
    known = subprocess.run(
        ["git", "--git-dir", git_dir, "rev-parse", "-q", "--verify", branch], capture_output=True, check=False
    )
    if known.returncode == 0:
        stream.append(b"from refs/heads/%s^0\ndeleteall" % branch.encode())
    for path, what in files.items():
        mode, content = (what.mode, what.content) if isinstance(what, Entry) else ("100644", what)
        name = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
        if mode == SUBMODULE:
            stream.append(b"M %s %s %s" % (mode.encode(), content, name))
        else:
            stream.append(b"M %s inline %s\ndata %d\n%s" % (mode.encode(), name, len(content), content))
    plain_git(git_dir, "fast-import", "--quiet", "--force", stdin=b"\n".join([*stream, b""]))
    return plain_git(git_dir, "rev-parse", branch).decode().strip()
