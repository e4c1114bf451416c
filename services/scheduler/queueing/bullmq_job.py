"""A job as BullMQ keeps it, and as the port names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import bullmq

from scheduler.queueing.job import Call, Job, JobState, Schedule
from scheduler.triggers.trigger import PlacedTrigger, TriggerSet, job_id

__all__ = ["call_data", "read_call", "read_job", "read_schedule", "run_id"]

# What BullMQ puts before the key of a schedule to make the id of a run: `repeat:{key}:{tick}`.
_SCHEDULED = "repeat:"


def call_data(owner: TriggerSet, placed: PlacedTrigger) -> dict[str, str | int]:
    """Return what a job holds: where its trigger is and which one it was. No address, no header, no body."""
    return {
        "workspace_id": owner.workspace_id,
        "environment": owner.environment,
        "index": placed.index,
        "revision": placed.revision,
    }


def run_id(key: str, due_ms: int) -> str:
    """Return the id of the job of one tick: the same for whoever asks, so that there is one."""
    return f"{_SCHEDULED}{key}:{due_ms}"


def read_call(id_: str, data: Mapping[str, Any]) -> Call:
    """Return the call of a job."""
    due = id_.rsplit(":", 1)[1] if id_.startswith(_SCHEDULED) else None
    return Call(
        job_id=id_,
        workspace_id=data["workspace_id"],
        environment=data["environment"],
        index=data["index"],
        revision=data["revision"],
        due_ms=None if due is None else int(due),
    )


def read_job(found: bullmq.Job, state: JobState, due_ms: int | None) -> Job:
    """Return a job of BullMQ as administrators see it."""
    failed = state is JobState.FAILED or found.attemptsMade > 0
    return Job(
        id=found.id,
        name=found.name,
        state=state,
        call=read_call(found.id, found.data),
        attempts_made=found.attemptsMade,
        created_ms=found.timestamp,
        due_ms=due_ms,
        started_ms=found.processedOn or None,
        finished_ms=found.finishedOn or None,
        failed_reason=found.failedReason if failed else None,
        result=found.returnvalue if isinstance(found.returnvalue, dict) else {},
    )


def read_schedule(key: str, kept: Mapping[str, str], next_ms: int, *, broken: bool) -> Schedule:
    """Return a schedule by the fields that BullMQ keeps of it; one that is damaged has a revision of no trigger."""
    data = _data(kept.get("data", ""))
    return Schedule(
        key=key,
        name=kept.get("name", ""),
        cron=kept.get("pattern", ""),
        tz=kept.get("tz", ""),
        next_ms=next_ms,
        revision=data["revision"] if _matches(key, data) else 0,
        broken=broken,
    )


def _data(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _matches(key: str, data: Mapping[str, Any]) -> bool:
    place = [data.get(name) for name in ("workspace_id", "environment", "index", "revision")]
    return None not in place and job_id(data["workspace_id"], data["environment"], data["index"]) == key
