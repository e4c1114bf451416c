"""One job, from its issue to its pull request: everything here is ours to trust, and nothing of a model runs here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import Comment
from coding_agent.github.preconditions import check_before_work
from coding_agent.github.pull_request import branch_name
from coding_agent.jobs.job import Job, JobStatus, Stage
from coding_agent.jobs.store import Artifact
from coding_agent.repository.trusted_clone import clone
from coding_agent.runs.assignment import Assignment, ExitStatus, IssueText, RunLimits, RunOutcome
from coding_agent.runs.lease import Lease
from coding_agent.runs.parts import JobParts
from coding_agent.runs.publication import Work, publish
from coding_agent.runs.store_sink import StoreSink
from coding_agent.runs.workspace import workspace
from coding_agent.settings import Settings

__all__ = ["run_job"]

# What is kept back of a job's time for the push and the pull request.
_PUBLISHING_S = 30.0
_COMMENTS = 50


@dataclass(frozen=True, slots=True)
class _Base:
    branch: str
    commit: str
    text: IssueText


def run_job(parts: JobParts, job: Job, lease: Lease) -> JobStatus:
    """Run a claimed job to its end and return how it ended well: success, or no_changes.

    A pull request that an earlier attempt opened is found and kept: there is never a second one. Raises
    JobStoppedError when told to stop, CodingAgentError with the code that the job fails with.
    """
    sink = StoreSink(parts.store, lease, parts.redactor.redact)
    branch = branch_name(job.request.issue.number, job.id)
    repository = job.request.issue.repository
    if job.attempt > 1 and (opened := parts.github.pulls_of_branch(repository, branch)):
        sink.log(f"An earlier attempt has opened {opened[0].html_url}")
        lease.update(pr_url=opened[0].html_url, branch=branch)
        return JobStatus.SUCCESS
    base = _fetch(parts, job, lease, sink)
    with workspace(parts.settings.workspace, job.id) as folder:
        sink.stage(Stage.CLONE)
        git_dir = folder / "repository.git"
        clone(parts.remote(repository), git_dir, lease.stop, commit=base.commit)
        outcome = parts.runner.run(
            _assignment(parts.settings, job, base, lease), git_dir, sink, lease.stop, worker=lease.worker
        )
        _keep(parts, lease, outcome)
        _check_submitted(outcome)
        if not outcome.patch.strip():
            sink.log("Nothing was changed")
            return JobStatus.NO_CHANGES
        if job.request.dry_run:
            sink.log("A dry run ends here: the patch is kept, nothing is pushed")
            return JobStatus.SUCCESS
        publish(parts, job, lease, sink, Work(git_dir, base.branch, base.commit, branch, base.text.title, outcome))
        return JobStatus.SUCCESS


def _fetch(parts: JobParts, job: Job, lease: Lease, sink: StoreSink) -> _Base:
    sink.stage(Stage.FETCH)
    issue = job.request.issue
    repository, found = check_before_work(parts.github, issue, parts.settings)
    branch = job.request.base_branch or repository.default_branch
    commit = parts.github.branch_commit(issue.repository, branch)
    comments = parts.github.comments(issue, _COMMENTS)
    lease.update(base_branch=branch, base_commit=commit)
    sink.log(f"{issue.url} on {branch} at {commit}")
    text = IssueText(title=found.title, body=found.body or "", comments=_said(comments))
    return _Base(branch, commit, text)


def _said(comments: Sequence[Comment]) -> tuple[tuple[str, str], ...]:
    return tuple((each.user.login if each.user else "ghost", each.body or "") for each in comments)


def _assignment(settings: Settings, job: Job, base: _Base, lease: Lease) -> Assignment:
    return Assignment(
        job_id=job.id,
        issue=job.request.issue,
        text=base.text,
        base_commit=base.commit,
        test_command=settings.test_commands.get(job.request.issue.repository),
        limits=RunLimits(
            steps=settings.max_steps,
            cost_usd=job.request.max_cost_usd,
            wall_s=max(lease.left_s - _PUBLISHING_S, lease.left_s / 2),
            command_s=settings.command_timeout_s,
            test_s=settings.test_timeout_s,
        ),
    )


def _keep(parts: JobParts, lease: Lease, outcome: RunOutcome) -> None:
    """Keep what the run made and used; what clients can read has no secrets in it."""

    def redacted(data: bytes) -> bytes:
        return parts.redactor.redact(data.decode("utf-8", errors="replace")).encode()

    lease.update(
        steps=outcome.steps,
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        cost_usd=outcome.cost_usd,
        summary=parts.redactor.redact(outcome.summary),
    )
    if outcome.tests is not None:
        lease.update(tests=replace(outcome.tests, output=parts.redactor.redact(outcome.tests.output)))
    parts.store.put_artifact(lease.job_id, Artifact.TRAJECTORY, redacted(outcome.trajectory))
    if outcome.patch:
        parts.store.put_artifact(lease.job_id, Artifact.PATCH, redacted(outcome.patch))


def _check_submitted(outcome: RunOutcome) -> None:
    if outcome.exit_status is not ExitStatus.SUBMITTED:
        detail = f": {outcome.detail}" if outcome.detail else ""
        raise CodingAgentError(
            outcome.exit_status, f"The model did not submit its patch ({outcome.exit_status.replace('_', ' ')}){detail}"
        )
