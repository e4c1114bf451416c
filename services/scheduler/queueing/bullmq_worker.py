"""A worker of the queue: what runs until it is told to stop, and outlives Redis going away and coming back."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from scheduler.errors import StoreUnavailableError
from scheduler.queueing.bullmq_runs import NO_ANSWER, BullMqRuns, RetryPolicy
from scheduler.queueing.bullmq_taking import TakingWorker
from scheduler.queueing.claims import Claims
from scheduler.queueing.job import WorkerBeat
from scheduler.queueing.outage import Outage
from scheduler.queueing.queue import CallHandler
from scheduler.queueing.redis_address import RedisAddress
from scheduler.queueing.token_bucket import TokenBucket
from scheduler.queueing.worker_beats import BEAT_S, WorkerBeats
from scheduler.settings import Settings

__all__ = ["BullMqWorker", "RecordState", "WorkerOptions"]

# Times a job is recovered before it is taken for one that kills its workers. BullMQ does not count those of schedules.
_MOST_RECOVERIES = 5
_RETRY_CONNECTION_MS = 250
_START_POLL_S = 0.5
_STOP_POLL_S = 0.1

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works; times in seconds."""

    concurrency: int
    calls_per_second: float
    attempts: int
    backoff_s: float
    lock_s: float
    stalled_s: float

    @classmethod
    def of(cls, settings: Settings) -> WorkerOptions:
        """Return what the settings say."""
        return cls(
            concurrency=settings.concurrency,
            calls_per_second=settings.calls_per_second,
            attempts=settings.attempts,
            backoff_s=settings.backoff_s,
            lock_s=settings.lock_s,
            stalled_s=settings.stalled_s,
        )


@dataclass(frozen=True, slots=True)
class RecordState:
    """Records of executions that wait in this worker; times are seconds since 1970."""

    pending: int = 0
    last_flush_at: float | None = None
    last_flush_error: str | None = None


class BullMqWorker:
    """One worker. `records` says what its heartbeat tells of records that are not yet on S3."""

    def __init__(
        self,
        address: RedisAddress,
        *,
        name: str,
        prefix: str,
        handler: CallHandler,
        options: WorkerOptions,
        records: Callable[[], RecordState] = RecordState,
    ) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}"
        self._address = address
        self._options = options
        self._records = records
        self._started_at = time.time()
        self._redis = address.connect(most=options.concurrency + 8)
        self._beats = WorkerBeats(self._redis, prefix=prefix, queue=name)
        self._gate = asyncio.Event()
        self._gate.set()
        bucket = TokenBucket(options.calls_per_second)
        self._worker = TakingWorker(name, self._bullmq(prefix), address=address, bucket=bucket, gate=self._gate)
        self._outage = Outage(self._ping, self._recover)
        claims = Claims(self._redis, self._worker.keys, lock_ms=round(options.lock_s * 1000))
        retry = RetryPolicy(options.attempts, options.backoff_s)
        self._runs = BullMqRuns(handler, claims, self._outage, retry)
        self._worker.runs, self._worker.outage = self._runs, self._outage
        self._stopping = asyncio.Event()
        self._closed = asyncio.Event()

    @property
    def running(self) -> int:
        """How many jobs run."""
        return len(self._runs)

    @property
    def connected(self) -> bool:
        """Whether Redis is there and jobs may be taken."""
        return self._outage.settled

    def hold_back(self) -> None:
        """Take no more jobs until `go_on`: those that run end."""
        self._gate.clear()

    def go_on(self) -> None:
        """Take jobs again."""
        self._gate.set()

    async def run(self) -> None:
        """Take and run jobs until `stop`. Waits for Redis where that is not there yet."""
        await self._reachable()
        if self._stopping.is_set():
            return
        background = [asyncio.create_task(self._renew()), asyncio.create_task(self._beat())]
        try:
            await self._worker.run()
            if not self._stopping.is_set():
                raise RuntimeError("the worker's loop ended by itself: its error is in the log")
            # BullMQ's loop ends before the last jobs do: their locks are renewed until then.
            await self._closed.wait()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._close()

    async def stop(self, timeout_s: float) -> None:
        """Take no more jobs, wait for those that run, and end. Jobs that take longer are another worker's then."""
        self._stopping.set()
        closing = asyncio.create_task(self._worker.close())
        await asyncio.sleep(0)
        self._outage.wake()
        self._gate.set()
        end = time.monotonic() + timeout_s
        while not closing.done() and time.monotonic() < end:
            # redis-py now and then swallows the cancellation of the wait for a job: it is cancelled until it ends.
            if self._worker.waiting is not None:
                self._worker.waiting.cancel()
            await asyncio.wait({closing}, timeout=_STOP_POLL_S)
        if not closing.done():
            _logger.warning("%d jobs did not end in %g s: another worker runs them again", self.running, timeout_s)
            self._worker.cancelProcessing()
        await closing
        self._closed.set()

    def _bullmq(self, prefix: str) -> dict[str, object]:
        return {
            "connection": self._redis,
            "prefix": prefix,
            "concurrency": self._options.concurrency,
            "lockDuration": round(self._options.lock_s * 1000),
            "stalledInterval": round(self._options.stalled_s * 1000),
            "maxStalledCount": _MOST_RECOVERIES,
            "runRetryDelay": _RETRY_CONNECTION_MS,
        }

    async def _reachable(self) -> None:
        """Wait until Redis answers, or we are told to stop."""
        told = ""
        while not self._stopping.is_set():
            try:
                with self._address.errors():
                    await self._worker.prepare()
            except StoreUnavailableError as error:
                if str(error) != told:
                    told = str(error)
                    _logger.warning("waiting for Redis: %s", error)
                await asyncio.sleep(_START_POLL_S)
            else:
                return

    async def _ping(self) -> None:
        with self._address.errors():
            await self._redis.ping()  # type: ignore[misc]

    async def _recover(self) -> None:
        with self._address.errors():
            await self._runs.hold_all()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._options.lock_s / 4)
            try:
                await self._runs.hold_all()
            except NO_ANSWER as error:
                self._outage.begin(type(error).__name__)

    async def _beat(self) -> None:
        while True:
            try:
                await self._beats.publish(self._described())
            except NO_ANSWER as error:
                self._outage.begin(type(error).__name__)
            await asyncio.sleep(BEAT_S)

    def _described(self) -> WorkerBeat:
        records = self._records()
        return WorkerBeat(
            worker_id=self.id,
            started_at=self._started_at,
            beat_at=time.time(),
            running=self.running,
            concurrency=self._options.concurrency,
            pending_records=records.pending,
            last_flush_at=records.last_flush_at,
            last_flush_error=records.last_flush_error,
        )

    async def _close(self) -> None:
        await self._outage.close()
        try:
            await self._beats.withdraw(self.id)
        except NO_ANSWER as error:
            _logger.info("the last heartbeat stays for a while: %s", type(error).__name__)
        await self._redis.aclose()
