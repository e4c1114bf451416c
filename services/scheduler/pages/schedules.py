"""Schedules of all workspaces for administrators: when each runs next, and running one now (SC-11)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scheduler.api.auth import Admin
from scheduler.api.service import ServiceDependency
from scheduler.errors import ApiError
from scheduler.pages.forms import AdminForm, seen_after
from scheduler.pages.queues import said
from scheduler.pages.rendering import page
from scheduler.pages.words import from_ms
from scheduler.queueing.job import Schedule
from scheduler.triggers.trigger import parse_key

__all__ = ["router"]

router = APIRouter(include_in_schema=False, prefix="/admin/queues/schedules")

_SIZE = 100
# A job that waits for a free worker is late, too, but not for so long.
_LATE_MS = 60_000


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    workspace: str
    cron: str
    tz: str
    next_run: datetime | None
    is_late: bool


@router.get("")
async def schedules(
    request: Request,
    caller: Admin,
    service: ServiceDependency,
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    done: str = "",
) -> Response:
    """Show all schedules, the next one first."""
    found = sorted(await service.ports.queue.schedules(), key=lambda each: (each.next_ms or 0, each.key))
    read_only = service.settings.admin_read_only
    values: dict[str, object] = {
        "section": "schedules",
        "done": said(done),
        "read_only": read_only,
        "may_change": not read_only,
        "total": len(found),
        "schedules": [_row(each, time.time() * 1000) for each in found[start : start + _SIZE]],
        "reconcile_s": f"{service.settings.reconcile_s:g}",
        "start": start,
        "size": _SIZE,
    }
    return page(request, "schedules.html", values)


@router.post("/{key}/run")
async def run(form: AdminForm, service: ServiceDependency, key: str) -> Response:
    """Run a trigger once, beside its schedule."""
    place = parse_key(key)
    if place is None or await service.triggers.run_now(*place) is None:
        raise ApiError(404, "trigger_not_found", "This trigger is gone: deleted, or replaced by a smaller set")
    return seen_after("/admin/queues/schedules?done=run")


def _row(schedule: Schedule, now_ms: float) -> _Row:
    return _Row(
        key=schedule.key,
        workspace=schedule.key.partition(":")[0],
        cron=schedule.cron,
        tz=schedule.tz,
        next_run=from_ms(schedule.next_ms),
        is_late=schedule.broken or schedule.next_ms is None or schedule.next_ms < now_ms - _LATE_MS,
    )
