"""BullMQ's worker with what it lacks: it takes only jobs that can begin at once, and none before an outage is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import bullmq
from bullmq.redis_connection import RedisConnection

from scheduler.queueing.bullmq_runs import NO_ANSWER, BullMqRuns
from scheduler.queueing.outage import Outage
from scheduler.queueing.redis_address import RedisAddress
from scheduler.queueing.ticks import keep_our_ticks
from scheduler.queueing.token_bucket import TokenBucket

__all__ = ["TakingWorker"]

_logger = logging.getLogger(__name__)


class TakingWorker(bullmq.Worker):  # type: ignore[misc]
    """Takes jobs and hands them to `runs`, which are given when they can be made of this worker's connections."""

    runs: BullMqRuns
    outage: Outage

    def __init__(
        self,
        name: str,
        options: Mapping[str, object],
        *,
        address: RedisAddress,
        bucket: TokenBucket,
        gate: asyncio.Event,
    ) -> None:
        super().__init__(name, None, {**options, "autorun": False})
        keep_our_ticks(self)
        # Waits on the server have a connection and a time-out of their own.
        self.backend.blocking_connection = RedisConnection(address.connect_blocking())
        self._bucket = bucket
        self._gate = gate
        self._turn = asyncio.Lock()
        self.on("error", self._on_error)

    async def prepare(self) -> None:
        """Learn what the server can: waits that end on the millisecond instead of the next whole second."""
        await self.backend.blocking_connection.getRedisVersion()

    async def getNextJob(self, token: str) -> bullmq.Job | None:  # noqa: N802 - BullMQ's name
        """Wait for a job and take it; when this worker ends, BullMQ would begin another wait after an error."""
        return None if self.closing else await super().getNextJob(token)

    async def moveToActive(self, token: str) -> bullmq.Job | None:  # noqa: N802 - BullMQ's name
        """Take a job when it can begin: a job that is taken and waits here is late if this process dies.

        One at a time: calls that are under way end sooner than if ten others were being taken beside them, and so
        fewer are cut off, to be repeated, where this process is killed.
        """
        await self.outage.over()
        await self._gate.wait()
        async with self._turn:
            await self._bucket.take()
            job = None if self.closing else await super().moveToActive(token)
        if job is None:
            self._bucket.give_back()
        return job

    async def processJob(self, job: bullmq.Job, token: str) -> None:  # noqa: N802 - BullMQ's name
        """Run a job that was taken."""
        if not await self.runs.run(job, token):
            self._bucket.give_back()

    async def runStalledJobsCheck(self) -> None:  # noqa: N802 - BullMQ's name
        """Look for jobs of dead workers; not in an outage, in which the locks of living ones ran out as well."""
        if self.outage.settled:
            await super().runStalledJobsCheck()

    def isConnectionError(self, error: Exception) -> bool:  # noqa: N802 - BullMQ's name
        """Return whether Redis is away, and take note of it."""
        away = bool(super().isConnectionError(error))
        if away and not self.closing:
            self.outage.begin(type(error).__name__)
        return away

    def _on_error(self, error: Exception, *_: object) -> None:
        if isinstance(error, NO_ANSWER):
            self.outage.begin(type(error).__name__)
        else:
            _logger.error("BullMQ: %s", error, exc_info=error)
