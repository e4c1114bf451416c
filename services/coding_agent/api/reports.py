"""Reports of people, filed as issues of one repository and worked on at once."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request

from coding_agent.api.auth import Client, take
from coding_agent.api.problems import PROBLEMS, ProblemError
from coding_agent.api.schemas import JobAccepted, ReportAccepted, ReportRequest
from coding_agent.api.service import Service, ServiceDependency, new_job
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import JobRequest
from coding_agent.jobs.store import Idempotency

__all__ = ["router"]

router = APIRouter(responses=PROBLEMS, tags=["reports"])

# Two requests for one report at once must not file it twice: the second waits for GitHub's answer to the first.
_FILING_S = 60.0


@router.post("/reports", status_code=202)
def report(body: ReportRequest, service: ServiceDependency, client: Client, request: Request) -> ReportAccepted:
    """File a report as an issue, and queue its repair. The same `report_id` again gives the same issue and job.

    404 `reports_off` where no repository is configured for reports.
    """
    repository = service.settings.report_repository
    if repository is None:
        raise ProblemError(404, "reports_off", "CODING_AGENT_REPORT_REPOSITORY is not set, so no reports are taken")
    take(service, request, "repository", repository)
    name = hashlib.sha256(body.report_id.encode()).hexdigest()
    issue = _issue(service, repository, body, name)
    wanted = JobRequest(
        issue=issue, max_cost_usd=service.settings.max_cost_usd, max_minutes=service.settings.max_minutes
    )
    # The issue tells the reports apart; what was written in a second one of the same id is not filed.
    job = service.store.submit(new_job(wanted, client), Idempotency("reports", name, issue.url)).job
    accepted = JobAccepted.of(job, service.settings.public_url)
    return ReportAccepted(issue_url=issue.url, job_id=job.id, status_url=accepted.status_url)


def _issue(service: Service, repository: str, body: ReportRequest, name: str) -> IssueRef:
    """The issue of the report: the one that was filed before, or a new one."""
    github, marker = service.github(), f"<!-- coding-agent-report:{name} -->"
    filed = github.find_issue_by_marker(repository, marker)
    if filed is not None:
        return filed
    if not service.store.first_sight(f"report:{name}", _FILING_S):
        detail = "This report is being filed by another request: send it again in a few seconds"
        raise ProblemError(409, "report_under_way", detail, {"Retry-After": "5"})
    redactor = service.redactor
    text = f"{redactor.redact(body.body)}\n\n{marker}"
    return github.create_issue(repository, title=redactor.redact(body.title), body=text)
