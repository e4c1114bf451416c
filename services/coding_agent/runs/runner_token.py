"""The token of one job's runner: it opens that job's runner routes, while the job runs, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets

from coding_agent.errors import CodingAgentError
from coding_agent.jobs.job import JobStatus
from coding_agent.jobs.store import Artifact, JobStore

__all__ = ["RunnerTokenError", "check_runner_token", "issue_runner_token"]


class RunnerTokenError(CodingAgentError):
    """The token is not this job's, or the job does not run."""

    def __init__(self) -> None:
        super().__init__("runner_token_refused", "The token does not open this job, or the job does not run any more")


def issue_runner_token(store: JobStore, job_id: str, worker: str) -> str:
    """Return a new token for the job that the worker has; only its digest is kept, and earlier ones end.

    Updates that come with the token are made in the worker's name.
    """
    token = secrets.token_urlsafe(32)
    kept = json.dumps({"digest": hashlib.sha256(token.encode()).hexdigest(), "worker": worker})
    store.put_artifact(job_id, Artifact.RUNNER_TOKEN_DIGEST, kept.encode())
    return token


def check_runner_token(store: JobStore, job_id: str, token: str) -> str:
    """Return the worker whose runner has this token.

    Raises RunnerTokenError, the same for a wrong token, an unknown job, and one that is not running.
    """
    try:
        kept = store.get_artifact(job_id, Artifact.RUNNER_TOKEN_DIGEST)
        is_running = store.get(job_id).status is JobStatus.RUNNING
    except CodingAgentError as error:
        if error.code == "job_not_found":
            raise RunnerTokenError from None
        raise
    known: dict[str, str] = json.loads(kept) if kept else {"digest": "", "worker": ""}
    given = hashlib.sha256(token.encode()).hexdigest()
    if not hmac.compare_digest(given, known["digest"]) or not is_running:
        raise RunnerTokenError
    return known["worker"]
