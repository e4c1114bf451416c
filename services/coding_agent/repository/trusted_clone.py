"""Our own clone of a repository: fetched from and pushed to the server, and never written by a sandbox."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.repository.commit import is_commit_of_job
from coding_agent.repository.git import GitCall, GitResult, one_line, run_git
from coding_agent.repository.git_dir import make_git_dir
from coding_agent.repository.remote import Remote
from coding_agent.runs.stop import Stop

__all__ = ["MAX_REPOSITORY_BYTES", "clone", "push"]

MAX_REPOSITORY_BYTES = 1_000_000_000
_FETCH_S = 900.0
_PUSH_S = 300.0

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
# The rules of `git check-ref-format`, narrowed to names that people give.
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|\Z)|/\.|\./|\.\Z|/\Z))[A-Za-z0-9_][A-Za-z0-9_.+@#=,/-]{0,200}\Z")
_OUR_BRANCH = re.compile(r"fix/issue-[0-9]{1,18}-[0-9a-z]{4,40}\Z")


def clone(
    remote: Remote,
    git_dir: Path,
    stop: Stop,
    *,
    branch: str | None = None,
    commit: str | None = None,
    max_bytes: int = MAX_REPOSITORY_BYTES,
) -> str:
    """Fetch one commit with its whole tree into a new bare git directory, and return its id.

    It is the tip of `branch` (None: of the default branch), or `commit` (40 hex digits). History is left out: a new
    commit on top can be pushed without it. No remote is configured. Raises CodingAgentError `branch_not_found`,
    `repository_not_found`, `clone_denied`, `repository_too_large`, `clone_failed`, `git_timed_out`.
    """
    wanted = _wanted(branch, commit)
    make_git_dir(git_dir, stop)
    call = GitCall(
        arguments=[
            *("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"),
            *("--", remote.url, f"+{wanted}:refs/heads/base"),
        ],
        git_dir=git_dir,
        remote=remote,
        timeout_s=_FETCH_S,
        max_git_dir_bytes=max_bytes,
    )
    result = run_git(call, stop)
    if result.exit_code != 0:
        raise _fetch_error(result, branch or commit or "the default branch")
    shown = run_git(
        GitCall(arguments=["rev-parse", "--verify", "--quiet", "refs/heads/base^{commit}"], git_dir=git_dir),
        stop,
        code="clone_failed",
    )
    return shown.stdout.decode().strip()


def push(git_dir: Path, commit: str, remote: Remote, branch: str, *, job_id: str, stop: Stop) -> None:
    """Make `branch` on the server be `commit`, for the job alone: nothing that others pushed is ever replaced.

    The branch is `fix/issue-N-<part of the job's id>`. It is made if it is not there. If it is there already it stays
    when it is at this commit; it is replaced when the commit at its tip is one that an earlier attempt of the same job
    made, and only while the server still has that one (a lease). So an attempt after a crash neither gets stuck nor
    needs a second branch. Raises CodingAgentError `push_rejected` otherwise and for what the server's rules forbid,
    `push_denied` when the token may not, `repository_not_found`, `push_failed`.
    """
    if not _OUR_BRANCH.match(branch) or not _COMMIT.match(commit):
        raise CodingAgentError("push_rejected", "Only a commit on a branch fix/issue-… is pushed")
    ref = f"refs/heads/{branch}"
    there = _tip(git_dir, remote, ref, stop)
    if there == commit:
        return
    if there is not None and not _is_ours(remote, there, job_id, stop):
        raise CodingAgentError("push_rejected", f"The branch {branch} has commits that are not this job's")
    result = run_git(
        GitCall(
            arguments=[
                *("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"),
                *(f"--force-with-lease={ref}:{there or ''}", "--", remote.url, f"{commit}:{ref}"),
            ],
            git_dir=git_dir,
            remote=remote,
            timeout_s=_PUSH_S,
        ),
        stop,
    )
    if result.exit_code != 0:
        raise _push_error(result)


def _wanted(branch: str | None, commit: str | None) -> str:
    if commit is not None:
        if not _COMMIT.match(commit):
            raise CodingAgentError("branch_not_found", "A commit is named by its 40 hexadecimal digits")
        return commit
    if branch is None:
        return "HEAD"
    if not _BRANCH.match(branch):
        raise CodingAgentError("branch_not_found", "That is not the name of a branch: letters, digits and . _ - / only")
    return f"refs/heads/{branch}"


def _tip(git_dir: Path, remote: Remote, ref: str, stop: Stop) -> str | None:
    """Return the commit that the server has at the reference, or None."""
    call = GitCall(arguments=["ls-remote", "--refs", "--quiet", "--", remote.url, ref], git_dir=git_dir, remote=remote)
    result = run_git(call, stop)
    if result.exit_code != 0:
        raise _push_error(result)
    for line in result.stdout.decode(errors="replace").splitlines():
        commit, _, name = line.partition("\t")
        if name == ref and _COMMIT.match(commit):
            return commit
    return None


def _is_ours(remote: Remote, commit: str, job_id: str, stop: Stop) -> bool:
    """Whether the server's commit was made by an attempt of this job; it is looked at in a place of its own."""
    with tempfile.TemporaryDirectory(prefix="coding-agent-tip-") as folder:
        aside = Path(folder, "git")
        clone(remote, aside, stop, commit=commit)
        return is_commit_of_job(aside, commit, job_id, stop)


def _fetch_error(result: GitResult, wanted: str) -> CodingAgentError:
    text = result.stderr
    if "couldn't find remote ref" in text or "not our ref" in text:
        return CodingAgentError("branch_not_found", f"The repository has no {one_line(wanted)}")
    if "died of signal 25" in text or "File too large" in text:
        return CodingAgentError("repository_too_large", "The repository is larger than what is cloned")
    return _access_error(text, "clone_denied") or CodingAgentError(
        "clone_failed", f"The repository cannot be cloned: {one_line(text)}"
    )


def _push_error(result: GitResult) -> CodingAgentError:
    # With --porcelain the state of each reference is on standard output: `!<TAB>from:to<TAB>[rejected] (why)`.
    refused = [line for line in result.stdout.decode(errors="replace").splitlines() if line.startswith("!\t")]
    if refused:
        return CodingAgentError("push_rejected", f"The server refuses the branch: {one_line(refused[0])}")
    return _access_error(result.stderr, "push_denied") or CodingAgentError(
        "push_failed", f"The branch cannot be pushed: {one_line(result.stderr)}"
    )


def _access_error(text: str, denied: str) -> CodingAgentError | None:
    if re.search(r"repository '[^']*' not found|[Rr]epository not found|returned error: 404", text):
        return CodingAgentError(
            "repository_not_found", "GitHub has no such repository, or the token does not reach it: check its access"
        )
    if re.search(r"returned error: 40[13]|Authentication failed|could not read (?:Username|Password)", text):
        return CodingAgentError(denied, "GitHub refuses the token for this repository: it needs contents: write")
    if "unable to update url base from redirection" in text or "returned error: 30" in text:
        return CodingAgentError("repository_moved", "The repository has moved: use its new address")
    return None
