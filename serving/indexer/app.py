"""The indexing service: `uvicorn serving.indexer.app:app --workers 1`. It holds nothing but the job that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from finrag_ml_tg1 import __version__
from finrag_ml_tg1.loaders.lease import LeaseHeldError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.open_store import open_store
from serving.http.errors import add_error_handlers, problem_response
from serving.http.middleware import add_middleware
from serving.http.observability import Observability
from serving.http.openapi import DocumentedAPI
from serving.http.start import configured
from serving.indexer.admission import Admission
from serving.indexer.jobs import Jobs, KeyUsedError
from serving.indexer.routes import held_response, router

__all__ = ["app", "create_app"]


def create_app(config: MLConfig) -> FastAPI:
    """Return an application for these settings, which have to be those of the environment: jobs read them there."""
    jobs = Jobs(open_store(config.store, config), config.indexer_lease_s)
    observability = Observability(config, "finrag-indexer")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with observability.running():
            yield
        await asyncio.to_thread(jobs.close)

    application = DocumentedAPI(
        title="FinRAG indexing service",
        version=__version__,
        description="Reads filings into the store, builds the index and evaluates, as jobs: one at a time for a store.",
        lifespan=lifespan,
    )
    application.state.jobs = jobs
    application.state.admission = Admission(config)
    application.include_router(router)
    observability.add_routes(application)
    add_error_handlers(application)
    application.add_exception_handler(LeaseHeldError, held_response)
    application.add_exception_handler(KeyUsedError, _key_used)
    advice = "name folders instead of files, or post several jobs"
    add_middleware(application, config, observability, too_large_advice=advice)
    return application


async def _key_used(request: Request, error: Exception) -> Response:
    return problem_response(422, f"{error}.")


app = configured(create_app)
