"""The routes. They are plain functions: the framework runs them on threads, where they may wait for the store."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.lease import LeaseHeldError
from serving.http.errors import PROBLEM_JSON, problem, problem_response
from serving.http.openapi import problems
from serving.indexer.admission import Admission
from serving.indexer.jobs import Jobs
from serving.indexer.records import JOB_ID
from serving.indexer.schemas import EvaluateRequest, HeldProblem, IngestRequest, Job, JobKind, JobList

__all__ = ["held_response", "router"]

router = APIRouter()

_POSTING = problems(400, 401, 413, 422, 503) | {409: {"model": HeldProblem}}


def _jobs(request: Request) -> Jobs:
    jobs = request.app.state.jobs
    assert isinstance(jobs, Jobs)
    return jobs


def _admission(request: Request) -> Admission:
    admission = request.app.state.admission
    assert isinstance(admission, Admission)
    return admission


OfStore = Annotated[Jobs, Depends(_jobs)]
OfSettings = Annotated[Admission, Depends(_admission)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Names the work, as `nightly-2025-03-01`: a request sent again with it begins no second job.",
    ),
]


@router.post("/jobs/ingest", status_code=202, responses=_POSTING)
def ingest(
    body: IngestRequest,
    response: Response,
    jobs: OfStore,
    admission: OfSettings,
    idempotency_key: IdempotencyKey = None,
) -> Job:
    """Read filings into the store and make an index with them current."""
    admission.check_ingest(body)
    return _posted(jobs, "ingest", body, idempotency_key, response)


@router.post("/jobs/evaluate", status_code=202, responses=_POSTING)
def evaluate(
    body: EvaluateRequest,
    response: Response,
    jobs: OfStore,
    admission: OfSettings,
    idempotency_key: IdempotencyKey = None,
) -> Job:
    """Measure the product on data with known answers, below FINRAG_EVAL_DATA."""
    admission.check_evaluate(body)
    return _posted(jobs, "evaluate", body, idempotency_key, response)


def _posted(
    jobs: Jobs, kind: JobKind, body: IngestRequest | EvaluateRequest, key: str | None, response: Response
) -> Job:
    job = jobs.post(kind, body.model_dump(mode="json"), key)
    response.headers["Location"] = f"/jobs/{job.job_id}"
    return job


@router.get("/jobs", responses=problems(401, 422, 503))
def latest(jobs: OfStore, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> JobList:
    """List the latest jobs, newest first."""
    return JobList(jobs=jobs.latest(limit))


@router.get("/jobs/{job_id}", responses=problems(401, 404, 422, 503))
def one(job_id: Annotated[str, Path(pattern=JOB_ID)], jobs: OfStore) -> Job:
    """Return a job: its status, how far it is, its result, or in one line why it failed."""
    job = jobs.find(job_id)
    if job is None:
        raise HTTPException(404, "The store holds no job with this id; /jobs lists the latest.")
    return job


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> Response:
    """Return 200 while the process runs; checks nothing."""
    return PlainTextResponse("ok")


@router.get("/readyz", response_class=PlainTextResponse, responses=problems(503))
def readyz(jobs: OfStore) -> Response:
    """Return 200 while the store can be reached, else 503 with the reason."""
    try:
        jobs.check_store()
    except StoreError as error:
        return problem_response(503, f"{str(error).removesuffix('.')}.", headers={"Retry-After": "5"})
    return PlainTextResponse("ok")


async def held_response(request: Request, error: Exception) -> JSONResponse:
    """Answer a job that cannot begin because another runs: which, where, and when to look again."""
    assert isinstance(error, LeaseHeldError)
    lease = error.lease
    seconds = max(1, ceil((lease.until - datetime.now(UTC)).total_seconds()))
    detail = (
        f"Job {lease.purpose} is running on {lease.holder}; its lease lasts until {lease.until:%Y-%m-%dT%H:%M:%SZ} and "
        "is renewed while it runs. Post again when it is over."
    )
    held = HeldProblem(
        **problem(409, detail).model_dump(exclude={"instance"}),
        instance=f"/jobs/{lease.purpose}",
        job_id=lease.purpose,
        holder=lease.holder,
        until=lease.until,
    )
    return JSONResponse(
        held.model_dump(mode="json", exclude_none=True),
        status_code=409,
        media_type=PROBLEM_JSON,
        headers={"Retry-After": str(seconds)},
    )
