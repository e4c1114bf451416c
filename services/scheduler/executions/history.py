"""The port of reading executions: what the dashboard shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scheduler.executions.record import ExecutionRecord

__all__ = ["ExecutionHistory", "ExecutionPage", "Hour", "Statistics"]


@dataclass(frozen=True, slots=True)
class Hour:
    """Executions that began in one hour (UTC)."""

    hour: datetime
    success: int
    failed: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of all executions of a period. `success_rate` in percent; durations in ms; None where nothing ran."""

    total: int
    success: int
    failed: int
    success_rate: float | None
    avg_duration: float | None
    p95: float | None
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class ExecutionPage:
    """Executions of a workspace, the newest first. `unread` names objects that could not be read: never silent."""

    workspace_id: str
    statistics: Statistics
    executions: Sequence[ExecutionRecord]
    unread: Sequence[str]


class ExecutionHistory(Protocol):
    """Reads what workers wrote."""

    async def page(
        self,
        workspace_id: str,
        *,
        since: datetime,
        until: datetime,
        environment: str | None = None,
        limit: int = 100,
    ) -> ExecutionPage:
        """Return what ran in [since, until), both with a time zone. Raises HistoryUnavailableError (S3 is away)."""
        ...
