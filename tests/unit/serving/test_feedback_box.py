"""Feedback is in the store once it is accepted, one object each."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime

import pytest

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.feedback import FeedbackBox
from serving.backend.schemas.usage import FeedbackRequest
from tests.event_loops import run
from tests.unit.serving.conftest import FaultyStore

LAST_SECOND = datetime(2026, 3, 14, 23, 59, 59, 5_000, tzinfo=UTC)


def feedback(comment: str = "") -> FeedbackRequest:
    return FeedbackRequest(request_id="request-1", verdict="answer_wrong", comment=comment)


def test_accepted_feedback_is_one_line_of_json(store: ObjectStore) -> None:
    comment = 'Two\nlines, "quoted", Größe 🧪\x00'
    run(FeedbackBox(store, clock=lambda: LAST_SECOND).accept(feedback(comment)))

    [entry] = list(store.list("feedback/"))
    assert entry.key.startswith("feedback/dt=2026-03-14/20260314T235959005000Z-")
    text = store.get(entry.key).data.decode()
    assert (text.count("\n"), text[-1]) == (1, "\n")
    line = json.loads(text)
    assert datetime.fromisoformat(line.pop("timestamp")) == LAST_SECOND
    assert line == {"request_id": "request-1", "verdict": "answer_wrong", "comment": comment}


def test_same_feedback_at_the_same_moment_is_kept_twice(store: ObjectStore) -> None:
    box = FeedbackBox(store, clock=lambda: LAST_SECOND)

    async def both() -> None:
        await asyncio.gather(*(box.accept(feedback()) for _ in range(2)))

    run(both())
    assert len(list(store.list("feedback/"))) == 2


def test_feedback_is_not_accepted_while_the_store_is_away(faulty: FaultyStore) -> None:
    faulty.be_away()
    with pytest.raises(StoreUnavailableError, match="check the network"):
        run(FeedbackBox(faulty).accept(feedback()))


def test_feedback_is_not_accepted_when_the_store_hangs(faulty: FaultyStore) -> None:
    async def refused() -> float:
        faulty.is_answering.clear()
        started = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="in time"):
            await FeedbackBox(faulty, timeout_s=0.2).accept(feedback())
        return time.monotonic() - started

    assert run(refused()) < 5
