"""The queue for administrators: what is there, and what can be done about it (SC-11)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from scheduler.api.auth import Admin
from scheduler.api.service import Service, ServiceDependency
from scheduler.errors import ApiError
from scheduler.observability.redaction import HIDDEN
from scheduler.pages.forms import AdminForm, seen_after
from scheduler.pages.rendering import page
from scheduler.pages.shown_trigger import shown_trigger
from scheduler.pages.words import from_ms
from scheduler.queueing.job import Action, Job, JobState

__all__ = ["router", "said"]

router = APIRouter(include_in_schema=False, prefix="/admin/queues")

_SIZE = 50
_STATES = tuple(JobState)
_ACTIONS: Mapping[JobState, tuple[Action, ...]] = {
    JobState.WAITING: (Action.REMOVE,),
    JobState.ACTIVE: (),
    JobState.DELAYED: (Action.PROMOTE,),
    JobState.COMPLETED: (Action.RETRY, Action.REMOVE),
    JobState.FAILED: (Action.RETRY, Action.REMOVE),
}
_WHEN = {
    JobState.WAITING: "Created",
    JobState.ACTIVE: "Started",
    JobState.DELAYED: "Due",
    JobState.COMPLETED: "Ended",
    JobState.FAILED: "Ended",
}
_DONE = {
    "retry": "The job is in the queue again.",
    "promote": "The job runs as soon as a worker is free.",
    "remove": "The job is removed.",
    "clean": "The jobs are removed.",
    "pause": "The queue is paused: workers end what they run and take nothing new.",
    "resume": "Workers take jobs again.",
    "run": "The trigger runs once, as soon as a worker is free. Its schedule goes on as before.",
}
# Of what a job keeps: the first bytes of an answer may be anything.
_KEPT = ("status", "http_status", "duration_ms", "execution_id", "error")

Start = Annotated[int, Query(ge=0, le=1_000_000)]


def said(code: str) -> str:
    """Return what a page says after something was done: never words of the address."""
    return _DONE.get(code, "")


@router.get("")
async def overview(
    request: Request,
    caller: Admin,
    service: ServiceDependency,
    state: JobState = JobState.FAILED,
    start: Start = 0,
    done: str = "",
) -> Response:
    """Show counts, workers and the jobs of a state."""
    queue = service.ports.queue
    counts = await queue.counts()
    jobs = await queue.jobs(state, start=start, count=_SIZE)
    values: dict[str, object] = {
        **_common(service, done),
        "section": "queue",
        "queue": service.settings.queue,
        "is_paused": await queue.is_paused(),
        "workers": await queue.workers(),
        "seconds": time.time(),
        "counts": [(each, counts.get(each, 0)) for each in _STATES],
        "state": state,
        "jobs": jobs,
        "whens": {job.id: _when(job) for job in jobs},
        "when_title": _WHEN[state],
        "actions": _ACTIONS[state],
        "start": start,
        "size": _SIZE,
    }
    return page(request, "queue.html", values)


@router.get("/jobs/{job_id}")
async def job_page(
    request: Request, caller: Admin, service: ServiceDependency, job_id: str, done: str = ""
) -> Response:
    """Show one job, without what may be secret."""
    job = await _job(service, job_id)
    values: dict[str, object] = {
        **_common(service, done),
        "section": "queue",
        "job": job,
        "actions": _ACTIONS[job.state],
        "result": [(name, job.result[name] if name in _KEPT else HIDDEN) for name in job.result],
        "trigger": await shown_trigger(service.ports.store, job.call),
    }
    return page(request, "job.html", values)


@router.get("/jobs/{job_id}/remove")
async def confirm_remove(request: Request, caller: Admin, service: ServiceDependency, job_id: str) -> Response:
    """Ask before a job is removed."""
    job = await _job(service, job_id)
    values: dict[str, object] = {
        "title": "Remove this job?",
        "text": f"{job.name} ({job.state}) and what it keeps of its outcome go. Its trigger's schedule stays.",
        "action": f"/admin/queues/jobs/{quote(job.id, safe='')}/remove",
        "yes": "Remove the job",
        "back": f"/admin/queues/jobs/{quote(job.id, safe='')}",
        "fields": {},
    }
    return _confirm(request, service, values)


@router.post("/jobs/{job_id}/{action}")
async def act(form: AdminForm, service: ServiceDependency, job_id: str, action: Action) -> Response:
    """Retry, promote or remove a job."""
    state = (await _job(service, job_id)).state
    await service.ports.queue.act(action, job_id)
    return seen_after(f"/admin/queues?state={state}&done={action}")


@router.get("/clean")
async def confirm_clean(
    request: Request, caller: Admin, service: ServiceDependency, state: Literal["completed", "failed"]
) -> Response:
    """Ask before all jobs of a state are removed."""
    counts = await service.ports.queue.counts()
    values: dict[str, object] = {
        "title": f"Remove all {state} jobs?",
        "text": f"{counts.get(JobState(state), 0)} jobs of all workspaces go. The dashboards keep their executions.",
        "action": "/admin/queues/clean",
        "yes": f"Remove all {state} jobs",
        "back": f"/admin/queues?state={state}",
        "fields": {"state": state},
    }
    return _confirm(request, service, values)


@router.post("/clean")
async def clean(form: AdminForm, service: ServiceDependency) -> Response:
    """Remove all completed or failed jobs."""
    state = form.get("state", "")
    if state not in (JobState.COMPLETED, JobState.FAILED):
        raise ApiError(422, "invalid_request", "state: only completed and failed jobs can be removed together")
    await service.ports.queue.clean(JobState(state))
    return seen_after(f"/admin/queues?state={state}&done=clean")


@router.get("/pause")
async def confirm_pause(request: Request, caller: Admin, service: ServiceDependency) -> Response:
    """Ask before everything stands still."""
    values: dict[str, object] = {
        "title": "Pause the queue?",
        "text": "No trigger of any workspace runs until somebody resumes the queue. Calls under way end.",
        "action": "/admin/queues/pause",
        "yes": "Pause the queue",
        "back": "/admin/queues",
        "fields": {},
    }
    return _confirm(request, service, values)


@router.post("/pause")
async def pause(form: AdminForm, service: ServiceDependency) -> Response:
    """Pause the queue."""
    await service.ports.queue.pause()
    return seen_after("/admin/queues?done=pause")


@router.post("/resume")
async def resume(form: AdminForm, service: ServiceDependency) -> Response:
    """Resume the queue."""
    await service.ports.queue.resume()
    return seen_after("/admin/queues?done=resume")


def _common(service: Service, done: str) -> dict[str, object]:
    read_only = service.settings.admin_read_only
    return {"done": said(done), "read_only": read_only, "may_change": not read_only}


def _confirm(request: Request, service: Service, values: dict[str, object]) -> Response:
    if service.settings.admin_read_only:
        raise ApiError(403, "read_only", "SCHEDULER_ADMIN_READ_ONLY is set: nothing can be changed on these pages")
    return page(request, "confirm.html", {"section": "queue", **values})


async def _job(service: Service, job_id: str) -> Job:
    job = await service.ports.queue.job(job_id)
    if job is None:
        raise ApiError(404, "job_not_found", "This job is no longer kept: it ended a while ago, or was removed")
    return job


def _when(job: Job) -> datetime | None:
    moments = {
        JobState.WAITING: job.created_ms,
        JobState.ACTIVE: job.started_ms,
        JobState.DELAYED: job.due_ms,
        JobState.COMPLETED: job.finished_ms,
        JobState.FAILED: job.finished_ms,
    }
    return from_ms(moments[job.state])
