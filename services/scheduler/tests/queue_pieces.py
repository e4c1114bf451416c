"""Triggers, queues and workers as the tests of the queue use them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.bullmq_worker import BullMqWorker, WorkerOptions
from scheduler.queueing.job import Call, Job, Progress
from scheduler.queueing.queue import CallHandler
from scheduler.tests.running_redis import RunningRedis
from scheduler.triggers.trigger import PlacedTrigger, Trigger, TriggerSet

__all__ = [
    "PREFIX",
    "QUEUE",
    "YEARLY",
    "Calls",
    "ended",
    "eventually",
    "first",
    "open_queue",
    "owner",
    "running_worker",
    "waits",
    "worker_options",
]

QUEUE, PREFIX = "triggers", "scheduler"
YEARLY = "0 0 1 1 *"


@dataclass
class Calls:
    """A handler that notes what it was called with, and does what `answer` does."""

    answer: Callable[[Call, Progress], Mapping[str, object]] = lambda _call, _progress: {"status": "success"}
    seen: list[tuple[float, Call, Progress]] = field(default_factory=list)

    async def __call__(self, call: Call, progress: Progress) -> Mapping[str, object]:
        self.seen.append((time.time(), call, progress))
        return self.answer(call, progress)

    @property
    def ids(self) -> list[str]:
        """The job ids, as they came."""
        return [call.job_id for _, call, _ in self.seen]


def owner(
    *crons: str, workspace: str = "acme", environment: str = "dev", revision: int = 1, tz: str = "UTC"
) -> TriggerSet:
    """A set with a trigger for each cron time."""
    placed = [
        PlacedTrigger(index, Trigger(cron, "https://app.example/run", tz=tz), revision)
        for index, cron in enumerate(crons)
    ]
    return TriggerSet(workspace, environment, revision, tuple(placed))


def worker_options(**others: float) -> WorkerOptions:
    """Options of a worker in a test: short waits."""
    values: dict[str, float] = {"concurrency": 10, "calls_per_second": 1000.0, "attempts": 3, "backoff_s": 0.2}
    values |= {"lock_s": 2.0, "stalled_s": 1.0, **others}
    return WorkerOptions(**values)  # type: ignore[arg-type]


@asynccontextmanager
async def open_queue(redis: RunningRedis, *, name: str = QUEUE) -> AsyncIterator[BullMqQueue]:
    """A queue of its own client."""
    queue = BullMqQueue(redis.address, name=name, prefix=PREFIX)
    try:
        yield queue
    finally:
        await queue.close()


@asynccontextmanager
async def running_worker(
    redis: RunningRedis, handler: CallHandler, *, name: str = QUEUE, **options: float
) -> AsyncIterator[BullMqWorker]:
    """A worker in this process, stopped at the end."""
    worker = BullMqWorker(redis.address, name=name, prefix=PREFIX, handler=handler, options=worker_options(**options))
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop(5)
        await running


def first(triggers: TriggerSet) -> tuple[TriggerSet, PlacedTrigger]:
    """A set and its first trigger."""
    return triggers, triggers.triggers[0]


async def ended(queue: BullMqQueue, job_id: str, *, within_s: float = 20.0) -> Job:
    """A job when it has ended."""
    async with asyncio.timeout(within_s):
        while (job := await queue.job(job_id)) is None or job.finished_ms is None:
            await asyncio.sleep(0.02)
    return job


def waits(calls: Calls) -> list[float]:
    """Seconds between calls."""
    return [after[0] - before[0] for before, after in zip(calls.seen, calls.seen[1:], strict=False)]


async def eventually(true: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Return when something is so. Raises AssertionError when it does not become so."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)
