"""An installation in which all is well, for tests of the doctor to break one thing at a time."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from scheduler.operations.doctor.examination import checks
from scheduler.operations.doctor.finding import Finding, State, examine
from scheduler.operations.doctor.platform import Platform
from scheduler.operations.doctor.surroundings import Surroundings, open_surroundings
from scheduler.queueing.job import WorkerBeat
from scheduler.queueing.worker_beats import WorkerBeats
from scheduler.settings import Settings
from scheduler.tests.running_redis import RunningRedis
from scheduler.tests.running_s3 import RunningS3
from scheduler.triggers.trigger import Trigger

__all__ = ["BEAT", "Installation", "Plant", "examined", "of_check", "say"]

BEAT = WorkerBeat(
    "worker-1",
    started_at=0.0,
    beat_at=0.0,
    running=0,
    concurrency=10,
    pending_records=0,
    last_flush_at=None,
    last_flush_error=None,
)
_numbers = itertools.count()

Plant = Callable[[Surroundings], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Installation:
    """Redis and S3 that tests share: each installation has keys and objects of its own there."""

    redis: RunningRedis
    s3: RunningS3

    def settings(self, **others: object) -> Settings:
        """Settings of a new installation."""
        number = next(_numbers)
        own = {"prefix": f"doctor{number}", "metrics_prefix": f"metrics{number}/"}
        return self.redis.settings(**{**own, **self.s3.settings, **others})

    async def well(self, settings: Settings, *, beat: WorkerBeat | None = BEAT, scheduled: bool = True) -> None:
        """Make it whole: a workspace with two triggers, scheduled, and a worker."""
        async with open_surroundings(settings) as around:
            triggers = [
                Trigger("*/5 * * * *", "https://app.example/run"),
                Trigger("0 3 * * *", "https://app.example/n"),
            ]
            _, owner = await around.store.replace("acme", "prod", triggers, most=10)
            for placed in owner.triggers if scheduled else ():
                await around.queue.upsert(owner, placed)
            if beat is not None:
                await say(settings, around, beat)


async def say(settings: Settings, around: Surroundings, beat: WorkerBeat) -> None:
    """Let a worker say that it is there, now unless it says when."""
    redis = around.address.connect()
    now = time.time()
    said = replace(beat, started_at=beat.started_at or now, beat_at=beat.beat_at or now)
    await WorkerBeats(redis, prefix=settings.prefix, queue=settings.queue).publish(said)
    await redis.aclose()


def examined(
    settings: Settings,
    *plants: Plant,
    only: Collection[str] = (),
    workspace: str | None = None,
    platform: Platform | None = None,
) -> dict[str, list[Finding]]:
    """Plant faults, then make all checks, or those with these names; return what they found, by check."""

    async def run() -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        async with open_surroundings(settings, workspace) as around:
            for plant in plants:
                await plant(around)
            chosen = [check for check in checks(around, platform) if not only or check.name in only]
            async for result in examine(chosen):
                found.setdefault(result.check, []).append(result.finding)
        return found

    return asyncio.run(run())


def of_check(found: dict[str, list[Finding]], check: str, state: State) -> Finding:
    """Return the only finding of a check, which has this state and, unless it is ok, says what to do."""
    [finding] = found[check]
    assert finding.state is state, finding
    if state in (State.WARN, State.FAIL):
        assert finding.fix, finding
    return finding
