"""Fix one issue: for people on their own machine, and (`--job`) what runs in a runner task.

python -m coding_agent.fix_issue https://github.com/OWNER/REPOSITORY/issues/NUMBER [--dry-run …]
"""

from __future__ import annotations

import secrets
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from coding_agent.errors import CodingAgentError
from coding_agent.github.issue_url import parse_issue_url
from coding_agent.jobs.job import Job, JobRequest, JobStatus, PullRequestType
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import Artifact, JobStore
from coding_agent.runs.task_run import run_task
from coding_agent.settings import Settings

__all__ = ["main"]

_LOG_EVERY_S = 0.5
_ENDED_WELL = (JobStatus.SUCCESS, JobStatus.NO_CHANGES)


@click.command(help=(__doc__ or "").splitlines()[0])
@click.argument("issue_url", required=False)
@click.option("--job", "is_task", is_flag=True, help="Run the job of JOB_URL and JOB_TOKEN, in a runner task.")
@click.option("--base-branch", help="The branch to change; by default the repository's default branch.")
@click.option(
    "--pr-type",
    type=click.Choice([each.value for each in PullRequestType]),
    default=PullRequestType.DRAFT.value,
    show_default=True,
    help="What is made of the patch.",
)
@click.option("--dry-run", is_flag=True, help="Make the patch and print it; push nothing.")
@click.option("--max-cost", type=click.FloatRange(min=0, min_open=True), help="US dollars the model may cost.")
@click.option("--max-minutes", type=click.FloatRange(min=0, min_open=True), help="How long it may take.")
def main(  # noqa: PLR0917 (click passes them by name)
    issue_url: str | None,
    is_task: bool,
    base_branch: str | None,
    pr_type: str,
    dry_run: bool,
    max_cost: float | None,
    max_minutes: float | None,
) -> None:
    """Run one job to its end; the exit code is 0 when it succeeded or nothing had to be changed."""
    if is_task:
        raise SystemExit(run_task())
    if issue_url is None:
        raise click.UsageError("Give the address of an issue: https://github.com/OWNER/REPOSITORY/issues/NUMBER")
    settings = Settings()
    try:
        request = JobRequest(
            issue=parse_issue_url(issue_url, settings),
            base_branch=base_branch,
            pr_type=PullRequestType(pr_type),
            dry_run=dry_run,
            max_cost_usd=max_cost or settings.max_cost_usd,
            max_minutes=max_minutes or settings.max_minutes,
        )
        with tempfile.TemporaryDirectory(prefix="fix-issue-") as folder:
            here = {
                "store": f"sqlite:///{Path(folder, 'jobs.db')}",
                "runner": "bubblewrap",
                "environment": "development",
            }
            job = _run_here(request, settings.model_copy(update=here))
    except CodingAgentError as error:
        raise click.ClickException(f"{error.message} ({error.code})") from None
    if job.status not in _ENDED_WELL:
        raise SystemExit(1)


def _run_here(request: JobRequest, settings: Settings) -> Job:
    # The worker knows GitHub and its token: a runner task does not even import it.
    from coding_agent.worker import run_once

    store = open_store(settings)
    try:
        now = datetime.now(UTC)
        job = Job(id=secrets.token_hex(8), request=request, client="command line", created_at=now, updated_at=now)
        store.submit(job)
        ended = threading.Event()
        follower = threading.Thread(target=_follow, args=(store, job.id, ended), daemon=True)
        follower.start()
        try:
            run_once(settings, store)
        finally:
            ended.set()
            follower.join()
        ended_job = store.get(job.id)
        _print_result(store, ended_job)
        return ended_job
    finally:
        store.close()


def _follow(store: JobStore, job_id: str, ended: threading.Event) -> None:
    """Print the log as it grows, to its end."""
    seen = 0
    last = False
    while not last:
        last = ended.wait(_LOG_EVERY_S)
        for line in store.read_log(job_id, after=seen):
            click.echo(line.text, err=True)
            seen = line.number


def _print_result(store: JobStore, job: Job) -> None:
    click.echo(f"{job.status}: {job.request.issue.url}", err=True)
    click.echo(f"{job.steps} steps, {job.cost_usd:.4f} US dollars", err=True)
    if job.error is not None:
        click.echo(f"{job.error.message} ({job.error.code})", err=True)
    if job.pr_url is not None:
        click.echo(job.pr_url)
    elif (patch := store.get_artifact(job.id, Artifact.PATCH)) is not None:
        click.echo(patch, nl=False)


if __name__ == "__main__":
    main()
