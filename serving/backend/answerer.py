"""From a request to its response: the model chosen and paid for, the answer kept, the query entered in the books."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from decimal import Decimal

import anyio.to_thread

from finrag_ml_tg1.answering.model_answer import ModelUse
from finrag_ml_tg1.answering.models.language_model import LanguageModel, TokenUsage
from finrag_ml_tg1.answering.models.opening import EXTRACTIVE, ModelChoice
from finrag_ml_tg1.answering.prompts.template import load_template
from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.events import Piece, Result, Sources, Stage
from finrag_ml_tg1.pipeline import DEFAULT_TOP_K, paragraphs
from finrag_ml_tg1.scope import Question
from serving.backend.answer_cache import AnswerCache, answer_key, renewed
from serving.backend.bookkeeping import Bookkeeping, QueryEntry
from serving.backend.budget import BudgetSpentError, Reservation
from serving.backend.engine import Engine
from serving.backend.presentation import model_usage, query_response
from serving.backend.schemas import QueryRequest, QueryResponse

__all__ = ["Answered", "Answerer", "ClientGoneError", "Drafted", "QueryEvent"]

# What a call is thought to cost before it ends: words and fence of a passage, and the rules around them.
_TOKENS_OF_PASSAGE = 320
_TOKENS_OF_RULES = 1_000


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

    def check(self, body: QueryRequest) -> None:
        """Raise what keeps a request from being taken: ModelNotOfferedError, or what `Engine.check` raises."""
        self._engine.check()
        self._models.resolve(body.model_key)

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
        began = time.perf_counter()
        question = body.to_question()
        finrag = self._engine.loaded
        with self._books.entry(request_id, body.question) as entry:
            model = await anyio.to_thread.run_sync(self._models.choose, body.model_key)
            if question.history:
                question = await self._engine.run(lambda finrag: finrag.follow_ups.standalone(question))
            key = answer_key(question, finrag.index.version, _name(model), load_template().version)
            kept = self._cache.get(key)
            if kept is not None:
                elapsed_ms = round((time.perf_counter() - began) * 1000, 2)
                response = renewed(kept, request_id=request_id, query=body.question, processing_ms=elapsed_ms)
                entry.response = response
                for event in _repeated(response):
                    yield event
                return
            async with aclosing(self._asked(question, request_id, model, entry)) as events:
                async for event in events:
                    if isinstance(event, Answered):
                        entry.response = event.response
                        is_fallback = entry.is_withheld or bool(event.response.metadata.llm.fallback)
                        self._cache.put(key, event.response, is_fallback=is_fallback)
                    yield event

    async def _asked(
        self, question: Question, request_id: str, model: LanguageModel | None, entry: QueryEntry
    ) -> AsyncGenerator[QueryEvent, None]:
        """The pipeline's events, within the budget."""
        index = self._engine.loaded.index

        def present(result: Result) -> QueryResponse:
            return query_response(result, index.catalog, index.version, request_id)

        with ExitStack() as reserving:
            withheld = ""
            reservation = Reservation()
            estimate = _estimate(model, question) if model else None
            if estimate is not None:
                try:
                    reservation = reserving.enter_context(self._books.budget.reserved(estimate.cost))
                except BudgetSpentError as error:
                    model, withheld = None, str(error)
                    entry.is_withheld = True
            asking = self._engine.events(lambda finrag: finrag.stream(question, model, withheld))
            async with aclosing(asking) as events:
                async for event in events:
                    match event:
                        case Sources():
                            if model is not None and estimate is not None and event.result.answer.is_answered:
                                # Charged at the estimate until it is known: the client may go while it is written.
                                reservation.settle(estimate.cost)
                                entry.llm = model_usage(estimate)
                            yield Drafted(present(event.result))
                        case Result():
                            reservation.settle(event.written.cost if event.written else Decimal(0))
                            yield Answered(present(event))
                        case _:
                            yield event


def _name(model: LanguageModel | None) -> str:
    return f"{model.profile.key} {model.profile.model_id}" if model else EXTRACTIVE


def _estimate(model: LanguageModel, question: Question) -> ModelUse:
    """What asking a model is thought to use, on the high side."""
    profile = model.profile
    passages = question.top_k or DEFAULT_TOP_K
    usage = TokenUsage(_TOKENS_OF_RULES + passages * _TOKENS_OF_PASSAGE, profile.max_output_tokens)
    return ModelUse(profile.key, profile.model_id, usage, profile.cost(usage), None, load_template().version)


def _repeated(response: QueryResponse) -> Iterator[QueryEvent]:
    """The events of a response that is given again."""
    yield Drafted(response)
    yield from (Piece(part) for part in paragraphs(response.answer))
    yield Answered(response)
