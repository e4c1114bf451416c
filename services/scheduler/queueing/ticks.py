"""The ticks of BullMQ's schedules are ours: croniter's own are wrong around a change of the clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import bullmq
from bullmq.job_scheduler import JobScheduler

from scheduler.triggers.cron import next_run

__all__ = ["keep_our_ticks"]


def keep_our_ticks(part: bullmq.Queue | bullmq.Worker) -> None:
    """Let a queue or worker compute the next run of a schedule as `next_run` does, to which the API promised it."""
    part._job_scheduler = JobScheduler(part, repeat_strategy=_next_ms)


def _next_ms(after_ms: int, repeat: Mapping[str, str]) -> int:
    after = datetime.fromtimestamp(after_ms / 1000, UTC)
    return int(next_run(repeat["pattern"], repeat.get("tz") or "UTC", after).timestamp() * 1000)
