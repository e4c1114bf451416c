"""What the routes work with, and how they reach it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated
from uuid import uuid4

from anyio import CapacityLimiter
from fastapi import Depends, Request

from coding_agent.agent.language_model import LanguageModel
from coding_agent.api.auth import ApiKeys
from coding_agent.api.rate_limits import RateLimits
from coding_agent.errors import JobNotFoundError
from coding_agent.github.client import GitHub
from coding_agent.github.reach import GitHubReach
from coding_agent.jobs.job import Job, JobRequest
from coding_agent.jobs.store import JobStore
from coding_agent.observability.redaction import Redactor
from coding_agent.settings import Settings

__all__ = ["JobId", "Service", "ServiceDependency", "new_job", "service_of"]

# Model calls take minutes: they have threads of their own, so that everything else goes on.
_MODEL_CALLS = 32
_STREAM_READS = 8


@dataclass(kw_only=True)
class Service:
    """One application's parts. `model` is opened at its first use: a service without runners elsewhere needs none."""

    settings: Settings
    store: JobStore
    limits: RateLimits
    redactor: Redactor
    open_model: Callable[[Settings], LanguageModel]
    open_github: Callable[[Settings], GitHub]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    streams: set[object] = field(default_factory=set)
    # Jobs whose runner waits for the model, or sends an update.
    completing: set[str] = field(default_factory=set)
    updating: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def keys(self) -> ApiKeys:
        """The API keys of clients."""
        return ApiKeys(self.settings.api_key_digests)

    @cached_property
    def github_reach(self) -> GitHubReach:
        """Whether GitHub answers."""
        return GitHubReach(self.settings.github_api_url)

    @cached_property
    def model_calls(self) -> CapacityLimiter:
        """Threads for model calls."""
        return CapacityLimiter(_MODEL_CALLS)

    @cached_property
    def stream_reads(self) -> CapacityLimiter:
        """Threads for what event streams ask the store."""
        return CapacityLimiter(_STREAM_READS)

    def model(self) -> LanguageModel:
        """Return the model. Raises ValueError that names the setting that is wrong."""
        with self._lock:
            return self._model

    def github(self) -> GitHub:
        """Return GitHub's API. Raises CodingAgentError when there are no credentials for it."""
        with self._lock:
            return self._github

    def close(self) -> None:
        """Give connections back, the store's last."""
        if "_github" in self.__dict__:
            self._github.close()
        self.limits.close()
        self.store.close()

    @cached_property
    def _github(self) -> GitHub:
        return self.open_github(self.settings)

    @cached_property
    def _model(self) -> LanguageModel:
        return self.open_model(self.settings)


def service_of(request: Request) -> Service:
    """Return the application's parts."""
    service: Service = request.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(service_of)]


def new_job(request: JobRequest, client: str, *, retry_of: str | None = None) -> Job:
    """Return a pending job with a new id."""
    now = datetime.now(UTC)
    return Job(id=uuid4().hex, request=request, client=client, created_at=now, updated_at=now, retry_of=retry_of)


def known_job(job_id: str) -> str:
    """Return the id if it can be one. Raises JobNotFoundError otherwise, and asks no store."""
    if len(job_id) > 64 or not job_id.isascii() or not job_id.isalnum():
        raise JobNotFoundError("in the address")
    return job_id


JobId = Annotated[str, Depends(known_job)]
