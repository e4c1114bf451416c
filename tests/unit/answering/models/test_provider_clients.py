"""What holds for every provider, through its real client and the real wire format."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from finrag_ml_tg1.answering.models.errors import (
    ModelBrokenOffError,
    ModelCredentialsError,
    ModelMalformedError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from finrag_ml_tg1.answering.models.guarded import ProviderModel
from finrag_ml_tg1.answering.models.language_model import Finished, Prompt, StopReason, TokenUsage
from finrag_ml_tg1.errors import ModelError
from tests.local_processes import free_port, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.unit.answering.models.conftest import AWS_SECRET, OPENAI_KEY, SHORT_TIMEOUT_S, make_model

PROMPT = Prompt("You answer from filings.", "[1] Revenue rose to $394.3 billion.", "Did revenue rise?")


def written(model: ProviderModel) -> tuple[list[str], Finished]:
    """Return the pieces and the end of one answer."""
    *pieces, end = model.write(PROMPT)
    assert isinstance(end, Finished)
    return [piece for piece in pieces if isinstance(piece, str)], end


def test_pieces_come_in_order_and_the_end_has_reason_and_usage(
    model: ProviderModel, server: ScriptedModelServer
) -> None:
    server.script(Reply(pieces=("Yes", ", it ", "rose [1]."), usage=TokenUsage(1000, 12, 800, 150)))

    pieces, end = written(model)

    assert pieces == ["Yes", ", it ", "rose [1]."]
    assert end == Finished("end_turn", TokenUsage(1000, 12, 800, 150))


def test_prompt_is_sent_as_system_then_context_then_question(model: ProviderModel, server: ScriptedModelServer) -> None:
    written(model)

    (request,) = server.requests
    assert request.system == PROMPT.system
    assert request.asked.startswith(PROMPT.context)
    assert request.asked.endswith(PROMPT.question)


def test_first_piece_is_given_before_the_second_is_written(model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("first", "second"), next_after_s=60.0))

    with closing(model.write(PROMPT)) as pieces:
        assert next(pieces) == "first"


@pytest.mark.parametrize("stop", ["end_turn", "max_tokens", "refusal"])
def test_stop_reason_is_told(model: ProviderModel, server: ScriptedModelServer, stop: StopReason) -> None:
    server.script(Reply(stop=stop))

    assert written(model)[1].stop_reason == stop


def test_refusal_without_a_word_is_no_failure(model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=(), stop="refusal"))

    assert written(model)[0] == []


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 1000])
def test_text_is_whole_wherever_the_stream_is_cut(
    model: ProviderModel, server: ScriptedModelServer, chunk_bytes: int
) -> None:
    server.script(Reply(pieces=("Größe: 5 €", " — 日本 🙂"), chunk_bytes=chunk_bytes))

    assert "".join(written(model)[0]) == "Größe: 5 € — 日本 🙂"


def test_huge_piece_arrives_whole(model: ProviderModel, server: ScriptedModelServer) -> None:
    piece = "revenue " * 100_000
    server.script(Reply(pieces=(piece,)))

    assert written(model)[0] == [piece]


@pytest.mark.parametrize(("headers", "wait_s"), [({}, None), ({"Retry-After": "3"}, 3.0)])
def test_throttling_is_told_with_the_wait_that_is_asked_for(
    model: ProviderModel, server: ScriptedModelServer, headers: dict[str, str], wait_s: float | None
) -> None:
    server.script(Reply(status=429, error="ThrottlingException", headers=headers))

    with pytest.raises(ModelThrottledError, match="ask again") as caught:
        written(model)
    assert caught.value.retry_after_s == wait_s
    assert len(server.requests) == 1  # the client itself repeats nothing


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_failing_server_is_unavailable(model: ProviderModel, server: ScriptedModelServer, status: int) -> None:
    server.script(Reply(status=status, body=b"<html>bad gateway</html>", headers={"Content-Type": "text/html"}))

    with pytest.raises(ModelUnavailableError, match=str(status)):
        written(model)
    assert len(server.requests) == 1


def test_refused_connection_is_unavailable(provider: str) -> None:
    with pytest.raises(ModelUnavailableError, match="check the network"):
        written(make_model(provider, f"http://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_variable_and_show_no_secret(
    model: ProviderModel, server: ScriptedModelServer, status: int
) -> None:
    message = f"Incorrect API key provided: {OPENAI_KEY} {AWS_SECRET}"
    server.script(Reply(status=status, error="UnrecognizedClientException", message=message))

    with pytest.raises(ModelCredentialsError, match="_KEY") as caught:
        written(model)
    assert OPENAI_KEY not in str(caught.value)
    assert AWS_SECRET not in str(caught.value)


def test_refused_request_repeats_the_reason_without_secrets(model: ProviderModel, server: ScriptedModelServer) -> None:
    message = f"prompt is too long for account 123456789012, see https://user:pw@host/x?key=1, key {OPENAI_KEY}"
    server.script(Reply(status=400, error="ValidationException", message=message))

    with pytest.raises(ModelRequestError, match="prompt is too long") as caught:
        written(model)
    for secret in ("123456789012", "pw@host", "key=1"):
        assert secret not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stream_that_breaks_off_is_told_after_its_pieces(model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ", "rose"), ending="cut"))

    pieces = model.write(PROMPT)
    assert [next(pieces), next(pieces)] == ["Revenue ", "rose"]
    with pytest.raises(ModelBrokenOffError):
        next(pieces)


def test_damaged_stream_is_malformed(model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="garbage"))

    pieces = model.write(PROMPT)
    assert next(pieces) == "Revenue "
    with pytest.raises(ModelMalformedError):
        next(pieces)


def test_slow_first_piece_times_out(hasty_model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(first_after_s=5.0))

    assert_times_out(hasty_model.write(PROMPT))


def test_stall_between_pieces_times_out(hasty_model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"))

    pieces = hasty_model.write(PROMPT)
    assert next(pieces) == "Revenue "
    assert_times_out(pieces)


def test_answer_may_take_longer_than_the_wait_for_a_piece(
    hasty_model: ProviderModel, server: ScriptedModelServer
) -> None:
    server.script(Reply(pieces=("a", "b", "c", "d"), next_after_s=SHORT_TIMEOUT_S * 0.4))

    assert written(hasty_model)[0] == ["a", "b", "c", "d"]


def assert_times_out(pieces: Iterator[str | Finished]) -> None:
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError, match="FINRAG_MODEL_TIMEOUT_S"):
        next(pieces)
    assert SHORT_TIMEOUT_S * 0.8 < time.monotonic() - started < SHORT_TIMEOUT_S * 5


def test_closing_the_iterator_closes_the_connection(model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"))

    pieces = model.write(PROMPT)
    assert next(pieces) == "Revenue "
    assert server.open_connections == 1
    pieces.close()

    wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=2.0)
    assert server.open_connections == 0


def test_next_answer_comes_after_one_that_was_given_up(model: ProviderModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"), Reply(pieces=("Yes.",)))

    with closing(model.write(PROMPT)) as pieces:
        next(pieces)

    assert written(model)[0] == ["Yes."]


def test_every_error_is_one_sentence_that_says_what_to_do(
    hasty_model: ProviderModel, server: ScriptedModelServer
) -> None:
    replies = [Reply(status=status) for status in (301, 400, 401, 404, 408, 418, 429, 500)]
    replies += [Reply(ending="cut"), Reply(ending="garbage"), Reply(first_after_s=5.0)]
    server.script(*replies)

    for _ in replies:
        with pytest.raises(ModelError, match=r"^The language model \w+ .+: (ask again|check)\b.*\.$") as caught:
            written(hasty_model)
        assert server.url not in str(caught.value)
