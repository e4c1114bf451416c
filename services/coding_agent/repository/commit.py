"""A patch becomes a commit in our own clone, without a work tree: nothing of it is ever a file here."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.repository.git import GitCall, one_line, run_git
from coding_agent.runs.stop import Stop

__all__ = ["AUTHOR_EMAIL", "AUTHOR_NAME", "apply_and_commit", "is_commit_of_job"]

AUTHOR_NAME = "FinRAG coding agent"
AUTHOR_EMAIL = "finrag-coding-agent@users.noreply.github.com"

_TRAILER = "Coding-Agent-Job"
_MAX_MESSAGE_CHARS = 20_000


def apply_and_commit(
    git_dir: Path, commit: str, patch: bytes, *, message: str, job_id: str, at: datetime, stop: Stop
) -> str:
    """Apply the patch to the commit and return the id of a commit on top of it.

    Author, message and time (`at`) are ours, so that the same patch gives the same commit. The message (untrusted
    parts allowed) ends with the job's id as a trailer. Raises CodingAgentError `patch_refused` for a patch that does
    not apply or leaves the tree (`..`, absolute, `.git`, beyond a symbolic link), `no_changes` for one that changes
    nothing.
    """
    if not patch.strip():
        raise CodingAgentError("no_changes", "Nothing was changed")
    with tempfile.TemporaryDirectory(prefix="coding-agent-index-") as folder:
        index = Path(folder, "index")

        def git(*arguments: str, stdin: bytes = b"", code: str = "patch_refused") -> str:
            call = GitCall(arguments=arguments, git_dir=git_dir, index=index, stdin=stdin, environment=_people(at))
            return run_git(call, stop, code=code).stdout.decode(errors="replace").strip()

        git("read-tree", commit, code="clone_failed")
        git("apply", "--cached", "--binary", "--whitespace=nowarn", "-", stdin=patch)
        tree = git("write-tree")
        if tree == git("rev-parse", f"{commit}^{{tree}}"):
            raise CodingAgentError("no_changes", "The patch changes nothing")
        text = f"{_clean(message)}\n\n{_TRAILER}: {one_line(job_id)}\n".encode()
        return git("commit-tree", tree, "-p", commit, "-F", "-", stdin=text, code="commit_failed")


def is_commit_of_job(git_dir: Path, commit: str, job_id: str, stop: Stop) -> bool:
    """Whether we made this commit for this job."""
    call = GitCall(arguments=["cat-file", "commit", commit], git_dir=git_dir)
    head, _, message = run_git(call, stop, code="clone_failed").stdout.decode(errors="replace").partition("\n\n")
    ours = re.search(rf"^committer {re.escape(AUTHOR_NAME)} <{re.escape(AUTHOR_EMAIL)}> ", head, re.MULTILINE)
    return ours is not None and message.rstrip().splitlines()[-1:] == [f"{_TRAILER}: {job_id}"]


def _people(at: datetime) -> dict[str, str]:
    date = f"{int(at.timestamp())} +0000"
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", AUTHOR_NAME), ("EMAIL", AUTHOR_EMAIL), ("DATE", date))
    }


def _clean(message: str) -> str:
    """Without control characters, and without lines that would pass for our trailer.

    A zero-width space stays: it is what keeps mentions and references in an issue's title from acting.
    """
    kept = "".join(character for character in message if character.isprintable() or character in "\n\u200b")
    lines = [line.rstrip() for line in kept[:_MAX_MESSAGE_CHARS].splitlines()]
    return "\n".join(line for line in lines if not line.lower().startswith(_TRAILER.lower())).strip()
