"""Nothing that is asked of the engine is waited for without end, look-ups of a store that hangs included."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from serving.backend.engine import Engine, QueryTimeoutError
from tests.event_loops import run
from tests.unit.serving.loaded_versions import LoadedVersions


def test_look_up_that_hangs_is_given_up_and_the_next_one_has_its_turn_when_it_is_over() -> None:
    is_answering = threading.Event()

    def hang(pipeline: object) -> str:
        is_answering.wait(20)
        return "late"

    async def look_up() -> str:
        engine = Engine(cast("Any", LoadedVersions()), query_timeout_s=0.1)
        try:
            with pytest.raises(QueryTimeoutError, match="FINRAG_QUERY_TIMEOUT_S"):
                await engine.read("198.51.100.1", hang)
        finally:
            is_answering.set()
        return await engine.read("198.51.100.1", lambda pipeline: "found")

    assert run(look_up()) == "found"
