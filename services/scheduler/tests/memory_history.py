"""Executions in memory, for tests of what is shown of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scheduler.errors import HistoryUnavailableError
from scheduler.executions.history import ExecutionPage, Hour, Statistics
from scheduler.executions.record import Attempt, ExecutionRecord

__all__ = ["MemoryHistory", "record"]


@dataclass
class MemoryHistory:
    """Keeps what it is given. `away` is why it does not answer; `unread` what it says that it could not read."""

    records: list[ExecutionRecord] = field(default_factory=list)
    unread: Sequence[str] = ()
    away: str = ""

    async def page(
        self,
        workspace_id: str,
        *,
        since: datetime,
        until: datetime,
        environment: str | None = None,
        limit: int = 100,
    ) -> ExecutionPage:
        """Return what ran in [since, until)."""
        if self.away:
            raise HistoryUnavailableError(self.away)
        found = [
            each
            for each in self.records
            if each.workspace_id == workspace_id
            and environment in (None, each.environment)
            and since <= datetime.fromisoformat(each.timestamp) < until
        ]
        found.sort(key=lambda each: each.timestamp, reverse=True)
        return ExecutionPage(workspace_id, _statistics(found), found[:limit], self.unread)


def record(workspace_id: str, began: datetime, *, failed: bool = False, **others: object) -> ExecutionRecord:
    """Return an execution with one attempt, or three failed ones."""
    attempts = tuple(
        Attempt(began.isoformat(), 40, 503 if failed else 200, "HTTP 503" if failed else None)
        for _ in range(3 if failed else 1)
    )
    values: dict[str, object] = {
        "workspace_id": workspace_id,
        "job_id": f"{workspace_id}:dev:0",
        "job_name": f"{workspace_id}-dev-trigger-0",
        "trigger_url": "https://shop.example/nightly",
        "trigger_method": "POST",
        "timestamp": began.isoformat(),
        "status": "failed" if failed else "success",
        "duration_ms": 40,
        "http_status": 503 if failed else 200,
        "retry_count": len(attempts) - 1,
        "error_message": "HTTP 503 Service Unavailable" if failed else None,
        "environment": "dev",
        "execution_id": f"repeat:{workspace_id}:dev:0:{int(began.timestamp() * 1000)}",
        "lateness_ms": 120,
        "attempts": attempts,
        "response": None,
    }
    return ExecutionRecord(**{**values, **others})  # type: ignore[arg-type]


def _statistics(found: Sequence[ExecutionRecord]) -> Statistics:
    if not found:
        return Statistics(0, 0, 0, None, None, None, ())
    durations = sorted(each.duration_ms for each in found)
    success = sum(each.status == "success" for each in found)
    by_hour: Counter[tuple[datetime, str]] = Counter()
    for each in found:
        hour = datetime.fromisoformat(each.timestamp).replace(minute=0, second=0, microsecond=0)
        by_hour[hour, each.status] += 1
    hours = sorted({hour for hour, _ in by_hour})
    return Statistics(
        total=len(found),
        success=success,
        failed=len(found) - success,
        success_rate=100 * success / len(found),
        avg_duration=sum(durations) / len(durations),
        p95=float(durations[min(len(durations) - 1, int(0.95 * len(durations)))]),
        hours=tuple(Hour(hour, by_hour[hour, "success"], by_hour[hour, "failed"]) for hour in hours),
    )
