"""A question that nobody waits for any more costs nothing: no model is asked for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio.to_thread

from finrag_ml_tg1.answering.model_answer import ModelUse
from finrag_ml_tg1.answering.models.language_model import TokenUsage
from finrag_ml_tg1.events import Event
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.pipeline import Permit
from serving.backend.answer_cache import AnswerCache
from serving.backend.answerer import Answerer
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.engine import Engine
from serving.backend.schemas.requests import QueryRequest
from tests.event_loops import run
from tests.unit.serving.loaded_versions import LoadedVersions

EXPECTED = ModelUse("model", "some.model-v1", TokenUsage(1_000, 500, 0), Decimal(1), None, "p1")


class HeldPipeline:
    """Searches until it is released, and then asks whether a model may write."""

    index = SimpleNamespace(version="v1", catalog=None)

    def __init__(self) -> None:
        self.is_searching = threading.Event()
        self.is_found = threading.Event()
        self.refusals: list[str] = []

    def stream(
        self, question: object, model: object, permit: Permit, cancellation: object
    ) -> Generator[Event, None, None]:
        self.is_searching.set()
        self.is_found.wait(20)
        self.refusals.append(permit(EXPECTED))
        yield cast("Event", None)


def test_reader_who_goes_while_the_filings_are_searched_spends_nothing(tmp_path: Path) -> None:
    pipeline = HeldPipeline()
    config = MLConfig(store=str(tmp_path), cache_dir=str(tmp_path / "cache"), daily_budget_usd=Decimal(1))
    books = Bookkeeping(config, LocalFolderStore(tmp_path))
    models = SimpleNamespace(resolve=lambda key: None, choose=lambda key: None)

    async def ask_and_go() -> None:
        engine = Engine(cast("Any", LoadedVersions(pipeline)), query_timeout_s=20)
        answerer = Answerer(engine, cast("Any", models), books, AnswerCache(0))
        body = QueryRequest(question="What are the risks?")
        with answerer.admitted(body, "198.51.100.1") as slot:
            events = answerer.events(body, "request-1", slot)
            asking = asyncio.ensure_future(anext(events))
            await anyio.to_thread.run_sync(pipeline.is_searching.wait, 20)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
        pipeline.is_found.set()
        async with asyncio.timeout(20):
            while not pipeline.refusals:
                await asyncio.sleep(0.005)

    run(ask_and_go())
    assert pipeline.refusals != [""]
    assert books.budget.state().spent_today_usd == 0
    assert books.budget.allows()
