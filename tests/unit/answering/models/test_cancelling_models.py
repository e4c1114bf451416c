"""A generation that nobody waits for ends at once, whatever it is doing, and its connection with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from finrag_ml_tg1.answering.models.errors import ModelCancelledError
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, LanguageModel, Prompt
from finrag_ml_tg1.errors import ModelError
from tests.local_processes import wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.unit.answering.models.conftest import make_model

PROMPT = Prompt("system", "context", "question?")
SILENT_BEFORE_HEADERS = Reply(first_after_s=60.0)
SILENT_AFTER_HEADERS = Reply(events=(None,), next_after_s=60.0)
SILENT_BETWEEN_PIECES = Reply(pieces=("Revenue ",), ending="stall")


class Generation(threading.Thread):
    """An answer that is waited for in a thread of its own."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(daemon=True)
        self.cancellation = Cancellation()
        self.pieces: list[str | Finished] = []
        self.error: ModelError | None = None
        self._model = model

    def run(self) -> None:
        try:
            for piece in self._model.write(PROMPT, self.cancellation):
                self.pieces.append(piece)
        except ModelError as error:
            self.error = error


@contextmanager
def cancelled(generation: Generation, server: ScriptedModelServer, pieces: int) -> Iterator[None]:
    """Cancel it while the server is silent; the block has to find the server without its client."""
    generation.start()
    wait_until(lambda: server.open_connections == 1 and len(generation.pieces) == pieces, "the server is silent", 10)
    time.sleep(0.1)  # until the client reads
    generation.cancellation.cancel()
    yield
    generation.join(2.0)
    assert not generation.is_alive()


@pytest.mark.parametrize(
    ("provider", "reply", "pieces"),
    [
        ("openai", SILENT_BEFORE_HEADERS, 0),
        ("openai", SILENT_AFTER_HEADERS, 0),
        ("openai", SILENT_BETWEEN_PIECES, 1),
        ("bedrock", SILENT_AFTER_HEADERS, 0),
        ("bedrock", SILENT_BETWEEN_PIECES, 1),
    ],
    ids=["openai-before", "openai-after", "openai-between", "bedrock-after", "bedrock-between"],
)
def test_server_that_is_silent_sees_at_once_that_nobody_waits(
    server: ScriptedModelServer, provider: str, reply: Reply, pieces: int
) -> None:
    server.script(reply)
    generation = Generation(make_model(provider, server.url))

    with cancelled(generation, server, pieces):
        wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=1.0)

    assert isinstance(generation.error, ModelCancelledError)
    assert server.open_connections == 0


def test_bedrock_that_is_cancelled_before_its_headers_ends_with_them(server: ScriptedModelServer) -> None:
    server.script(Reply(first_after_s=0.5, next_after_s=60.0))
    generation = Generation(make_model("bedrock", server.url))

    with cancelled(generation, server, 0):
        wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=2.0)

    assert isinstance(generation.error, ModelCancelledError)
    assert generation.pieces == []


def test_answer_that_keeps_coming_ends_too(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("word ",) * 3_000, next_after_s=0.001))
    cancellation = Cancellation()

    with closing(model.write(PROMPT, cancellation)) as pieces:
        next(pieces)
        cancellation.cancel()
        with pytest.raises(ModelCancelledError):
            list(pieces)

    wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=1.0)


def test_answer_that_was_cancelled_before_it_was_asked_for_has_no_piece(
    model: LanguageModel, server: ScriptedModelServer
) -> None:
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(ModelCancelledError):
        next(model.write(PROMPT, cancellation))


def test_cancellation_after_the_end_is_nothing(model: LanguageModel) -> None:
    cancellation = Cancellation()
    *_, end = model.write(PROMPT, cancellation)

    cancellation.cancel()

    assert isinstance(end, Finished)


def test_what_is_to_be_closed_is_closed_once_and_only_within_the_block() -> None:
    cancellation = Cancellation()
    closed: list[str] = []
    with cancellation.closing_with(lambda: closed.append("before")):
        pass
    with cancellation.closing_with(lambda: closed.append("within")):
        cancellation.cancel()
        cancellation.cancel()
    with cancellation.closing_with(lambda: closed.append("after")):
        assert closed == ["within", "after"]
    assert cancellation.is_cancelled


def test_what_cannot_be_closed_is_logged_and_does_not_keep_the_others_open(caplog: pytest.LogCaptureFixture) -> None:
    cancellation = Cancellation()
    closed: list[str] = []

    def fail() -> None:
        raise OSError("no such socket")

    with cancellation.closing_with(fail), cancellation.closing_with(lambda: closed.append("other")):
        cancellation.cancel()

    assert closed == ["other"]
    assert "no such socket" in caplog.text


def test_wait_is_over_when_it_is_cancelled() -> None:
    cancellation = Cancellation()
    assert not cancellation.wait(0.01)
    threading.Timer(0.1, cancellation.cancel).start()
    started = time.monotonic()
    assert cancellation.wait(30.0)
    assert time.monotonic() - started < 5.0
