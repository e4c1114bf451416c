"""Are executions recorded: the object store, what workers say of their writing, the newest object."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from scheduler.errors import HistoryUnavailableError
from scheduler.executions.object_keys import day_prefixes
from scheduler.executions.object_store import ObjectStore
from scheduler.operations.doctor.finding import Check, Finding, fail, ok, unknown
from scheduler.operations.doctor.surroundings import Surroundings
from scheduler.queueing.job import JobState
from scheduler.settings import Settings

__all__ = ["record_checks"]

# Beyond the longest time that a record waits in memory: a flush takes a while, clocks differ.
_ALLOWANCE_S = 60.0
_OBJECTS = "python -m scheduler list-objects"


def record_checks(around: Surroundings) -> Iterator[Check]:
    """Yield the checks of the way from an execution to its record on S3."""
    yield Check("s3", lambda: _s3(around), _OBJECTS)
    yield Check("writer", lambda: _writer(around), needs=("redis",))
    yield Check("recent records", lambda: _recent(around), _OBJECTS, needs=("redis", "s3"))


async def _s3(around: Surroundings) -> Sequence[Finding]:
    try:
        async with ObjectStore.open(around.settings) as objects:
            await objects.check()
    except HistoryUnavailableError as error:
        cause, _, fix = str(error).partition(": ")
        return [fail(cause, fix or "try again; see what the store says of itself", _OBJECTS)]
    return [ok(f"the bucket {around.settings.s3_bucket} at {around.settings.s3_endpoint or 'AWS'} can be listed")]


async def _writer(around: Surroundings) -> Sequence[Finding]:
    beats = await around.queue.workers()
    if not beats:
        return [unknown("see worker: nobody writes")]
    found = [
        fail(
            f"worker {beat.worker_id} cannot write its records: {beat.last_flush_error}",
            f"see s3; {beat.pending_records} records wait in its spool, and none is lost until it is full",
            "kubectl logs -n scheduler -l app=scheduler-worker --tail 50",
        )
        for beat in beats
        if beat.last_flush_error
    ]
    waiting = sum(beat.pending_records for beat in beats)
    return found or [ok(f"{waiting} records wait to be written")]


async def _recent(around: Surroundings) -> Sequence[Finding]:
    newest = await _newest(around)
    ended = await _last_end(around)
    aged = f"the newest object is {_age(newest)} old" if newest else "no object is of yesterday or today"
    if ended is None:
        return [ok(f"{aged}; nothing ended that should be in one")]
    overdue = time.time() - ended > around.settings.metrics_flush_s + _ALLOWANCE_S
    # S3 tells whole seconds: what was written in the second of the end may hold it.
    if overdue and (newest is None or newest.timestamp() < math.floor(ended)):
        told = f"an execution ended {_age(datetime.fromtimestamp(ended, UTC))} ago, and {aged}"
        return [fail(told, "see writer, and that workers and API name the same prefix", _OBJECTS)]
    return [ok(f"{aged}; the last execution ended {_age(datetime.fromtimestamp(ended, UTC))} ago")]


async def _newest(around: Surroundings) -> datetime | None:
    """When the newest object of today was written, or of yesterday where there is none."""
    settings, today = around.settings, datetime.now(UTC).date()
    async with ObjectStore.open(settings) as objects:
        workspaces = [around.workspace] if around.workspace else await _workspaces(objects, settings)
        for day in (today, today - timedelta(days=1)):
            prefixes = {prefix for each in workspaces for prefix in day_prefixes(settings, day, each)}
            times = [found.modified for prefix in sorted(prefixes) for found in await objects.objects(prefix)]
            if times:
                return max(times)
    return None


async def _workspaces(objects: ObjectStore, settings: Settings) -> Sequence[str]:
    """Those with a folder of their own; one that nobody has stands for the common folder."""
    begin = f"{settings.metrics_prefix}workspace="
    found = await objects.folders(settings.metrics_prefix)
    return [each.removeprefix(begin).rstrip("/") for each in found if each.startswith(begin)] or [""]


async def _last_end(around: Surroundings) -> float | None:
    """When the last job ended, of the workspace if one is looked at (among the newest hundred of each kind)."""
    ends = [
        job.finished_ms / 1000
        for state in (JobState.COMPLETED, JobState.FAILED)
        for job in await around.queue.jobs(state, count=100)
        if job.finished_ms and around.workspace in (None, job.call.workspace_id)
    ]
    return max(ends, default=None)


def _age(of: datetime) -> str:
    seconds = max(0.0, (datetime.now(UTC) - of).total_seconds())
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.0f} h"
    )
