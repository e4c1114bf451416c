"""Triggers of a workspace over HTTP: replaced as a whole, listed, deleted, paused, run (SC-01, SC-02)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict

from scheduler.api.auth import Caller, check_workspace
from scheduler.api.json_body import read_model
from scheduler.api.problems import PROBLEMS
from scheduler.api.schemas import (
    ChangedTrigger,
    ListedTriggers,
    RemovedTriggers,
    ReplacedTriggers,
    StartedRun,
    new_job,
    trigger_job,
)
from scheduler.api.service import ServiceDependency
from scheduler.errors import ApiError
from scheduler.triggers.trigger import WORKSPACE_ID, parse_key
from scheduler.triggers.validation import Environment, UnreadTriggersBody, read_triggers

__all__ = ["EnabledBody", "router", "workspace_of"]

router = APIRouter(responses=PROBLEMS, tags=["triggers"], prefix="/api/workspaces/{workspace_id}/triggers")


class EnabledBody(BaseModel):
    """Pause or resume."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool


async def workspace_of(
    caller: Caller, workspace_id: Annotated[str, Path(description="Id of the workspace.", examples=["acme"])]
) -> str:
    """Return the id of a workspace that is the caller's. Raises ApiError 403 and 422."""
    check_workspace(caller, workspace_id)
    if not WORKSPACE_ID.match(workspace_id):
        told = (
            "The id of a workspace has 1 to 64 letters, digits, hyphens and underscores, a letter or digit at the ends"
        )
        raise ApiError(422, "invalid_workspace", told)
    return workspace_id


async def _place(workspace_id: Workspace, key: Annotated[str, Path(description="As listed.")]) -> tuple[str, int]:
    parsed = parse_key(key)
    if parsed is None or parsed[0] != workspace_id:
        raise _not_found()
    return parsed[1], parsed[2]


Workspace = Annotated[str, Depends(workspace_of)]
Place = Annotated[tuple[str, int], Depends(_place)]
WantedEnvironment = Annotated[Environment | None, Query(description="Only this environment.")]


@router.post("", summary="Replace the triggers of an environment", response_model_exclude_unset=True)
async def replace(request: Request, workspace_id: Workspace, service: ServiceDependency) -> ReplacedTriggers:
    """Replace the whole set at once. Where any trigger is wrong, all mistakes are told and nothing is changed."""
    body = await read_model(request, UnreadTriggersBody)
    triggers = read_triggers(body.triggers, service.settings)
    done = await service.triggers.replace(workspace_id, body.environment, triggers)
    answer = ReplacedTriggers(
        success=True,
        workspace_id=workspace_id,
        environment=body.environment,
        removed=done.removed,
        added=done.added,
        jobs=[new_job(workspace_id, each) for each in done.listed],
    )
    if done.pending:
        answer.pending = True
    return answer


@router.get("", summary="List the triggers")
async def listing(
    workspace_id: Workspace, service: ServiceDependency, environment: WantedEnvironment = None
) -> ListedTriggers:
    """Return the triggers of exactly this workspace."""
    listed = await service.triggers.list(workspace_id, environment)
    jobs = [trigger_job(workspace_id, each) for each in listed]
    return ListedTriggers(workspace_id=workspace_id, environment=environment, count=len(jobs), jobs=jobs)


@router.delete("", summary="Delete the triggers")
async def delete(
    workspace_id: Workspace, service: ServiceDependency, environment: WantedEnvironment = None
) -> RemovedTriggers:
    """Delete all triggers of the workspace, or those of one environment."""
    removed = await service.triggers.delete(workspace_id, environment)
    return RemovedTriggers(workspace_id=workspace_id, removed=removed)


@router.delete("/{key}", summary="Delete one trigger")
async def delete_one(workspace_id: Workspace, place: Place, service: ServiceDependency) -> RemovedTriggers:
    """Delete one trigger; the others keep their keys."""
    if not await service.triggers.delete_one(workspace_id, *place):
        raise _not_found()
    return RemovedTriggers(workspace_id=workspace_id, removed=1)


@router.patch("/{key}", summary="Pause or resume one trigger")
async def change(request: Request, workspace_id: Workspace, place: Place, service: ServiceDependency) -> ChangedTrigger:
    """Pause a trigger (`enabled` false: it is kept and does not run), or let it run again."""
    body = await read_model(request, EnabledBody)
    listed = await service.triggers.set_enabled(workspace_id, *place, enabled=body.enabled)
    if listed is None:
        raise _not_found()
    return ChangedTrigger(workspace_id=workspace_id, job=trigger_job(workspace_id, listed))


@router.post("/{key}/run", status_code=202, summary="Run one trigger now")
async def run(workspace_id: Workspace, place: Place, service: ServiceDependency) -> StartedRun:
    """Run a trigger once beside its schedule, also a paused one; at most 60 times a minute in a workspace."""
    service.run_limit.check(workspace_id)
    started = await service.triggers.run_now(workspace_id, *place)
    if started is None:
        raise _not_found()
    return StartedRun(workspace_id=workspace_id, jobId=started)


def _not_found() -> ApiError:
    return ApiError(404, "trigger_not_found", "The workspace has no such trigger: GET its triggers to see their keys")
