"""The back end: `uvicorn serving.backend.app:app --workers 1`. Everything is loaded once, when the process starts."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request, Response

from finrag_ml_tg1 import __version__
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.open_store import open_store
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.bookkeeping_routes import bookkeeping_router
from serving.backend.engine import Engine, EngineBusyError
from serving.backend.errors import add_error_handlers, problem_response
from serving.backend.middleware import ApiKey, BodyLimit, LastResort, RequestId
from serving.backend.openapi import DocumentedAPI
from serving.backend.routes import router

__all__ = ["app", "create_app"]


def create_app(config: MLConfig) -> FastAPI:
    """Return an application for these settings; its index is opened when it starts."""
    store = open_store(config.store, config)
    engine = Engine(config, store)
    books = Bookkeeping(config, store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(engine.load())
        books.open()
        yield
        engine.is_shutting_down = True
        loading.cancel()
        with suppress(asyncio.CancelledError):
            await loading
        await asyncio.to_thread(books.close)

    application = DocumentedAPI(
        title="FinRAG",
        version=__version__,
        description="Questions about SEC annual reports, answered with citations that open on the exact words.",
        lifespan=lifespan,
    )
    application.state.engine = engine
    application.state.books = books
    application.include_router(router)
    application.include_router(bookkeeping_router)
    add_error_handlers(application)
    application.add_exception_handler(EngineBusyError, _busy)
    if config.api_key is not None:
        application.add_middleware(ApiKey, key=config.api_key.get_secret_value())
    application.add_middleware(BodyLimit)
    application.add_middleware(LastResort)
    application.add_middleware(RequestId)
    return application


async def _busy(request: Request, error: Exception) -> Response:
    return problem_response(429, f"{error}.", headers={"Retry-After": "3"})


def _configured() -> MLConfig:
    """The environment's settings; a wrong one ends the process with one line instead of a traceback."""
    try:
        config = load_config()
    except SettingsError as error:
        sys.exit(f"finrag: {error}")
    logging.basicConfig(level=config.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return config


app = create_app(_configured())
