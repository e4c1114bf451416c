"""The coding agent's HTTP service: `uvicorn coding_agent.backend:app`. With workers it runs jobs as well."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import httpx
from fastapi import FastAPI

from coding_agent.agent.language_model import LanguageModel
from coding_agent.agent.models.build import build_model
from coding_agent.api.body import BodyLimit
from coding_agent.api.document import application
from coding_agent.api.edge import Edge
from coding_agent.api.rate_limits import RateLimits
from coding_agent.api.repository import repository_router
from coding_agent.api.service import Service
from coding_agent.errors import CodingAgentError
from coding_agent.github.client import open_github
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import JobStore
from coding_agent.observability.emf import QueueReports
from coding_agent.observability.logs import configure_logging
from coding_agent.observability.redaction import redactor_for
from coding_agent.settings import Settings
from coding_agent.settings_reading import read_settings

if TYPE_CHECKING:
    from coding_agent.worker import WorkerGroup

__all__ = ["DRAIN_S", "create_app"]

# Fargate kills a task 120 seconds after it was told to stop, at the latest.
DRAIN_S = 90.0
# Their routes read bodies themselves, once they know who asks.
_OWN_BODIES = ("/completions", "/webhooks/github", "/git-upload-pack")


def create_app(
    settings: Settings,
    store: JobStore | None = None,
    *,
    limits: RateLimits | None = None,
    open_model: Callable[[Settings], LanguageModel] = build_model,
) -> FastAPI:
    """Return the application; it closes the store when it ends, after its workers have given their jobs back.

    Raises CodingAgentError `bad_store`, StoreUnavailableError, and with workers what `open_workers` raises: whoever
    starts the service is told what is missing before it serves.
    """
    store = store or open_store(settings)
    workers = None
    if settings.workers:
        from coding_agent.worker import open_workers

        workers = open_workers(settings, store, count=settings.workers)
    service = Service(
        settings=settings,
        store=store,
        limits=limits or RateLimits(settings),
        redactor=redactor_for(settings),
        open_model=open_model,
        open_github=open_github,
    )

    forwarding = httpx.AsyncClient(follow_redirects=False)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(settings, service.redactor)
        async with forwarding:
            with _stopping_early(service):
                async with _running(service, workers):
                    yield

    app = application(lifespan=lifespan)
    app.state.service = service
    app.include_router(repository_router(service, forwarding))
    app.add_middleware(BodyLimit, own_endings=_OWN_BODIES)
    app.add_middleware(Edge)
    return app


@asynccontextmanager
async def _running(service: Service, workers: WorkerGroup | None) -> AsyncIterator[None]:
    """Run workers and what reports, and end them before the store is closed."""
    settings, store = service.settings, service.store
    reports = QueueReports(store) if settings.environment == "production" else None
    if workers is not None:
        workers.start()
    if reports is not None:
        reports.start()
    try:
        yield
    finally:
        service.stopping.set()
        if workers is not None:
            await asyncio.to_thread(workers.drain, DRAIN_S)
        if reports is not None:
            await asyncio.to_thread(reports.stop)
        await asyncio.to_thread(service.close)


@contextmanager
def _stopping_early(service: Service) -> Iterator[None]:
    """End event streams as soon as the process is told to stop: the server waits for them before it says so itself."""
    if threading.current_thread() is not threading.main_thread():
        yield  # as in tests; signals reach the main thread alone
        return
    loop = asyncio.get_running_loop()
    handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(service.stopping.set)
        previous = handled[signal.Signals(number)]
        if callable(previous):
            previous(number, frame)

    for number in handled:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


def __getattr__(name: str) -> FastAPI:
    """Make `app` when a server asks for it: to import this module reads no settings and opens nothing."""
    if name == "app":
        try:
            return create_app(read_settings())
        except CodingAgentError as error:
            raise SystemExit(f"The coding agent does not start: {error}") from None
    raise AttributeError(name)
