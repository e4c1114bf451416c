"""Nothing that is asked of the engine is waited for without end, look-ups of a store that hangs included."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from finrag_ml_tg1.pipeline import FinRAG
from serving.backend.engine import Engine, QueryTimeoutError
from serving.backend.served_versions import ServedVersions
from tests.event_loops import run


class LoadedVersions:
    """Stands in for versions of which one is loaded; the work of these tests does not look at it."""

    def check_loaded(self) -> None:
        pass

    @contextmanager
    def in_use(self) -> Iterator[FinRAG]:
        yield cast("FinRAG", None)


def test_look_up_that_hangs_is_given_up_and_the_next_one_has_its_turn_when_it_is_over() -> None:
    is_answering = threading.Event()

    def hang(finrag: FinRAG) -> str:
        is_answering.wait(20)
        return "late"

    async def look_up() -> str:
        engine = Engine(cast("ServedVersions", LoadedVersions()), query_timeout_s=0.1)
        try:
            with pytest.raises(QueryTimeoutError, match="FINRAG_QUERY_TIMEOUT_S"):
                await engine.read("198.51.100.1", hang)
        finally:
            is_answering.set()
        return await engine.read("198.51.100.1", lambda finrag: "found")

    assert run(look_up()) == "found"
