"""What passes between a worker and its runner elsewhere, by way of the store: the assignment, and the outcome."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from coding_agent.jobs.store import Artifact, JobStore
from coding_agent.runs.assignment import Assignment, RunOutcome
from coding_agent.runs.wire import AssignmentMessage, OutcomeMessage

__all__ = ["get_assignment", "get_outcome", "put_assignment", "put_outcome"]


def put_assignment(store: JobStore, assignment: Assignment) -> None:
    """Keep what the job's runner is to do, before it is started."""
    store.put_artifact(
        assignment.job_id, Artifact.ASSIGNMENT, AssignmentMessage.of(assignment).model_dump_json().encode()
    )


def get_assignment(store: JobStore, job_id: str) -> AssignmentMessage | None:
    """Return what the job's runner is to do, or None while that is not known."""
    kept = store.get_artifact(job_id, Artifact.ASSIGNMENT)
    return None if kept is None else AssignmentMessage.model_validate_json(kept)


def put_outcome(store: JobStore, job_id: str, message: OutcomeMessage) -> None:
    """Keep what the job's runner has reported; its trajectory becomes the job's.

    Raises CodingAgentError `artifact_too_large`.
    """
    store.put_artifact(job_id, Artifact.TRAJECTORY, message.trajectory)
    without = message.model_copy(update={"trajectory": b""})
    kept = {"run": _run_of(store, job_id), "outcome": without.model_dump(mode="json")}
    store.put_artifact(job_id, Artifact.OUTCOME, json.dumps(kept).encode())


def get_outcome(store: JobStore, job_id: str) -> RunOutcome | None:
    """Return what the job's present runner has reported, or None while it has not.

    What an earlier run of the job reported does not count; tokens and cost are what the service has counted.
    """
    data = store.get_artifact(job_id, Artifact.OUTCOME)
    kept: dict[str, Any] = json.loads(data) if data else {"run": None}
    if kept["run"] is None or kept["run"] != _run_of(store, job_id):
        return None
    job = store.get(job_id)
    message = OutcomeMessage.model_validate(kept["outcome"]).model_copy(
        update={"trajectory": store.get_artifact(job_id, Artifact.TRAJECTORY) or b""}
    )
    return message.outcome(input_tokens=job.input_tokens, output_tokens=job.output_tokens, cost_usd=job.cost_usd)


def _run_of(store: JobStore, job_id: str) -> str | None:
    """Each run has a token of its own: what is kept of it tells runs apart."""
    kept = store.get_artifact(job_id, Artifact.RUNNER_TOKEN_DIGEST)
    return None if kept is None else hashlib.sha256(kept).hexdigest()
