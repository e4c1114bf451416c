"""From a request to its response: the model chosen and paid for, the answer kept, the query entered in the books."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass
from decimal import Decimal

import anyio.to_thread

from finrag_ml_tg1.answering.model_answer import ModelUse
from finrag_ml_tg1.answering.models.language_model import Cancellation, LanguageModel
from finrag_ml_tg1.answering.models.opening import EXTRACTIVE, ModelChoice
from finrag_ml_tg1.answering.prompts.template import load_template
from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.events import Piece, Result, Sources, Stage, pieces_of
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question
from serving.backend.admission import Slot
from serving.backend.answer_cache import AnswerCache, answer_key, renewed
from serving.backend.bookkeeping import Bookkeeping, QueryEntry
from serving.backend.budget import BudgetSpentError, Reservation
from serving.backend.engine import Engine
from serving.backend.presentation import model_usage, query_response
from serving.backend.schemas.answers import QueryResponse
from serving.backend.schemas.requests import QueryRequest

__all__ = ["Answered", "Answerer", "ClientGoneError", "Drafted", "QueryEvent", "whole_answer"]

# How soon a client that goes while nothing happens is noticed.
_GONE_AFTER_S = 0.5
_logger = logging.getLogger(__name__)
_GONE = "Nobody waits for the answer any more."
_ALL_WRITE = "As many answers as possible are being written by language models already."


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
    """Answers requests with one engine and the models on offer."""

    def __init__(self, engine: Engine, models: ModelChoice, books: Bookkeeping, cache: AnswerCache) -> None:
        self._engine = engine
        self._models = models
        self._books = books
        self._cache = cache

    @property
    def models(self) -> ModelChoice:
        """The models on offer."""
        return self._models

    @contextmanager
    def admitted(self, body: QueryRequest, client: str) -> Iterator[Slot]:
        """Take a place for a client's request; raises ModelNotOfferedError, or what `Engine.admitted` raises."""
        self._models.resolve(body.model_key)
        with self._engine.admitted(client) as slot:
            yield slot

    async def events(
        self, body: QueryRequest, request_id: str, slot: Slot, *, is_streamed: bool = True
    ) -> AsyncGenerator[QueryEvent, None]:
        """Yield the steps, the draft, the words as they are written, and the response last.

        Unless it `is_streamed` the response alone, where it is not kept.
        """
        began = time.perf_counter()
        question = body.to_question()
        with self._books.entry(request_id, body.question) as entry, self._engine.versions.in_use() as finrag:
            model = await anyio.to_thread.run_sync(self._models.choose, body.model_key)
            if question.history:
                question = await self._engine.work(slot, finrag.follow_ups.standalone, question)
            made_by = repr(model.profile) if model else EXTRACTIVE
            key = answer_key(question, finrag.index.version, made_by, load_template().version)
            kept = await self._cache.find(key)
            _logger.debug(
                "index %s, model %s (%s), answer %s",
                finrag.index.version,
                _name(model),
                "the server's own choice" if body.model_key is None else "asked for",
                "not kept from before" if kept is None else "kept from before",
            )
            if kept is not None:
                elapsed_ms = round((time.perf_counter() - began) * 1000, 2)
                response = renewed(kept, request_id=request_id, query=body.question, processing_ms=elapsed_ms)
                entry.answer(response)
                for event in _repeated(response):
                    yield event
                return
            asked = self._asked(finrag, question, request_id, model, entry=entry, slot=slot, is_streamed=is_streamed)
            async with aclosing(asked) as events:
                async for event in events:
                    if isinstance(event, Answered):
                        is_fallback = bool(event.response.metadata.llm.fallback)
                        self._cache.put(key, event.response, is_fallback=is_fallback)
                        entry.answer(event.response)
                    yield event

    async def _asked(
        self,
        finrag: FinRAG,
        question: Question,
        request_id: str,
        model: LanguageModel | None,
        *,
        entry: QueryEntry,
        slot: Slot,
        is_streamed: bool,
    ) -> AsyncGenerator[QueryEvent, None]:
        """The pipeline's events, within what may be written at once and in a day."""
        index = finrag.index
        reservation = Reservation()

        def present(result: Result) -> QueryResponse:
            return query_response(result, index.catalog, index.version, request_id)

        def permit(expected: ModelUse) -> str:
            nonlocal reservation
            if cancellation.is_cancelled:
                return _GONE  # the step that a thread was at ends here, after the reservations are closed
            if not self._engine.can_write:
                return _ALL_WRITE
            try:
                reservation = reserving.enter_context(self._books.budget.reserved(expected.cost))
            except BudgetSpentError as error:
                return str(error)
            # Charged as expected until it is known: the client may go while it is written.
            reservation.settle(expected.cost)
            entry.llm = model_usage(expected)
            return ""

        cancellation = Cancellation()
        with ExitStack() as reserving:
            steps = finrag.stream(question, model, permit, cancellation)
            asking = self._engine.events(slot, steps, cancellation.cancel, is_streamed=is_streamed)
            drafted: tuple[Result, QueryResponse] | None = None
            async with aclosing(asking) as events:
                async for event in events:
                    match event:
                        case Sources():
                            if is_streamed:
                                drafted = event.result, present(event.result)
                                yield Drafted(drafted[1])
                        case Result():
                            reservation.settle(event.written.cost if event.written else Decimal(0))
                            yield Answered(drafted[1] if drafted and drafted[0] is event else present(event))
                        case _:
                            yield event


async def whole_answer(
    events: AsyncGenerator[QueryEvent, None], is_gone: Callable[[], Awaitable[bool]]
) -> QueryResponse:
    """Return the response that the events end with; raises what they raise, and ClientGoneError once `is_gone()`."""
    while True:
        event = await _unless_gone(asyncio.ensure_future(anext(events)), is_gone)
        if isinstance(event, Answered):
            return event.response


async def _unless_gone(step: asyncio.Future[QueryEvent], is_gone: Callable[[], Awaitable[bool]]) -> QueryEvent:
    """Return what the step gives; once nobody waits for it, raise ClientGoneError instead."""
    try:
        while not step.done():
            await asyncio.wait((step,), timeout=_GONE_AFTER_S)
            if (not step.done() or isinstance(step.result(), Piece)) and await is_gone():
                raise ClientGoneError("the client closed the connection")
        return step.result()
    finally:
        if not step.done():
            step.cancel()
            await asyncio.wait((step,))


def _name(model: LanguageModel | None) -> str:
    return f"{model.profile.key} {model.profile.model_id}" if model else EXTRACTIVE


def _repeated(response: QueryResponse) -> Iterator[QueryEvent]:
    """The events of a response that is given again."""
    yield Drafted(response)
    yield from pieces_of(response.answer)
    yield Answered(response)
