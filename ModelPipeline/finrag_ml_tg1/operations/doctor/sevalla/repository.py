"""Checks of the repository the platform builds from: no secret in it, and what is meant to be deployed is pushed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.secrets_file import check_tracking
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan
from finrag_ml_tg1.operations.git import git, git_lines, git_output, unpushed

__all__ = ["check_env_files", "check_pushed", "check_secret_values"]

_COMMITS = 50
_HISTORY_S = 3.0
_LEAST_CHARS = 8
_NAMED = 5


def check_env_files(plan: Plan) -> Finding:
    """Look whether git has, or would take, a file with variables."""
    files = dict.fromkeys(pasted.file for pasted in plan.pasted.values() if pasted.file is not None)
    if not files:
        return skipped("no --env-file")
    findings = [check_tracking(plan.folder, file) for file in files if file is not None]
    order = ("failed", "warning", "skipped", "ok")
    return min(findings, key=lambda finding: order.index(finding.state))


def check_secret_values(plan: Plan) -> Finding:
    """Look for the secrets' values in files that git tracks, and in what the last commits changed."""
    secrets = {name: value for name, value in plan.secrets.items() if len(value) >= _LEAST_CHARS}
    if not secrets:
        return skipped("there is no secret to look for")
    if git_output(plan.folder, "rev-parse", "--is-inside-work-tree") is None:
        return skipped("this folder is in no git repository, or git is not installed")
    # The values go over standard input: arguments of a command can be read by others.
    patterns = "\n".join(secrets.values()).encode()
    found = git(plan.folder, "grep", "-lF", "-f", "-", sent=patterns)
    files = found.stdout.decode(errors="replace").splitlines() if found else []
    renew = "renew every key that was found: who has the repository has it, and it stays in the history"
    if files:
        return failed(f"a secret's value stands in {', '.join(files[:_NAMED])}", "take it out, commit", renew)
    name, commit, commits = _search_history(plan.folder, secrets)
    if name is not None:
        return failed(f"the value of {name} is in commit {commit}", renew)
    return ok(
        f"none of {len(secrets)} secrets' values is in tracked files, or was changed by the last {commits} commits"
    )


def check_pushed(plan: Plan) -> Finding:
    """Look whether what is here is what the platform would fetch; the remote itself is not asked."""
    lines = unpushed(plan.folder)
    if lines is None:
        return skipped("this folder is in no git repository, or git is not installed")
    if lines:
        return warning("; ".join(lines), "the platform builds what was pushed: `git status`, commit, `git push`")
    return ok("all is committed and pushed, as far as the last fetch knows")


def _search_history(folder: Path, secrets: Mapping[str, str]) -> tuple[str | None, str, int]:
    """Return which secret the last commits added or removed, None for none, the last commit read, and how many were."""
    wanted = {name: value.encode() for name, value in secrets.items()}
    ends_at, commit, commits = time.monotonic() + _HISTORY_S, "", 0
    log = ("log", "-p", "-U0", f"-n{_COMMITS}", "--no-color", "--no-ext-diff", "--no-textconv", "--format=%x00%h")
    with closing(git_lines(folder, *log)) as lines:
        for line in lines:
            if line.startswith(b"\0"):
                if time.monotonic() > ends_at:
                    break
                commit, commits = line[1:].decode().strip(), commits + 1
            elif name := next((name for name, value in wanted.items() if value in line), None):
                return name, commit, commits
    return None, commit, commits
