"""From a request to its response: the pipeline's events as the API tells them, with the model chosen for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.events import Piece, Result, Sources, Stage
from serving.backend.engine import Engine
from serving.backend.presentation import query_response
from serving.backend.schemas import QueryRequest, QueryResponse

__all__ = ["Answered", "Answerer", "Drafted", "QueryEvent"]


@dataclass(frozen=True, slots=True)
class Drafted:
    """The response as the filings alone give it, before a model writes."""

    response: QueryResponse


@dataclass(frozen=True, slots=True)
class Answered:
    """The response as it is given."""

    response: QueryResponse


class ClientGoneError(FinRAGError):
    """Nobody waits for the answer any more."""


QueryEvent = Stage | Drafted | Piece | Answered


class Answerer:
    """Answers requests with one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def check(self, body: QueryRequest) -> None:
        """Raise EngineNotReadyError or EngineBusyError when no question can be taken now."""
        self._engine.check()

    async def answer(
        self, body: QueryRequest, request_id: str, is_gone: Callable[[], Awaitable[bool]]
    ) -> QueryResponse:
        """Return the response; raises what `events` raises, and ClientGoneError once `is_gone()`."""
        async with aclosing(self.events(body, request_id)) as events:
            async for event in events:
                if isinstance(event, Answered):
                    return event.response
                if isinstance(event, Piece) and await is_gone():
                    raise ClientGoneError("the client closed the connection")
        raise AssertionError("the events of a question end with its answer")

    async def events(self, body: QueryRequest, request_id: str) -> AsyncGenerator[QueryEvent, None]:
        """Yield the steps, the draft, the words as they are written, and the response last."""
        finrag = self._engine.loaded
        question = body.to_question()

        def present(result: Result) -> QueryResponse:
            return query_response(result, finrag.index.catalog, finrag.index.version, request_id)

        async with aclosing(self._engine.events(lambda finrag: finrag.stream(question))) as events:
            async for event in events:
                match event:
                    case Sources():
                        yield Drafted(present(event.result))
                    case Result():
                        yield Answered(present(event))
                    case _:
                        yield event
