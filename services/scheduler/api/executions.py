"""What ran in a workspace, as JSON (SC-10)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from scheduler.api.problems import PROBLEMS
from scheduler.api.schemas import ChartHour, Executions, Stats, instant
from scheduler.api.service import ServiceDependency
from scheduler.api.triggers import WantedEnvironment, Workspace
from scheduler.errors import ApiError
from scheduler.triggers.triggers import Listed

__all__ = ["DEFAULT_PERIOD", "LONGEST_PERIOD", "next_ms", "router"]

DEFAULT_PERIOD = timedelta(hours=168)
LONGEST_PERIOD = timedelta(days=92)
MOST_EXECUTIONS = 1000

router = APIRouter(responses=PROBLEMS, tags=["executions"])


@router.get("/metrics/api/{workspace_id}", summary="Show what ran")
async def executions(
    workspace_id: Workspace,
    service: ServiceDependency,
    limit: Annotated[int, Query(ge=1, le=MOST_EXECUTIONS, description="Most executions that are listed.")] = 100,
    environment: WantedEnvironment = None,
    since: Annotated[datetime | None, Query(alias="from", description="ISO 8601; default: 168 hours ago.")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="ISO 8601; default: now.")] = None,
) -> Executions:
    """Return figures of a period and the newest executions in it."""
    begin, end = _period(since, until)
    page = await service.ports.history.page(workspace_id, since=begin, until=end, environment=environment, limit=limit)
    listed = await service.triggers.list(workspace_id, environment)
    found = page.statistics
    return Executions(
        workspace_id=workspace_id,
        total=found.total,
        stats=Stats(
            total=found.total,
            success=found.success,
            failed=found.failed,
            success_rate=_rounded(found.success_rate, most=99.99 if found.failed else 100.0),
            avg_duration=_rounded(found.avg_duration),
            p95=_rounded(found.p95),
            chart_data=[
                ChartHour(hour=f"{hour.hour:%Y-%m-%dT%H}:00:00Z", success=hour.success, failed=hour.failed)
                for hour in found.hours
            ],
        ),
        executions=list(page.executions),
        next_execution=instant(next_ms(listed)),
        unread=list(page.unread),
    )


def next_ms(listed: Sequence[Listed]) -> int | None:
    """Return when the next of these triggers runs."""
    return min((each.next_ms for each in listed if each.next_ms is not None), default=None)


def _rounded(figure: float | None, *, most: float = math.inf) -> float | None:
    return None if figure is None else min(round(figure, 2), most)


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Return the period that is asked for, in UTC. Raises ApiError 422."""
    refused = ApiError(422, "invalid_period", f"from is to be before to, and at most {LONGEST_PERIOD.days} days")
    try:
        end = datetime.now(UTC) if until is None else _utc(until)
        begin = end - DEFAULT_PERIOD if since is None else _utc(since)
    # In UTC, or a week before, there is no such year.
    except OverflowError:
        raise refused from None
    if not timedelta() < end - begin <= LONGEST_PERIOD:
        raise refused
    return begin, end


def _utc(moment: datetime) -> datetime:
    # Without an offset it is UTC, as everything we write.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
