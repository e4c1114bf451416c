"""The routes. Each takes its work to the engine's worker threads; none touches files or the store on the event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.vocabulary.metrics import load_metrics
from serving.backend.answerer import Answerer, QueryEvent, whole_answer
from serving.backend.bookkeeping_routes import OpenBooks
from serving.backend.catalog_presentation import catalog_response
from serving.backend.engine import Engine
from serving.backend.numbers import facts_response
from serving.backend.presentation import passage
from serving.backend.process import rss_megabytes, uptime_seconds
from serving.backend.schemas.answers import QueryResponse
from serving.backend.schemas.catalog import CatalogResponse, HealthResponse, NotReadyProblem, PassageResponse
from serving.backend.schemas.numbers import FactsResponse
from serving.backend.schemas.requests import QueryRequest
from serving.backend.shared.connection import SharedRedis
from serving.backend.streaming import server_sent_events
from serving.http.client_address import client_of
from serving.http.errors import PROBLEM_JSON, problem, shown_name
from serving.http.openapi import problems

__all__ = ["router"]

_NEIGHBOURS = 2

router = APIRouter()


def _engine(request: Request) -> Engine:
    engine = request.app.state.engine
    assert isinstance(engine, Engine)
    return engine


def _client(request: Request) -> str:
    return client_of(request.scope)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that is taken, and the events that answer it."""

    request_id: str
    events: AsyncGenerator[QueryEvent, None]


async def _asked(body: QueryRequest, request: Request) -> AsyncGenerator[_Asked, None]:
    """Refuse what cannot be answered now: a stream that has begun could not be refused with a status.

    The events are closed here, where a request ends for certain: a stream whose reader has gone is left where it is.
    """
    async with _answering(body, request, is_streamed=False) as asked:
        yield asked


async def _asked_step_by_step(body: QueryRequest, request: Request) -> AsyncGenerator[_Asked, None]:
    """As `_asked`, with all that happens on the way."""
    async with _answering(body, request, is_streamed=True) as asked:
        yield asked


@asynccontextmanager
async def _answering(body: QueryRequest, request: Request, *, is_streamed: bool) -> AsyncGenerator[_Asked, None]:
    answerer = request.app.state.answerer
    assert isinstance(answerer, Answerer)
    request_id: str = request.state.request_id
    with answerer.admitted(body, _client(request)) as slot:
        async with aclosing(answerer.events(body, request_id, slot, is_streamed=is_streamed)) as events:
            yield _Asked(request_id, events)


LoadedEngine = Annotated[Engine, Depends(_engine)]
Client = Annotated[str, Depends(_client)]
Asked = Annotated[_Asked, Depends(_asked)]
AskedStepByStep = Annotated[_Asked, Depends(_asked_step_by_step)]


@router.post("/query", responses=problems(400, 401, 413, 422, 429, 503))
async def query(asked: Asked, request: Request) -> QueryResponse:
    """Answer a question from the filings, or abstain and say what is covered."""
    return await whole_answer(asked.events, request.is_disconnected)


@router.post("/query/stream", response_class=EventSourceResponse, responses=problems(400, 401, 413, 422, 429, 503))
async def query_stream(asked: AskedStepByStep) -> AsyncGenerator[ServerSentEvent, None]:
    """Answer as Server-Sent Events: `status`*, `resolved`, `sources`, `token`*, then `done` (as /query) or `error`."""
    async for event in server_sent_events(asked.events, asked.request_id):
        yield event


@router.get("/facts", response_model=FactsResponse, responses=problems(400, 401, 422, 429, 503))
async def facts(
    engine: LoadedEngine,
    client: Client,
    tickers: Annotated[str, Query(max_length=600, description="Tickers, separated by commas.")],
    metrics: Annotated[str, Query(max_length=1_000, description="Names of metrics as /catalog lists them, by commas.")],
    fiscal_years: Annotated[str, Query(max_length=300, pattern=r"^(\d{4}(,\d{4})*)?$")] = "",
) -> Response:
    """Return tagged numbers and calculated metrics; what is missing is named with the reason."""
    names = _listed(metrics)
    unknown = [name for name in names if name not in load_metrics()]
    if unknown or not names:
        named = ", ".join(map(shown_name, unknown)) or "in metrics"
        raise HTTPException(422, f"No metric is named {named}: /catalog lists them all.")
    wanted = [ticker.upper() for ticker in _listed(tickers)]
    years = [int(year) for year in _listed(fiscal_years)]
    body = await engine.read(client, lambda finrag: facts_response(finrag, wanted, names, years).model_dump_json())
    return _json(body)


