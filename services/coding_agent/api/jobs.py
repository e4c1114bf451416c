"""Routes of clients: submit, follow, cancel, and try again. A client sees the jobs of all: there is one owner."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from coding_agent.api.auth import Client, take
from coding_agent.api.problems import PROBLEMS, ProblemError
from coding_agent.api.schemas import FixIssueRequest, JobAccepted, JobList, JobLog, JobView, LogLineView
from coding_agent.api.service import JobId, Service, ServiceDependency, new_job
from coding_agent.callbacks.address import check_callback_url
from coding_agent.github.issue_url import parse_issue_url
from coding_agent.jobs.job import Job, JobRequest, JobStatus
from coding_agent.jobs.store import Artifact, Idempotency

__all__ = ["router"]

router = APIRouter(responses=PROBLEMS, tags=["jobs"])

_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")


@router.post("/fix-issue", status_code=202, responses={200: {"model": JobAccepted}})
def fix_issue(
    body: FixIssueRequest,
    service: ServiceDependency,
    client: Client,
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JobAccepted:
    """Queue the repair of an issue. 200 with the job that stands for it already, if there is one.

    Nothing else is asked here: whether the issue is open and a plain issue shows when the job fetches it.
    """
    wanted = _wanted(body, service)
    idempotency = None
    if idempotency_key is not None:
        if not _KEY.match(idempotency_key):
            raise ProblemError(422, "bad_idempotency_key", "Idempotency-Key is 1 to 200 printable ASCII characters")
        digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        idempotency = Idempotency(client, idempotency_key, digest)
    return _submitted(service, request, response, new_job(wanted, client), idempotency)


@router.post("/jobs/{job_id}/retry", status_code=202, responses={200: {"model": JobAccepted}})
def retry(
    job_id: JobId, service: ServiceDependency, client: Client, request: Request, response: Response
) -> JobAccepted:
    """Queue a new job that asks for the same as an ended one."""
    before = service.store.get(job_id)
    if not before.has_ended:
        raise ProblemError(409, "move_refused", f"The job is {before.status}: it has not ended, so there is no retry")
    return _submitted(service, request, response, new_job(before.request, client, retry_of=before.id), None)


@router.get("/jobs")
def find(
    service: ServiceDependency,
    client: Client,
    status: JobStatus | None = None,
    repo: Annotated[str | None, Query(max_length=200, pattern=r"^[^/\s]+/[^/\s]+$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> JobList:
    """List jobs, newest first."""
    repository = None if repo is None else repo.lower()
    return JobList.of(service.store.find(status=status, repository=repository, limit=limit, cursor=cursor))


@router.get("/jobs/{job_id}")
def get(job_id: JobId, service: ServiceDependency, client: Client) -> JobView:
    """Tell how far a job is."""
    return JobView.of(service.store.get(job_id))


@router.get("/jobs/{job_id}/logs")
def logs(
    job_id: JobId,
    service: ServiceDependency,
    client: Client,
    tail: Annotated[int, Query(ge=1, le=5000)] = 200,
) -> JobLog:
    """Return the last lines of a job's log."""
    return JobLog(lines=[LogLineView.of(line) for line in service.store.read_log(job_id, tail=tail)])


@router.get(
    "/jobs/{job_id}/patch", response_class=Response, responses={200: {"content": {"text/x-diff": {"schema": {}}}}}
)
def patch(job_id: JobId, service: ServiceDependency, client: Client) -> Response:
    """Return what the job has changed, for `git apply`; secrets of the service are cut out of it."""
    data = service.store.get_artifact(job_id, Artifact.PATCH)
    if not data:
        raise ProblemError(404, "no_patch", "The job has made no patch (yet)")
    return Response(service.redactor.redact_known_bytes(data), media_type="text/x-diff")


@router.post("/jobs/{job_id}/cancel", status_code=202)
def cancel(job_id: JobId, service: ServiceDependency, client: Client) -> JobView:
    """Cancel a job: a waiting one has ended at once, a running one soon. 409 for an ended one."""
    return JobView.of(service.store.cancel(job_id))


def _wanted(body: FixIssueRequest, service: Service) -> JobRequest:
    settings = service.settings
    issue = parse_issue_url(body.issue_url, settings)
    if body.base_branch is not None and not is_branch(body.base_branch):
        raise ProblemError(422, "bad_base_branch", "base_branch is not the name of a branch")
    for name, value, most in (
        ("max_cost", body.max_cost, settings.max_cost_usd),
        ("max_minutes", body.max_minutes, settings.max_minutes),
    ):
        if value is not None and value > most:
            raise ProblemError(422, "limit_too_high", f"{name} is at most {most:g} here")
    if body.callback_url is not None:
        check_callback_url(body.callback_url, settings)
    return JobRequest(
        issue=issue,
        base_branch=body.base_branch,
        pr_type=body.pr_type,
        dry_run=body.dry_run,
        callback_url=body.callback_url,
        max_cost_usd=body.max_cost or settings.max_cost_usd,
        max_minutes=body.max_minutes or settings.max_minutes,
    )


def _submitted(
    service: Service, request: Request, response: Response, job: Job, idempotency: Idempotency | None
) -> JobAccepted:
    take(service, request, "repository", job.request.issue.repository)
    submission = service.store.submit(job, idempotency)
    accepted = JobAccepted.of(submission.job, service.settings.public_url)
    response.headers["Location"] = accepted.status_url
    if not submission.created:
        response.status_code = 200
    return accepted


# git's own rules are wider; nothing that looks like an option, a path upwards or a revision passes.
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+#-]{0,199}\Z")


def is_branch(name: str) -> bool:
    """Whether a text is a name that git gives branches, and that reads as nothing else in a command."""
    parts = name.split("/")
    return bool(_BRANCH.match(name)) and not any(
        not part or part.startswith(".") or part.endswith((".", ".lock")) or ".." in part for part in parts
    )
