"""A query is entered once, however it ends, and with what it cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.admission import EngineBusyError
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.schemas.answers import FlagOut, QueryResponse
from serving.backend.served_versions import IndexNotLoadedError
from tests.event_loops import run
from tests.logged_queries import logged_rows
from tests.unit.serving.model_response import response

Row = dict[str, Any]

QUESTION = "What was the revenue?"


class Books:
    """Books of a store of their own; closing them writes the log."""

    def __init__(self, folder: Path) -> None:
        self.store = LocalFolderStore(folder)
        self.kept = Bookkeeping(MLConfig(store=str(folder), cache_dir=str(folder / "cache")), self.store)
        self.kept.open()

    def row(self) -> Row:
        """The one row that was entered."""
        [row] = self.rows()
        return row

    def rows(self) -> list[Row]:
        self.kept.close()
        return logged_rows(self.store)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def fail(books: Books, error: BaseException) -> None:
    with books.kept.entry("request-1", QUESTION) as entry:
        entry.llm = response().metadata.llm
        raise error


def test_answer_is_entered_with_what_it_cost(books: Books) -> None:
    with books.kept.entry("request-1", QUESTION) as entry:
        entry.answer(response())
    row = books.row()
    assert (row["request_id"], row["status"], row["question_chars"]) == ("request-1", "answered", len(QUESTION))
    assert (row["model_id"], row["input_tokens"], row["output_tokens"], row["cached_tokens"]) == ("m", 900, 50, 300)
    assert (row["cost_usd"], row["prompt_version"], row["stop_reason"]) == (Decimal("0.25"), "p1", "end_turn")
    assert row["timings_ms"] == [{"stage": "understanding", "ms": 1.0}, {"stage": "model", "ms": 900.0}]
    assert (row["is_cached"], row["is_fallback"], row["flags"]) == (False, False, [])


def test_flags_are_counted_by_kind(books: Books) -> None:
    flags = [
        FlagOut(kind=kind, start=0, end=1, text="x", reason="y") for kind in ("unsupported", "number", "unsupported")
    ]
    with books.kept.entry("request-1", QUESTION) as entry:
        entry.answer(response().model_copy(update={"flags": flags}))
    assert books.row()["flags"] == [{"kind": "number", "count": 1}, {"kind": "unsupported", "count": 2}]


async def answering(books: Books, given: QueryResponse) -> AsyncGenerator[QueryResponse, None]:
    with books.kept.entry("request-1", QUESTION) as entry:
        entry.answer(given)
        yield given


async def take_first(books: Books) -> None:
    """Take the response and close the generator there, as a reader does that wants nothing more."""
    events = answering(books, response())
    await anext(events)
    await events.aclose()


def test_answer_that_was_taken_is_entered_as_answered(books: Books) -> None:
    run(take_first(books))
    assert books.row()["status"] == "answered"


@pytest.mark.parametrize(
    ("error", "status"),
    [(ZeroDivisionError("a fault"), "failed"), (GeneratorExit(), "cancelled"), (KeyboardInterrupt(), "cancelled")],
)
def test_query_without_an_answer_is_entered_with_what_its_model_used(
    books: Books, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)):
        fail(books, error)
    row = books.row()
    assert (row["status"], row["cost_usd"], row["model_id"]) == (status, Decimal("0.25"), "m")
    assert books.kept.usage.today().cost_usd == Decimal("0.25")


@pytest.mark.parametrize("error", [EngineBusyError("busy"), IndexNotLoadedError("no index")])
def test_query_that_is_turned_away_is_not_entered(books: Books, error: Exception) -> None:
    with pytest.raises(type(error)):
        fail(books, error)
    assert books.rows() == []
    assert books.kept.usage.today().queries == 0
