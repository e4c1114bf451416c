"""Are executions recorded: the credentials, the bucket, what workers say of their writing, the newest object."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from scheduler.operations.doctor.bucket import BucketError, open_bucket
from scheduler.operations.doctor.finding import Check, Finding, fail, ok, unknown, warn
from scheduler.operations.doctor.surroundings import Surroundings
from scheduler.queueing.job import JobState

__all__ = ["record_checks"]

# Beyond the longest time that a record waits in memory: a flush takes a while, clocks differ.
_ALLOWANCE_S = 60.0
_OBJECTS = "python -m scheduler list-objects"


def record_checks(around: Surroundings) -> Iterator[Check]:
    """Yield the checks of the way from an execution to its record on S3."""
    yield Check("s3", lambda: _credentials(around), _OBJECTS)
    yield Check("bucket", lambda: _bucket(around), _OBJECTS, needs=("s3",))
    yield Check("writer", lambda: _writer(around), needs=("redis",))
    yield Check("recent records", lambda: _recent(around), _OBJECTS, needs=("redis", "s3", "bucket"))


async def _credentials(around: Surroundings) -> Sequence[Finding]:
    problem = await _problem(around)
    if problem is None or problem.kind == "missing":
        return [ok(f"{around.settings.s3_endpoint or 'S3'} answers, and knows our key")]
    if problem.kind == "refused":
        fix = (
            "correct SCHEDULER_S3_ACCESS_KEY_ID and SCHEDULER_S3_SECRET_ACCESS_KEY, "
            "and let the key list, read and write this bucket"
        )
        return [fail(str(problem), fix, _OBJECTS)]
    if problem.kind == "away":
        fix = "correct SCHEDULER_S3_ENDPOINT, and let pods reach it (NetworkPolicy); workers keep their records until then"
        return [
            fail(str(problem), fix, f"curl -sS -o /dev/null -w '%{{http_code}}' {around.settings.s3_endpoint or ''}")
        ]
    if problem.kind == "clock":
        return [fail(str(problem), "have the clock set from the network (NTP)", "timedatectl status")]
    return [fail(str(problem), "correct SCHEDULER_S3_ENDPOINT and SCHEDULER_S3_REGION", _OBJECTS)]


async def _bucket(around: Surroundings) -> Sequence[Finding]:
    problem = await _problem(around)
    if problem is None:
        return [ok(f"the bucket {around.settings.s3_bucket} can be listed")]
    return [fail(str(problem), "make the bucket, or correct SCHEDULER_S3_BUCKET", _OBJECTS)]


async def _writer(around: Surroundings) -> Sequence[Finding]:
    beats = await around.queue.workers()
    if not beats:
        return [unknown("see worker: nobody writes")]
    found = [
        fail(
            f"worker {beat.worker_id} cannot write its records: {beat.last_flush_error}",
            f"see s3 and bucket; {beat.pending_records} records wait in its spool, and none is lost until it is full",
            "kubectl logs -n scheduler -l app=scheduler-worker --tail 50",
        )
        for beat in beats
        if beat.last_flush_error
    ]
    waiting = sum(beat.pending_records for beat in beats)
    return found or [ok(f"{waiting} records wait to be written")]


async def _recent(around: Surroundings) -> Sequence[Finding]:
    try:
        async with open_bucket(around.settings) as bucket:
            newest = await bucket.newest(around.workspace)
    except BucketError as error:
        return [unknown(str(error), command=_OBJECTS)]
    ended = await _last_end(around)
    aged = f"the newest object is {_age(newest)} old" if newest else "no object is of yesterday or today"
    if ended is None:
        return [ok(f"{aged}; nothing ended that should be in one")]
    overdue = time.time() - ended > around.settings.metrics_flush_s + _ALLOWANCE_S
    if overdue and (newest is None or newest.timestamp() < ended):
        told = f"an execution ended {_age(datetime.fromtimestamp(ended, UTC))} ago, and {aged}"
        return [fail(told, "see writer, s3 and bucket, and that workers and API name the same prefix", _OBJECTS)]
    return [ok(f"{aged}; the last execution ended {_age(datetime.fromtimestamp(ended, UTC))} ago")]


async def _problem(around: Surroundings) -> BucketError | None:
    try:
        async with open_bucket(around.settings) as bucket:
            await bucket.keys(around.settings.metrics_prefix, 1)
    except BucketError as error:
        return error
    return None


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
