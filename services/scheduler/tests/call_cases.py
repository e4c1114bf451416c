"""Calls, triggers and settings as tests of the worker role need them."""

from __future__ import annotations

from scheduler.calls.answer import Answer
from scheduler.calls.caller import Caller
from scheduler.queueing.job import Call, Progress
from scheduler.settings import Settings
from scheduler.triggers.trigger import Trigger

__all__ = ["CALL", "call_once", "local_settings"]

CALL = Call("repeat:acme:dev:0:1767225600000", "acme", "dev", 0, 1, 1_767_225_600_000)


def local_settings(**values: object) -> Settings:
    """Settings with which targets on loopback may be called."""
    return Settings(**{"allow_private_targets": True, **values})  # type: ignore[arg-type]


async def call_once(trigger: Trigger, *, attempt: int = 1, settings: Settings | None = None) -> Answer:
    """Make one attempt."""
    async with Caller(settings or local_settings()) as caller:
        return await caller.call(trigger, CALL, Progress(attempt, 3))
