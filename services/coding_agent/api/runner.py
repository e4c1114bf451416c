"""Routes of a job's runner elsewhere, with that job's token: what to do, the model, and how far it is.

Commands of a model ran beside the runner, so that whatever comes from there is untrusted: it reaches this one job, its
texts lose their secrets, and money is counted here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError

from coding_agent.api.auth import Worker
from coding_agent.api.body import read_body
from coding_agent.api.problems import PROBLEMS, ProblemError
from coding_agent.api.service import JobId, Service, ServiceDependency
from coding_agent.errors import CodingAgentError, MoveRefusedError
from coding_agent.jobs.job import Job, Stage
from coding_agent.jobs.store import Artifact
from coding_agent.observability.context import about_job
from coding_agent.observability.redaction import Redactor
from coding_agent.runs.handover import get_assignment, get_outcome, put_outcome
from coding_agent.runs.wire import (
    AssignmentMessage,
    CompletionAnswer,
    CompletionCall,
    OutcomeMessage,
    RunnerReply,
    RunnerUpdate,
)

__all__ = ["MAX_CONVERSATION_BYTES", "router"]

Body = TypeVar("Body", bound=BaseModel)

router = APIRouter(responses=PROBLEMS, tags=["runners"])

# A hundred steps of 10 000 characters, each up to six bytes in JSON, and room.
MAX_CONVERSATION_BYTES = 8_000_000
# What a runner does; the other stages are the worker's.
_RUNNERS_STAGES = frozenset({Stage.CLONE, Stage.PLAN, Stage.EDIT, Stage.TEST})


def _body_of(model: type[BaseModel]) -> dict[str, object]:
    schema = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    return {"requestBody": {"required": True, "content": {"application/json": schema}}}


@router.get("/jobs/{job_id}/assignment")
def assignment(job_id: JobId, worker: Worker, service: ServiceDependency) -> AssignmentMessage:
    """Tell the runner what to do."""
    found = get_assignment(service.store, job_id)
    if found is None:
        raise ProblemError(404, "no_assignment", "The job has no assignment for a runner elsewhere")
    return found


@router.post("/jobs/{job_id}/completions", openapi_extra=_body_of(CompletionCall))
async def completions(job_id: JobId, worker: Worker, service: ServiceDependency, request: Request) -> CompletionAnswer:
    """Ask the model for the next turn. 402 once the job has cost what it may; 429 while a call is under way."""
    # Calls side by side would each see the cost before the others.
    with _alone(service.completing, job_id, "completion_under_way"):
        data = await read_body(request, MAX_CONVERSATION_BYTES)
        return await to_thread.run_sync(_complete, service, job_id, worker, data, limiter=service.model_calls)


@router.patch("/jobs/{job_id}", openapi_extra=_body_of(RunnerUpdate))
async def update(job_id: JobId, worker: Worker, service: ServiceDependency, request: Request) -> RunnerReply:
    """Take what is new from the runner, and tell it whether to stop. 409 for a stage that lies behind.

    The first outcome counts: a second is taken for the first one, sent again.
    """
    # A large body takes memory: each runner has one of them at most.
    with _alone(service.updating, job_id, "update_under_way"):
        # An outcome's patch and trajectory in base64, and texts.
        data = await read_body(request, 3 * service.settings.max_artifact_bytes + 1_000_000)
        return await to_thread.run_sync(_take_update, service, job_id, worker, data)


@contextmanager
def _alone(under_way: set[str], job_id: str, code: str) -> Iterator[None]:
    if job_id in under_way:
        detail = "The job's last request of this kind has not ended: send it again in 2 seconds"
        raise ProblemError(429, code, detail, {"Retry-After": "2"})
    under_way.add(job_id)
    try:
        yield
    finally:
        under_way.discard(job_id)


def _complete(service: Service, job_id: str, worker: str, data: bytes) -> CompletionAnswer:
    call = _parsed(CompletionCall, data)
    with about_job(job_id):
        _check_budget(service.store.get(job_id))
        completion = service.model().complete(call.conversation(), timeout_s=service.settings.model_timeout_s)
        job = service.store.get(job_id)
        service.store.update(
            job_id,
            worker,
            input_tokens=job.input_tokens + completion.input_tokens,
            output_tokens=job.output_tokens + completion.output_tokens,
            cost_usd=job.cost_usd + completion.cost_usd,
        )
    return CompletionAnswer.of(completion)


def _check_budget(job: Job) -> None:
    if job.cancel_requested:
        raise MoveRefusedError("The job is being cancelled")
    if job.cost_usd >= job.request.max_cost_usd:
        most = job.request.max_cost_usd
        raise CodingAgentError("cost_limit", f"The job has cost {job.cost_usd:.4f} US dollars; it may cost {most:g}")


def _take_update(service: Service, job_id: str, worker: str, data: bytes) -> RunnerReply:
    update = _parsed(RunnerUpdate, data)
    store, redactor = service.store, service.redactor
    if update.stage is not None and update.stage not in _RUNNERS_STAGES:
        raise MoveRefusedError(f"A runner does not begin the stage {update.stage}")
    if get_outcome(store, job_id) is not None:
        # The answer to the last report may have been lost on the way.
        if update.outcome is None:
            raise MoveRefusedError("The run has reported its outcome: nothing comes after it")
        return _reply(store.get(job_id))
    with about_job(job_id):
        if update.stage is not None:
            store.update(job_id, worker, stage=update.stage)
        if update.progress is not None:
            store.update(job_id, worker, steps=update.progress.steps)
        if update.log:
            store.append_log(job_id, [redactor.redact(line) for line in update.log])
        if update.trajectory is not None:
            store.put_artifact(job_id, Artifact.TRAJECTORY, _without_secrets(redactor, update.trajectory))
        if update.outcome is not None:
            store.update(job_id, worker, steps=update.outcome.steps)
            put_outcome(store, job_id, _outcome_without_secrets(redactor, update.outcome))
    return _reply(store.get(job_id))


def _reply(job: Job) -> RunnerReply:
    return RunnerReply(status=job.status, cancel_requested=job.cancel_requested)


def _parsed(model: type[Body], data: bytes) -> Body:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in found["loc"]) or "body"
        raise ProblemError(422, "invalid_request", f"The request cannot be used: {where}: {found['msg']}") from None


def _without_secrets(redactor: Redactor, trajectory: bytes) -> bytes:
    try:
        parsed = json.loads(trajectory)
    except ValueError:
        raise ProblemError(422, "invalid_request", "trajectory: this is not JSON") from None
    return json.dumps(redactor.redact_json(parsed)).encode()


def _outcome_without_secrets(redactor: Redactor, outcome: OutcomeMessage) -> OutcomeMessage:
    """The patch stays as it is, for it must apply: the push guard refuses one with secrets."""
    tests = outcome.tests
    return outcome.model_copy(
        update={
            "summary": redactor.redact(outcome.summary),
            "detail": redactor.redact(outcome.detail),
            "tests": None if tests is None else tests.model_copy(update={"output": redactor.redact(tests.output)}),
            "trajectory": _without_secrets(redactor, outcome.trajectory),
        }
    )
