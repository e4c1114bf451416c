"""The dashboard of a workspace: what ran, what runs next (SC-10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from scheduler.api.auth import Caller, check_workspace
from scheduler.api.executions import next_ms
from scheduler.api.principal import Principal
from scheduler.api.service import Service, ServiceDependency
from scheduler.errors import HistoryUnavailableError
from scheduler.executions.history import ExecutionPage
from scheduler.observability.redaction import plain_url
from scheduler.pages.chart import chart_of, every_hour
from scheduler.pages.rendering import page
from scheduler.pages.words import from_ms
from scheduler.triggers.trigger import ENVIRONMENTS, WORKSPACE_ID
from scheduler.triggers.triggers import Listed

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_SHOWN = 50
_PERIODS = {
    "1h": (1, "last hour"),
    "24h": (24, "last 24 hours"),
    "168h": (168, "last 7 days"),
    "720h": (720, "last 30 days"),
}
_DEFAULT = "168h"


@dataclass(frozen=True, slots=True)
class _Schedule:
    key: str
    title: str
    method: str
    url: str
    cron: str
    tz: str
    environment: str
    is_enabled: bool
    next_run: datetime | None


@router.get("/metrics")
async def dashboard(
    request: Request,
    caller: Caller,
    service: ServiceDependency,
    workspace_id: Annotated[str, Query(max_length=200)] = "",
    environment: str = "",
    period: str = _DEFAULT,
) -> Response:
    """Show a workspace, or those that there are to choose from."""
    workspace_id = workspace_id.strip()
    if not workspace_id:
        return await _choice(request, caller, service)
    check_workspace(caller, workspace_id)
    wanted = environment if environment in ENVIRONMENTS else None
    period = period if period in _PERIODS else _DEFAULT
    until = datetime.now(UTC)
    since = until - timedelta(hours=_PERIODS[period][0])
    listed = await service.triggers.list(workspace_id, wanted)
    found, problem = await _history(service, workspace_id, since, until, wanted)
    has_run = found is None or found.statistics.total or found.unread
    is_unknown = not has_run and not listed and not await service.triggers.list(workspace_id)
    query = {"environment": wanted, "from": f"{since:%Y-%m-%dT%H:%M:%SZ}", "limit": 1000}
    values: dict[str, object] = {
        "section": "metrics",
        "workspace": workspace_id,
        "environment": wanted or "",
        "environments": ENVIRONMENTS,
        "period": period,
        "periods": [(value, text) for value, (_, text) in _PERIODS.items()],
        "since": since,
        "until": until,
        "json": f"/metrics/api/{workspace_id}?{urlencode({name: value for name, value in query.items() if value})}",
        "address": str(request.base_url).rstrip("/"),
        "history_problem": problem,
        "unread": found.unread if found else (),
        "is_unknown": is_unknown,
        "is_possible": WORKSPACE_ID.match(workspace_id),
        "similar": await _similar(caller, service, workspace_id) if is_unknown else (),
        "next_run": from_ms(next_ms(listed)),
        "statistics": found.statistics if found else None,
        "chart": chart_of(every_hour(found.statistics.hours, since, until)) if found else None,
        "schedules": _schedules(listed),
        "names": _names(listed),
        "executions": found.executions if found else (),
    }
    return page(request, "dashboard.html", values)


async def _history(
    service: Service, workspace_id: str, since: datetime, until: datetime, environment: str | None
) -> tuple[ExecutionPage | None, str]:
    """What ran, or why that cannot be told: schedules are shown all the same."""
    try:
        found = await service.ports.history.page(
            workspace_id, since=since, until=until, environment=environment, limit=_SHOWN
        )
    except HistoryUnavailableError as error:
        return None, str(error)
    return found, ""


async def _choice(request: Request, caller: Principal, service: Service) -> Response:
    values: dict[str, object] = {
        "section": "metrics",
        "workspaces": sorted(await _visible(caller, service)),
        "address": str(request.base_url).rstrip("/"),
    }
    return page(request, "workspaces.html", values)


async def _visible(caller: Principal, service: Service) -> set[str]:
    if caller.workspaces is not None:
        return set(caller.workspaces)
    return {one.workspace_id for one in await service.ports.store.all() if one.triggers}


async def _similar(caller: Principal, service: Service, workspace_id: str) -> Sequence[str]:
    known = {name.lower(): name for name in await _visible(caller, service) if name != workspace_id}
    return [known[match] for match in get_close_matches(workspace_id.lower(), known, n=3, cutoff=0.7)]


def _names(listed: Iterable[Listed]) -> dict[tuple[str, str, str], str]:
    """Names of triggers by place and call: of an execution of another trigger at the same place it is not the name."""
    triggers = [(each.key, each.placed.trigger) for each in listed]
    return {(key, one.method, plain_url(one.url)): one.name for key, one in triggers if one.name is not None}


def _schedules(listed: Iterable[Listed]) -> list[_Schedule]:
    found = [
        _Schedule(
            key=each.key,
            title=each.placed.trigger.name or each.key,
            method=each.placed.trigger.method,
            url=plain_url(each.placed.trigger.url),
            cron=each.placed.trigger.cron,
            tz=each.placed.trigger.tz,
            environment=each.environment,
            is_enabled=each.placed.trigger.enabled,
            next_run=from_ms(each.next_ms),
        )
        for each in listed
    ]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda each: (each.next_run or never, each.key))
