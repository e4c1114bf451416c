"""From a patch to a pull request: guarded, pushed once, described in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.github.preconditions import check_before_pull_request
from coding_agent.github.pull_request import open_pull_request
from coding_agent.github.pull_request_text import inert, pull_request_body, pull_request_title
from coding_agent.jobs.job import Job, PullRequestType, Stage
from coding_agent.repository.commit import apply_and_commit
from coding_agent.repository.push_guard import guard
from coding_agent.repository.trusted_clone import push
from coding_agent.runs.assignment import RunOutcome
from coding_agent.runs.lease import Lease
from coding_agent.runs.parts import JobParts
from coding_agent.runs.store_sink import StoreSink

__all__ = ["Work", "publish"]

_SHOWN_REFUSALS = 5
_SUBJECT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Work:
    """What a run made, and of what."""

    git_dir: Path
    base_branch: str
    base_commit: str
    branch: str
    title: str
    outcome: RunOutcome


def publish(parts: JobParts, job: Job, lease: Lease, sink: StoreSink, work: Work) -> None:
    """Push the patch to the job's branch and open its pull request, unless only the branch was asked for.

    Whether the issue is still to be worked on is asked before anything is pushed. Raises CodingAgentError
    `push_refused` with what the guard found, and what the steps raise.
    """
    issue = job.request.issue
    sink.stage(Stage.PUSH)
    check_before_pull_request(
        parts.github, issue, exit_status=work.outcome.exit_status, patch=work.outcome.patch, branch=work.branch
    )
    title = pull_request_title(issue, work.title, parts.redactor.redact)
    commit = apply_and_commit(
        work.git_dir,
        work.base_commit,
        work.outcome.patch,
        # Without the issue's number: GitHub would list the commit as somebody's work on it, and so would we later.
        message=inert(" ".join(parts.redactor.redact(work.title).split())[:_SUBJECT_CHARS]) or "Fix",
        job_id=job.id,
        at=job.created_at,
        stop=lease.stop,
    )
    remote = parts.remote(issue.repository)
    _check_guard(parts, lease, work, commit, (*parts.known_secrets, remote.token or ""))
    lease.stop.check()
    push(work.git_dir, commit, remote, work.branch, job_id=job.id, stop=lease.stop)
    lease.update(branch=work.branch)
    sink.log(f"pushed {commit} to {work.branch}")
    if job.request.pr_type is PullRequestType.BRANCH:
        return
    sink.stage(Stage.PR)
    failing = work.outcome.tests is not None and not work.outcome.tests.passed
    if failing and job.request.pr_type is PullRequestType.READY:
        sink.log("The tests do not pass: the pull request is a draft")
    opened = open_pull_request(
        parts.github,
        issue.repository,
        title=title,
        head=work.branch,
        base=work.base_branch,
        body=pull_request_body(job.id, issue, work.outcome, parts.redactor.redact),
        draft=failing or job.request.pr_type is PullRequestType.DRAFT,
    )
    if opened.note:
        sink.log(opened.note)
    lease.update(pr_url=opened.html_url)
    sink.log(f"{'opened' if opened.created else 'found'} {opened.html_url}")


def _check_guard(parts: JobParts, lease: Lease, work: Work, commit: str, secrets: Sequence[str]) -> None:
    refusals = guard(work.git_dir, work.base_commit, commit, parts.settings, lease.stop, known_secrets=secrets)
    if refusals:
        shown = "; ".join(
            f"{each.code}{f' in {each.path}' if each.path else ''}: {each.message}"
            for each in refusals[:_SHOWN_REFUSALS]
        )
        more = f" (and {len(refusals) - _SHOWN_REFUSALS} more)" if len(refusals) > _SHOWN_REFUSALS else ""
        raise CodingAgentError("push_refused", f"The patch is not pushed: {shown}{more}")
