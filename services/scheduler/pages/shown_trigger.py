"""The trigger of a job as administrators see it: nothing of it that may be secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.observability.redaction import plain_url
from scheduler.queueing.job import Call
from scheduler.triggers.store import TriggerStore

__all__ = ["ShownTrigger", "shown_trigger"]


@dataclass(frozen=True, slots=True)
class ShownTrigger:
    """`headers` are names; `body` tells its size."""

    name: str | None
    method: str
    url: str
    cron: str
    tz: str
    headers: Sequence[str]
    body: str
    timeout_s: float
    revision: int


async def shown_trigger(store: TriggerStore, call: Call) -> ShownTrigger | None:
    """Return the trigger that is now at the place of a call, or None where there is none."""
    triggers = await store.get(call.workspace_id, call.environment)
    placed = triggers.at(call.index) if triggers is not None else None
    if placed is None:
        return None
    trigger = placed.trigger
    size = 0 if trigger.body is None else len(json.dumps(trigger.body, ensure_ascii=False).encode())
    return ShownTrigger(
        name=trigger.name,
        method=trigger.method,
        url=plain_url(trigger.url),
        cron=trigger.cron,
        tz=trigger.tz,
        headers=sorted(trigger.headers),
        body=f"{size} bytes of JSON" if size else "none",
        timeout_s=trigger.timeout_s,
        revision=placed.revision,
    )
