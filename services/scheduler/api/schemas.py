"""What the API answers, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from scheduler.executions.record import ExecutionRecord
from scheduler.observability.redaction import HIDDEN
from scheduler.triggers.trigger import Trigger, job_name
from scheduler.triggers.triggers import Listed

__all__ = [
    "ChangedTrigger",
    "Executions",
    "ListedTriggers",
    "RemovedTriggers",
    "ReplacedTriggers",
    "StartedRun",
    "instant",
    "new_job",
    "trigger_job",
]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    success: Literal[True] = True
    workspace_id: str


class NewJob(BaseModel):
    """A trigger as it was taken."""

    jobId: str = Field(description="Key of the trigger: {workspace}:{environment}:{index}.")  # noqa: N815
    jobName: str  # noqa: N815
    cron: str
    url: str
    method: str
    next_run: str | None = Field(description="ISO 8601, UTC. null: disabled, or not scheduled yet.")


class ReplacedTriggers(_Answer):
    """What a replacement did."""

    environment: str
    removed: int
    added: int
    jobs: list[NewJob]
    pending: bool = Field(
        False, description="Only there, and true, where the triggers are kept but not all of them are scheduled yet."
    )


class TriggerJob(BaseModel):
    """A trigger with its schedule. Values of headers are hidden."""

    key: str
    name: str
    pattern: str
    next: str | None = Field(description="ISO 8601, UTC. null: disabled, or not scheduled yet.")
    environment: str
    trigger: dict[str, JsonValue]


class ListedTriggers(_Answer):
    """The triggers of a workspace."""

    environment: str | None = Field(description="The one that was asked for; null: all.")
    count: int
    jobs: list[TriggerJob]


class RemovedTriggers(_Answer):
    """How many triggers are gone."""

    removed: int


class ChangedTrigger(_Answer):
    """A trigger after a change."""

    job: TriggerJob


class StartedRun(_Answer):
    """A run that was asked for."""

    jobId: str = Field(description="Id of the run's job; the target gets it as Idempotency-Key.")  # noqa: N815


class ChartHour(BaseModel):
    """Executions that began in one hour (UTC)."""

    hour: str
    success: int
    failed: int


class Stats(BaseModel):
    """Of all executions of the period: rate in percent, durations in ms, with two decimals; null where nothing ran."""

    total: int
    success: int
    failed: int
    success_rate: float | None
    avg_duration: float | None
    p95: float | None
    chart_data: list[ChartHour]


class Executions(BaseModel):
    """What ran."""

    workspace_id: str
    total: int
    stats: Stats
    executions: list[ExecutionRecord] = Field(description="The newest first.")
    next_execution: str | None = Field(description="ISO 8601, UTC.")
    unread: list[str] = Field(description="Objects of the store that could not be read: then figures are incomplete.")


def instant(milliseconds: int | None) -> str | None:
    """Return milliseconds since 1970 as ISO 8601."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_job(workspace_id: str, listed: Listed) -> NewJob:
    """Return a trigger as the answer to its registration names it."""
    trigger = listed.placed.trigger
    return NewJob(
        jobId=listed.key,
        jobName=job_name(workspace_id, listed.environment, listed.placed.index),
        cron=trigger.cron,
        url=trigger.url,
        method=trigger.method,
        next_run=instant(listed.next_ms),
    )


def trigger_job(workspace_id: str, listed: Listed) -> TriggerJob:
    """Return a trigger with its schedule."""
    return TriggerJob(
        key=listed.key,
        name=job_name(workspace_id, listed.environment, listed.placed.index),
        pattern=listed.placed.trigger.cron,
        next=instant(listed.next_ms),
        environment=listed.environment,
        trigger=_shown(listed.placed.trigger),
    )


def _shown(trigger: Trigger) -> dict[str, JsonValue]:
    headers: Mapping[str, JsonValue] = dict.fromkeys(trigger.headers, HIDDEN)
    return {
        "cron": trigger.cron,
        "url": trigger.url,
        "method": trigger.method,
        "headers": dict(headers),
        "body": trigger.body,  # type: ignore[dict-item] # it came as JSON
        "tz": trigger.tz,
        "timeout_s": trigger.timeout_s,
        "enabled": trigger.enabled,
        "name": trigger.name,
    }
