"""What is looked at without a browser: jobs in Redis, executions and objects on S3."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import click

from scheduler.errors import HistoryUnavailableError, StoreUnavailableError
from scheduler.operations.table import table
from scheduler.queueing.job import Job, JobState
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError, read_settings
from scheduler.triggers.trigger import ENVIRONMENTS

__all__ = ["VIEWING_COMMANDS"]

_COULD_NOT_RUN = 2


def _with_settings(look: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a command with the settings of the environment; what is away is one line and exit code 2."""

    @functools.wraps(look)
    def run(**options: object) -> None:
        try:
            asyncio.run(_run(look, read_settings(), options))
        except (ConfigurationError, HistoryUnavailableError, StoreUnavailableError, ValueError) as error:
            click.echo(str(error), err=True)
            raise SystemExit(_COULD_NOT_RUN) from None

    return run


async def _run(look: Callable[..., Awaitable[None]], settings: Settings, options: dict[str, object]) -> None:
    await look(settings, **options)


@click.command("view-jobs")
@click.option("--state", type=click.Choice([*JobState]), default=None, help="Only these [active, waiting, failed, …].")
@click.option("--workspace", default=None, help="Only those of this workspace.")
@click.option("--count", default=20, show_default=True, help="So many of each state.")
@_with_settings
async def view_jobs(settings: Settings, state: str | None, workspace: str | None, count: int) -> None:
    """Show how many jobs are in each state, who works, and the newest jobs."""
    from scheduler.operations.doctor.surroundings import open_surroundings

    async with open_surroundings(settings) as around:
        counts = await around.queue.counts()
        workers = await around.queue.workers()
        states = [JobState(state)] if state else list(JobState)
        found = {each: await around.queue.jobs(each, count=count) for each in states}
        paused = " (paused)" if await around.queue.is_paused() else ""
    click.echo(", ".join(f"{number} {each}" for each, number in counts.items()) + paused)
    click.echo(f"workers: {len(workers)}, calls now: {sum(worker.running for worker in workers)}")
    rows = [_job_row(job) for jobs in found.values() for job in jobs if workspace in (None, job.call.workspace_id)]
    if rows:
        click.echo(table(("STATE", "JOB", "TRIES", "WHEN", "WHAT CAME"), rows))


@click.command("view-metrics")
@click.argument("workspace")
@click.option("--environment", type=click.Choice(ENVIRONMENTS), default=None, help="Only this one.")
@click.option("--hours", default=24, show_default=True, help="Of the last so many hours.")
@click.option("--limit", default=20, show_default=True, help="So many executions, the newest first.")
@_with_settings
async def view_metrics(settings: Settings, workspace: str, environment: str | None, hours: int, limit: int) -> None:
    """Show what ran for a workspace, and how it went. The page with the chart is /metrics?workspace_id=…"""
    from scheduler.executions.s3_history import S3ExecutionHistory

    now = datetime.now(UTC)
    async with S3ExecutionHistory.open(settings) as history:
        page = await history.page(
            workspace, since=now - timedelta(hours=hours), until=now, environment=environment, limit=limit
        )
    told = page.statistics
    rate = "" if told.success_rate is None else f", {told.success_rate:.1f} % succeeded"
    times = "" if told.avg_duration is None else f", average {told.avg_duration:.0f} ms, p95 {told.p95 or 0:.0f} ms"
    click.echo(f"{workspace}: {told.total} executions in {hours} h, {told.failed} failed{rate}{times}")
    rows = [
        (
            record.timestamp,
            record.status,
            str(record.http_status or ""),
            f"{record.duration_ms} ms",
            str(record.retry_count),
            record.job_id,
            record.error_message or "",
        )
        for record in page.executions
    ]
    if rows:
        click.echo(table(("BEGAN", "STATUS", "HTTP", "TOOK", "RETRIES", "JOB", "ERROR"), rows))
    for key in page.unread:
        click.echo(f"could not be read: {key}", err=True)


@click.command("list-objects")
@click.option("--day", default=None, metavar="YYYY-MM-DD", help="Of this UTC day [today].")
@click.option("--prefix", default=None, help="Below this instead of a day: metrics/year=2026/")
@_with_settings
async def list_objects(settings: Settings, day: str | None, prefix: str | None) -> None:
    """List the objects with executions."""
    from scheduler.executions.object_store import ObjectStore

    when = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) if day else datetime.now(UTC)
    of_day = f"{when:year=%Y/month=%m/day=%d/}"
    async with ObjectStore.open(settings) as objects:
        if prefix is None and settings.metrics_by_workspace:
            below = [f"{each}{of_day}" for each in await objects.folders(settings.metrics_prefix)]
        else:
            below = [prefix if prefix is not None else f"{settings.metrics_prefix}{of_day}"]
        found = [each for one in below for each in await objects.objects(one)]
    for each in found:
        click.echo(f"{each.modified:%Y-%m-%d %H:%M:%S}  {each.size:>9}  {each.key}")
    click.echo(f"{len(found)} objects in {settings.s3_bucket} below {', '.join(below)}")


VIEWING_COMMANDS: tuple[click.Command, ...] = (view_jobs, view_metrics, list_objects)


def _job_row(job: Job) -> Sequence[str]:
    when = {JobState.DELAYED: job.due_ms, JobState.ACTIVE: job.started_ms}.get(job.state, job.finished_ms)
    came = job.failed_reason or str(job.result.get("http_status") or "")
    return job.state, job.id, str(job.attempts_made), _time(when or job.created_ms), came


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"
