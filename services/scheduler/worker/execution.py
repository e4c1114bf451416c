"""What a worker does with a job: look up the trigger, make one attempt, and record the execution with the last one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from redis.exceptions import RedisError

from scheduler.calls.answer import Answer, Verdict
from scheduler.calls.caller import Caller
from scheduler.executions.attempt_trail import AttemptTrail
from scheduler.executions.execution_log import ExecutionLog
from scheduler.executions.record import Attempt, ExecutionRecord
from scheduler.observability.context import EXECUTION_ID, SECRETS
from scheduler.observability.redaction import plain_url, secrets_of
from scheduler.observability.worker_metrics import (
    ATTEMPTS,
    EXECUTION_SECONDS,
    EXECUTIONS,
    LATENESS_SECONDS,
    RUNNING_CALLS,
)
from scheduler.queueing.job import Call, Progress
from scheduler.queueing.queue import FinalFailure, RetryCall
from scheduler.triggers.current_trigger import OBSOLETE, CurrentTrigger
from scheduler.triggers.trigger import Trigger, job_id, job_name

__all__ = ["Execution"]

_logger = logging.getLogger(__name__)


class Execution:
    """A CallHandler: every execution of a trigger that is still there leaves one record, whatever came of it."""

    def __init__(self, triggers: CurrentTrigger, caller: Caller, log: ExecutionLog, trail: AttemptTrail) -> None:
        self._triggers = triggers
        self._caller = caller
        self._log = log
        self._trail = trail

    async def __call__(self, call: Call, progress: Progress) -> Mapping[str, object]:
        """Make one attempt. Raises RetryCall while attempts are left, FinalFailure at the end, NotNow before it.

        Raises StoreUnavailableError where the trigger cannot be looked up; nothing was called then.
        """
        with _told(call):
            placed = await self._triggers.of(call)
            if placed is None:
                _logger.info("the trigger was changed, paused or deleted since this was scheduled: nothing is called")
                return OBSOLETE
            SECRETS.set(secrets_of(placed.trigger.headers, placed.trigger.url))
            return await self._run(placed.trigger, call, progress)

    async def _run(self, trigger: Trigger, call: Call, progress: Progress) -> Mapping[str, object]:
        with RUNNING_CALLS.track_inprogress():
            answer = await self._caller.call(trigger, call, progress)
        attempt = _attempt(answer)
        ATTEMPTS.labels(answer.verdict).inc()
        _logger.info(
            "attempt %d of %d: %s",
            progress.attempt,
            progress.attempts,
            answer.verdict,
            extra={
                "workspace_id": call.workspace_id,
                "job": job_id(call.workspace_id, call.environment, call.index),
                "http_status": answer.http_status,
                "duration_ms": answer.duration_ms,
                "problem": answer.problem,
            },
        )
        if answer.verdict is Verdict.AGAIN and progress.attempt < progress.attempts:
            await self._keep(call, attempt)
            raise RetryCall(answer.problem or "", after_s=answer.after_s)
        await self._record(trigger, call, progress, answer, attempt)
        if answer.verdict is not Verdict.DONE:
            raise FinalFailure(answer.problem)
        return {"status": "success", "http_status": answer.http_status, "duration_ms": answer.duration_ms}

    async def _keep(self, call: Call, attempt: Attempt) -> None:
        try:
            await self._trail.add(call.job_id, attempt)
        except RedisError as error:
            _logger.warning("the details of this attempt are not kept: %s", type(error).__name__)

    async def _record(self, trigger: Trigger, call: Call, progress: Progress, answer: Answer, last: Attempt) -> None:
        earlier: tuple[Attempt, ...] = ()
        if progress.attempt > 1:
            try:
                earlier = await self._trail.of(call.job_id)
            except RedisError as error:
                _logger.warning("the earlier attempts are left out of the record: %s", type(error).__name__)
        record = _record(trigger, call, progress, answer, (*earlier, last))
        self._log.write(record)
        EXECUTIONS.labels(record.status).inc()
        EXECUTION_SECONDS.labels(record.status).observe(record.duration_ms / 1000)
        if record.lateness_ms is not None:
            LATENESS_SECONDS.observe(max(record.lateness_ms, 0) / 1000)
        if earlier:
            try:
                await self._trail.forget(call.job_id)
            except RedisError as error:
                _logger.info("the attempts stay in Redis until they expire: %s", type(error).__name__)


@contextmanager
def _told(call: Call) -> Iterator[None]:
    """Log under the execution's id, and without the trigger's secrets, whatever task this runs in."""
    execution, secrets = EXECUTION_ID.set(call.job_id), SECRETS.set(())
    try:
        yield
    finally:
        EXECUTION_ID.reset(execution)
        SECRETS.reset(secrets)


def _attempt(answer: Answer) -> Attempt:
    began = datetime.now(UTC) - timedelta(milliseconds=answer.duration_ms)
    return Attempt(_written(began), answer.duration_ms, answer.http_status, answer.problem)


def _record(
    trigger: Trigger, call: Call, progress: Progress, answer: Answer, attempts: tuple[Attempt, ...]
) -> ExecutionRecord:
    began = datetime.fromisoformat(attempts[0].timestamp)
    return ExecutionRecord(
        workspace_id=call.workspace_id,
        job_id=job_id(call.workspace_id, call.environment, call.index),
        job_name=job_name(call.workspace_id, call.environment, call.index),
        trigger_url=plain_url(trigger.url),
        trigger_method=trigger.method,
        timestamp=attempts[0].timestamp,
        status="success" if answer.verdict is Verdict.DONE else "failed",
        duration_ms=answer.duration_ms,
        http_status=answer.http_status,
        retry_count=progress.attempt - 1,
        error_message=answer.problem,
        environment=call.environment,
        execution_id=call.job_id,
        lateness_ms=None if call.due_ms is None else round(began.timestamp() * 1000) - call.due_ms,
        attempts=attempts,
        response=answer.response,
    )


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
