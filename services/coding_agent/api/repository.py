"""The job's repository for its runner: the routes that forward to GitHub, with who may ask and GitHub's token."""

from __future__ import annotations

import httpx
from anyio import to_thread
from fastapi import APIRouter

from coding_agent.api.service import Service
from coding_agent.jobs.job import Job
from coding_agent.repository.upload_pack import upload_pack_router
from coding_agent.runs.runner_token import RunnerTokenError, check_runner_token

__all__ = ["repository_router"]


def repository_router(service: Service, client: httpx.AsyncClient) -> APIRouter:
    """Return the two routes of a `git clone` of `/jobs/{id}/repository`."""

    def job_of(job_id: str, token: str) -> Job | None:
        try:
            check_runner_token(service.store, job_id, token)
        except RunnerTokenError:
            return None
        return service.store.get(job_id)

    def token_for(job: Job) -> str:
        token = service.github().credentials.token(job.request.issue.repository)
        service.redactor.learn(token)
        return token

    async def authorize(job_id: str, token: str) -> Job | None:
        return await to_thread.run_sync(job_of, job_id, token)

    async def github_token(job: Job) -> str:
        return await to_thread.run_sync(token_for, job)

    return upload_pack_router(service.settings, client, authorize, github_token)
