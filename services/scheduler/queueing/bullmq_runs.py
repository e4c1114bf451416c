"""Runs of jobs that a worker took: the handler once per attempt, and how it ended kept exactly once."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

import bullmq
from redis.exceptions import RedisError

from scheduler.errors import StoreUnavailableError
from scheduler.queueing.bullmq_job import read_call
from scheduler.queueing.claims import Claim, Claims, Outcome
from scheduler.queueing.job import Progress
from scheduler.queueing.outage import Outage
from scheduler.queueing.queue import CallHandler, FinalFailure, NotNow, RetryCall

__all__ = ["KEEP_COMPLETED", "KEEP_FAILED", "NO_ANSWER", "BullMqRuns", "RetryPolicy"]

# Ages in seconds.
KEEP_COMPLETED = {"count": 100, "age": 24 * 3600}
KEEP_FAILED = {"count": 1000, "age": 7 * 24 * 3600}
# Redis is away, starts, is full or read-only: what ended is told again until it takes it.
NO_ANSWER = (RedisError, OSError)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Attempts of a call, and the wait before the second one, which doubles with each."""

    attempts: int
    backoff_s: float

    def wait_s(self, attempt: int) -> float:
        """Return the wait after an attempt that failed."""
        return self.backoff_s * 2.0 ** (attempt - 1)


class BullMqRuns:
    """The jobs that one worker runs."""

    def __init__(self, handler: CallHandler, claims: Claims, outage: Outage, retry: RetryPolicy) -> None:
        self._handler = handler
        self._claims = claims
        self._outage = outage
        self._retry = retry
        self._tokens: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    async def hold_all(self) -> None:
        """Renew the locks of all that run. Raises what NO_ANSWER lists."""
        await asyncio.gather(*(self._claims.hold(id_, token) for id_, token in list(self._tokens.items())))

    async def run(self, job: bullmq.Job, token: str) -> bool:
        """Run a job that was taken with this token, unless it is another worker's by now.

        Return whether it was run: not where the handler gave it back, either.
        """
        self._tokens[job.id] = token
        try:
            outcome = await self._outcome(job, token)
            if outcome is not None:
                await self._finish(job, token, outcome)
            return outcome is not None and outcome.kind != "later"
        finally:
            if self._tokens.get(job.id) == token:
                del self._tokens[job.id]

    async def _outcome(self, job: bullmq.Job, token: str) -> Outcome | None:
        """Return how the attempt ended, None where it is not ours to make. Redis being away is waited for."""
        while True:
            try:
                claim = await self._claims.hold(job.id, token)
                return await self._claimed(job, claim)
            except (StoreUnavailableError, *NO_ANSWER) as error:
                self._outage.begin(type(error).__name__)
                await self._outage.over()

    async def _claimed(self, job: bullmq.Job, claim: Claim) -> Outcome | None:
        attempt = job.attemptsMade + 1
        if not claim.ours:
            _logger.info("job %s is another worker's by now: not run here", job.id)
            return None
        if claim.outcome is not None and claim.outcome.attempt == attempt:
            return claim.outcome
        if job.deferredFailure:
            return Outcome(attempt, "failed", reason=job.deferredFailure)
        return await self._handled(job, attempt)

    async def _handled(self, job: bullmq.Job, attempt: int) -> Outcome:
        try:
            progress = Progress(attempt, max(attempt, self._retry.attempts), recovered=job.stalledCounter > 0)
            result = await self._handler(read_call(job.id, job.data), progress)
        except StoreUnavailableError:
            raise
        except NotNow as error:
            return Outcome(attempt, "later", after_s=error.after_s)
        except RetryCall as error:
            return Outcome(attempt, "retry", reason=error.reason, after_s=error.after_s)
        except FinalFailure as error:
            return Outcome(attempt, "failed", reason=str(error))
        except Exception as error:
            _logger.exception("job %s ended with an error of the scheduler", job.id)
            return Outcome(attempt, "failed", reason=f"an error of the scheduler: {type(error).__name__}")
        return Outcome(attempt, "completed", result=result)

    async def _finish(self, job: bullmq.Job, token: str, outcome: Outcome) -> None:
        """Tell how it ended, however long that takes: what ended and is not known to have is called again."""
        while True:
            try:
                await self._tell(job, token, outcome)
            except NO_ANSWER as error:
                self._outage.begin(type(error).__name__)
                await self._outage.answered()
            else:
                return

    async def _tell(self, job: bullmq.Job, token: str, outcome: Outcome) -> None:
        if await self._moved(job, token, outcome):
            return
        if (await self._claims.hold(job.id, token)).ours and await self._moved(job, token, outcome):
            return
        # What was not begun is begun by whoever has it now.
        if outcome.kind != "later" and await self._claims.keep(job.id, outcome):
            _logger.warning("job %s was lost while it ran: whoever has it now finds what came of it", job.id)

    async def _moved(self, job: bullmq.Job, token: str, outcome: Outcome) -> bool:
        try:
            await self._move(job, token, outcome)
        except TypeError as error:
            # BullMQ's error for a job that is not locked by us, not active, or gone.
            _logger.info("job %s: %s", job.id, error)
            return False
        return True

    async def _move(self, job: bullmq.Job, token: str, outcome: Outcome) -> None:
        backend = job.backend
        if outcome.kind == "completed":
            await backend.moveToCompleted(job, outcome.result, KEEP_COMPLETED, token, fetch_next=False)
            return
        now_ms = round(time.time() * 1000)
        if outcome.kind == "later":
            wait_ms = round((outcome.after_s or 0) * 1000)
            await backend.moveToDelayed(job.id, now_ms, wait_ms, token, {"skipAttempt": True})
            return
        fields = {"failedReason": outcome.reason}
        if outcome.kind == "retry" and outcome.attempt < self._retry.attempts:
            wait_s = self._retry.wait_s(outcome.attempt) if outcome.after_s is None else outcome.after_s
            await backend.moveToDelayed(job.id, now_ms, round(wait_s * 1000), token, {"fieldsToUpdate": fields})
            return
        await backend.moveToFailed(job, outcome.reason, KEEP_FAILED, token, fetch_next=False, fields_to_update=fields)
