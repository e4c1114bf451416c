"""The back end: `uvicorn serving.backend.app:app --workers 1`. Everything is loaded when the process starts."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from types import FrameType

from fastapi import FastAPI, Request, Response

from finrag_ml_tg1 import __version__
from finrag_ml_tg1.answering.models.errors import ModelNotOfferedError
from finrag_ml_tg1.answering.models.opening import open_models
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.open_store import open_store
from serving.backend.admission import EngineBusyError
from serving.backend.answer_cache import AnswerCache
from serving.backend.answerer import Answerer
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.bookkeeping_routes import bookkeeping_router
from serving.backend.engine import STOPPING_GRACE_S, Engine
from serving.backend.feedback import FeedbackNotKeptError
from serving.backend.fixes.desk import open_desk
from serving.backend.fixes.routes import add_fix_routes
from serving.backend.measured_store import measured
from serving.backend.query_measures import QueryMeasures
from serving.backend.routes import router
from serving.backend.served_versions import ServedVersions
from serving.backend.shared.answers import SharedAnswers
from serving.backend.shared.connection import open_shared
from serving.backend.shared.model_circuit import SharedModelCircuit
from serving.backend.shared.rate_limit import SharedMoments
from serving.backend.state_measures import StateMeasures
from serving.http.errors import add_error_handlers, problem_response
from serving.http.middleware import add_middleware
from serving.http.observability import Observability
from serving.http.openapi import DocumentedAPI
from serving.http.patience import PATIENT, Patience
from serving.http.start import configured

__all__ = ["app", "create_app"]


# How long a server that is told to stop says so to who comes, while answers are under way, before it stops listening.
REFUSING_S = 3.0


def create_app(
    config: MLConfig, *, stopping_grace_s: float = STOPPING_GRACE_S, patience: Patience = PATIENT
) -> FastAPI:
    """Return an application for these settings; its index is opened when it starts, and followed.

    When the process is told to stop, answers under way have `stopping_grace_s` seconds.
    """
    desk = open_desk(config)
    observability = Observability(config, "finrag-backend")
    store = measured(open_store(config.store, config), observability.registry)
    shared = open_shared(config)
    cache = AnswerCache(
        config.answer_cache_bytes, shared=None if shared is None else SharedAnswers(shared, config.answer_cache_bytes)
    )
    versions = ServedVersions(config, store, cache.forget, shared)
    engine = Engine(versions, query_timeout_s=config.query_timeout_s, grace_s=stopping_grace_s)
    recent = None if desk is None else desk.recent
    books = Bookkeeping(config, store, QueryMeasures(observability.registry).enter, recent, shared)
    models = open_models(config) if shared is None else open_models(config, partial(SharedModelCircuit, shared))
    moments = SharedMoments(shared) if shared is not None and config.rate_per_minute else None
    observability.registry.register(StateMeasures(engine, books, cache, models, shared))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(versions.follow())
        books.open()
        if shared is not None:
            shared.start()
        with _stopping_gently(engine):
            async with observability.running():
                yield
        engine.stop()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await asyncio.to_thread(books.close)
        if moments is not None:
            await moments.close()
        if shared is not None:
            await asyncio.to_thread(shared.close)
        versions.close()

    application = DocumentedAPI(
        title="FinRAG",
        version=__version__,
        description="Questions about SEC annual reports, answered with citations that open on the exact words.",
        lifespan=lifespan,
    )
    application.state.engine = engine
    application.state.answerer = Answerer(engine, models, books, cache)
    application.state.books = books
    application.state.shared = shared
    application.include_router(router)
    application.include_router(bookkeeping_router)
    add_fix_routes(application, desk)
    observability.add_routes(application)
    add_error_handlers(application)
    application.add_exception_handler(EngineBusyError, _busy)
    application.add_exception_handler(ModelNotOfferedError, _not_offered)
    application.add_exception_handler(FeedbackNotKeptError, _not_kept)
    advice = "shorten the question or the history"
    add_middleware(application, config, observability, too_large_advice=advice, patience=patience, moments=moments)
    return application


@contextmanager
def _stopping_gently(engine: Engine) -> Iterator[None]:
    """Stop the engine when the process is told to end, and have the server hear of it a little later.

    A server stops listening as soon as it hears, and waits for open streams before it says so itself: who comes
    meanwhile would find nobody there. Nothing under way, or told twice, it hears at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # as in tests; signals reach the main thread alone
        return
    loop = asyncio.get_running_loop()
    handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    passing_on: set[asyncio.Task[None]] = set()

    def pass_on(number: int) -> None:
        previous = handled[signal.Signals(number)]
        if callable(previous):
            previous(number, None)

    async def stop(number: int) -> None:
        engine.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(engine.wait_until_idle(), REFUSING_S)
        pass_on(number)

    def begin(number: int) -> None:
        if passing_on:
            pass_on(number)
        else:
            passing_on.add(loop.create_task(stop(number)))

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin, number)

    for number in handled:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


async def _busy(request: Request, error: Exception) -> Response:
    assert isinstance(error, EngineBusyError)
    return problem_response(429, f"{error}.", headers={"Retry-After": str(error.retry_after_s)})


async def _not_offered(request: Request, error: Exception) -> Response:
    return problem_response(422, str(error))


async def _not_kept(request: Request, error: Exception) -> Response:
    return problem_response(503, f"{error}.")


app = configured(create_app)
