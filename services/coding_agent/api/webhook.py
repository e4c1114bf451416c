"""GitHub's webhook: a label or a comment of somebody who may write starts a job."""

from __future__ import annotations

import logging
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response

from coding_agent.api.body import read_body
from coding_agent.api.problems import PROBLEMS, ProblemError
from coding_agent.api.schemas import WebhookAnswer
from coding_agent.api.service import Service, ServiceDependency, new_job
from coding_agent.github.client import GitHub
from coding_agent.github.webhook import (
    SEEN_FOR_S,
    Pong,
    Submit,
    acknowledge,
    decide,
    replay_keys,
    verify_signature,
)
from coding_agent.jobs.job import JobRequest

__all__ = ["MAX_DELIVERY_BYTES", "router"]

router = APIRouter(responses=PROBLEMS, tags=["webhook"])

# GitHub sends up to 25 MB for pushes. The two events that are taken hold one issue and one comment of at most 65 536
# characters each: two megabytes are ample, and anybody can make the service read them.
MAX_DELIVERY_BYTES = 2_000_000

_logger = logging.getLogger(__name__)


@router.post("/webhooks/github", status_code=202, responses={200: {"model": WebhookAnswer}})
async def github_webhook(
    service: ServiceDependency,
    request: Request,
    response: Response,
    x_hub_signature_256: Annotated[str | None, Header()] = None,
    x_github_event: Annotated[str, Header(max_length=100)] = "",
    x_github_delivery: Annotated[str, Header(max_length=100)] = "",
) -> WebhookAnswer:
    """Take a delivery: 202 with the job it started, 200 when it starts none. 401 for a wrong signature."""
    secret = service.settings.webhook_secret
    if secret is None:
        raise ProblemError(404, "webhook_off", "CODING_AGENT_WEBHOOK_SECRET is not set, so no deliveries are taken")
    body = await read_body(request, MAX_DELIVERY_BYTES)
    if not verify_signature(secret, body, x_hub_signature_256):
        raise ProblemError(401, "bad_signature", "X-Hub-Signature-256 is not the signature of this body")
    if not x_github_delivery:
        raise ProblemError(400, "webhook_unreadable", "X-GitHub-Delivery is missing")
    answer = await to_thread.run_sync(_take, service, x_github_event, x_github_delivery, body)
    response.status_code = 202 if answer.result == "accepted" else 200
    return answer


def _take(service: Service, event: str, delivery: str, body: bytes) -> WebhookAnswer:
    github = service.github()
    decision = decide(event, body, service.settings, github)
    if isinstance(decision, Pong):
        return WebhookAnswer(result="pong")
    if not isinstance(decision, Submit):
        return WebhookAnswer(result="ignored", reason=decision.reason)
    # After the decision, which may fail for a while: such a delivery is sent again, and must not count as seen.
    fresh = [service.store.first_sight(key, SEEN_FOR_S) for key in replay_keys(delivery, body)]
    if not all(fresh):
        return WebhookAnswer(result="ignored", reason="seen_before")
    if not service.limits.take("repository", decision.issue.repository).allowed:
        _logger.warning("a delivery of the webhook was over the repository's rate limit")
        return WebhookAnswer(result="ignored", reason="rate_limited")
    return _submit(service, github, decision)


def _submit(service: Service, github: GitHub, decision: Submit) -> WebhookAnswer:
    wanted = JobRequest(
        issue=decision.issue,
        base_branch=decision.base_branch,
        pr_type=decision.pr_type,
        dry_run=decision.dry_run,
        max_cost_usd=service.settings.max_cost_usd,
        max_minutes=service.settings.max_minutes,
    )
    submission = service.store.submit(new_job(wanted, "webhook"))
    if not submission.created:
        return WebhookAnswer(result="ignored", reason="already_under_way", job_id=submission.job.id)
    acknowledge(github, decision)
    return WebhookAnswer(result="accepted", job_id=submission.job.id)