def _json(body: str) -> Response:
    """The response with a body that was written on a thread: a large one takes its time, and holds up the probes."""
    return Response(body, media_type="application/json")


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


@router.get("/catalog", response_model=CatalogResponse, responses=problems(401, 429, 503))
async def catalog(request: Request, engine: LoadedEngine, client: Client) -> Response:
    """List the companies, filings and items that are covered, the metrics with a name and the models on offer."""
    answerer = request.app.state.answerer
    assert isinstance(answerer, Answerer)

    def work(finrag: FinRAG) -> str:
        return catalog_response(finrag.index.catalog, finrag.index.version, answerer.models).model_dump_json()

    return _json(await engine.read(client, work))


@router.get("/passages/{passage_id}", response_model=PassageResponse, responses=problems(401, 404, 422, 429, 503))
async def passages(passage_id: Annotated[str, Path(max_length=100)], engine: LoadedEngine, client: Client) -> Response:
    """Return one passage with the passages around it."""

    def work(finrag: FinRAG) -> str | None:
        row = finrag.index.find_passage(passage_id)
        if row is None:
            return None
        before, after = finrag.index.neighbours(row, _NEIGHBOURS)
        return PassageResponse(
            passage=passage(finrag.index.record(row)),
            before=[passage(record) for record in before],
            after=[passage(record) for record in after],
        ).model_dump_json()

    found = await engine.read(client, work)
    if found is None:
        raise HTTPException(404, "The current index holds no passage with this id; take ids from a fresh answer.")
    return _json(found)


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> Response:
    """Return 200 while the process runs; checks nothing."""
    return PlainTextResponse("ok")


@router.get("/readyz", response_class=PlainTextResponse, responses={503: {"model": NotReadyProblem}})
async def readyz(engine: LoadedEngine) -> Response:
    """Return 200 while a loaded index can answer, else 503 with the reason."""
    if engine.is_shutting_down:
        return _not_ready("stopping", "The server is shutting down.")
    versions = engine.versions
    if versions.current is None:
        return _not_ready("loading" if versions.is_loading else "obstacle", str(versions.problem))
    return PlainTextResponse("ok")


def _not_ready(reason: Literal["loading", "obstacle", "stopping"], detail: str) -> JSONResponse:
    told = NotReadyProblem(**problem(503, detail).model_dump(), reason=reason)
    headers = {} if reason == "stopping" else {"Retry-After": "2"}
    return JSONResponse(told.model_dump(exclude_none=True), status_code=503, media_type=PROBLEM_JSON, headers=headers)


@router.get("/health", response_model=HealthResponse, responses={503: {"model": HealthResponse}})
async def health(request: Request, engine: LoadedEngine, books: OpenBooks) -> JSONResponse:
    """Return the state of process, index and store; 503 when no question can be answered."""
    versions = engine.versions
    await versions.check_store()
    shared: SharedRedis | None = request.app.state.shared
    index = versions.current.index if versions.current is not None and not engine.is_shutting_down else None
    loaded_status: Literal["ok", "degraded"] = "ok" if versions.problem is None else "degraded"
    state = HealthResponse(
        status=loaded_status if index else "unavailable",
        store="ok" if versions.is_store_reachable else "unreachable",
        index_version=index.version if index else None,
        filings=index.manifest.filings if index else 0,
        passages=index.manifest.passages if index else 0,
        refresh_error=versions.problem if index else None,
        warnings=[*books.access.warnings, *_what_is_not_shared(shared)],
        shared_redis=None if shared is None else "unreachable" if shared.outage else "ok",
        detail=None if index else _why_not(engine),
        uptime_s=uptime_seconds(),
        rss_mb=rss_megabytes(),
    )
    return JSONResponse(state.model_dump(), status_code=200 if index else 503)


def _why_not(engine: Engine) -> str:
    versions = engine.versions
    if engine.is_shutting_down:
        return "the server is shutting down"
    return str(versions.problem) if versions.is_store_reachable else f"storage unavailable: {versions.problem}"


def _what_is_not_shared(shared: SharedRedis | None) -> list[str]:
    if shared is None or not shared.outage:
        return []
    return [f"Rates, budget, kept answers and circuits are this process's own: {shared.outage}."]
