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
from finrag_ml_tg1.answering.models.language_model import Finished, LanguageModel, Prompt, StopReason, TokenUsage
from finrag_ml_tg1.errors import ModelError
from tests.local_processes import free_port, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.unit.answering.models.conftest import AWS_SECRET, OPENAI_KEY, SHORT_TIMEOUT_S, make_model

PROMPT = Prompt("You answer from filings.", "[1] Revenue rose to $394.3 billion.", "Did revenue rise?")


def written(model: LanguageModel) -> tuple[list[str], Finished]:
    """Return the pieces and the end of one answer."""
    *pieces, end = model.write(PROMPT)
    assert isinstance(end, Finished)
    return [piece for piece in pieces if isinstance(piece, str)], end


def test_pieces_come_in_order_and_the_end_has_reason_and_usage(
    model: LanguageModel, server: ScriptedModelServer
) -> None:
    server.script(Reply(pieces=("Yes", ", it ", "rose [1]."), usage=TokenUsage(1000, 12, 800, 150)))

    pieces, end = written(model)

    assert pieces == ["Yes", ", it ", "rose [1]."]
    assert end == Finished("end_turn", TokenUsage(1000, 12, 800, 150))


def test_prompt_is_sent_as_system_then_context_then_question(model: LanguageModel, server: ScriptedModelServer) -> None:
    written(model)

    (request,) = server.requests
    assert request.system == PROMPT.system
    assert request.asked.startswith(PROMPT.context)
    assert request.asked.endswith(PROMPT.question)


def test_first_piece_is_given_before_the_second_is_written(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("first", "second"), next_after_s=60.0))

    with closing(model.write(PROMPT)) as pieces:
        assert next(pieces) == "first"


@pytest.mark.parametrize("stop", ["end_turn", "max_tokens", "refusal"])
def test_stop_reason_is_told(model: LanguageModel, server: ScriptedModelServer, stop: StopReason) -> None:
    server.script(Reply(stop=stop))

    assert written(model)[1].stop_reason == stop


def test_refusal_without_a_word_is_no_failure(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=(), stop="refusal"))

    assert written(model)[0] == []


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 1000])
def test_text_is_whole_wherever_the_stream_is_cut(
    model: LanguageModel, server: ScriptedModelServer, chunk_bytes: int
) -> None:
    server.script(Reply(pieces=("Größe: 5 €", " — 日本 🙂"), chunk_bytes=chunk_bytes))

    assert "".join(written(model)[0]) == "Größe: 5 € — 日本 🙂"


def test_huge_piece_arrives_whole(model: LanguageModel, server: ScriptedModelServer) -> None:
    piece = "revenue " * 2_000  # as much as 2,000 tokens may be
    server.script(Reply(pieces=(piece,)))

    assert written(model)[0] == [piece]


@pytest.mark.parametrize(("headers", "wait_s"), [({}, None), ({"Retry-After": "3"}, 3.0)])
def test_throttling_is_told_with_the_wait_that_is_asked_for(
    model: LanguageModel, server: ScriptedModelServer, headers: dict[str, str], wait_s: float | None
) -> None:
    server.script(Reply(status=429, error="ThrottlingException", headers=headers))

    with pytest.raises(ModelThrottledError) as caught:
        written(model)
    assert caught.value.retry_after_s == wait_s
    assert len(server.requests) == 1  # the client itself repeats nothing


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_failing_server_is_unavailable(model: LanguageModel, server: ScriptedModelServer, status: int) -> None:
    server.script(Reply(status=status, body=b"<html>bad gateway</html>", headers={"Content-Type": "text/html"}))

    with pytest.raises(ModelUnavailableError) as caught:
        written(model)
    assert str(status) in caught.value.detail
    assert len(server.requests) == 1


def test_refused_connection_is_unavailable(provider: str) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        written(make_model(provider, f"http://127.0.0.1:{free_port()}"))
    assert "check the network" in caught.value.detail


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_variable_and_show_no_secret(
    model: LanguageModel, server: ScriptedModelServer, status: int
) -> None:
    message = f"Incorrect API key provided: {OPENAI_KEY} {AWS_SECRET}"
    server.script(Reply(status=status, error="UnrecognizedClientException", message=message))

    with pytest.raises(ModelCredentialsError) as caught:
        written(model)
    assert "_KEY" in caught.value.detail
    assert OPENAI_KEY not in caught.value.detail
    assert AWS_SECRET not in caught.value.detail


def test_detail_of_a_refused_request_is_its_reason_without_secrets(
    model: LanguageModel, server: ScriptedModelServer
) -> None:
    message = f"prompt is too long for account 123456789012, see https://user:pw@host/x?key=1, key {OPENAI_KEY}"
    server.script(Reply(status=400, error="ValidationException", message=message))

    with pytest.raises(ModelRequestError) as caught:
        written(model)
    assert "prompt is too long" in caught.value.detail
    for secret in ("123456789012", "pw@host", "key=1"):
        assert secret not in caught.value.detail


@pytest.mark.parametrize("status", [301, 400, 401, 404, 418, 429, 500])
def test_words_of_the_provider_are_for_the_log_and_not_for_the_answer(
    model: LanguageModel, server: ScriptedModelServer, status: int
) -> None:
    message = "messages[1].content: see [2] <b>x</b> **y**\n\x1b[31m\u202e\x00 red"
    server.script(Reply(status=status, error="ValidationException", message=message))

    with pytest.raises(ModelError, match=r"^The language model[\w' ()]+\.$") as caught:
        written(model)
    assert caught.value.detail.isprintable()
    if status == 400:
        assert "see [2] <b>x</b> **y** [31m red" in caught.value.detail


def test_stream_that_breaks_off_is_told_after_its_pieces(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ", "rose"), ending="cut"))

    pieces = model.write(PROMPT)
    assert [next(pieces), next(pieces)] == ["Revenue ", "rose"]
    with pytest.raises(ModelBrokenOffError):
        next(pieces)


def test_damaged_stream_is_malformed(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="garbage"))

    pieces = model.write(PROMPT)
    assert next(pieces) == "Revenue "
    with pytest.raises(ModelMalformedError):
        next(pieces)


def test_slow_first_piece_times_out(hasty_model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(first_after_s=5.0))

    assert_times_out(hasty_model.write(PROMPT))


def test_stall_between_pieces_times_out(hasty_model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"))

    pieces = hasty_model.write(PROMPT)
    assert next(pieces) == "Revenue "
    assert_times_out(pieces)


def test_answer_may_take_longer_than_the_wait_for_a_piece(
    hasty_model: LanguageModel, server: ScriptedModelServer
) -> None:
    server.script(Reply(pieces=("a", "b", "c", "d"), next_after_s=SHORT_TIMEOUT_S * 0.4))

    assert written(hasty_model)[0] == ["a", "b", "c", "d"]


def assert_times_out(pieces: Iterator[str | Finished]) -> None:
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError) as caught:
        next(pieces)
    assert "FINRAG_MODEL_TIMEOUT_S" in caught.value.detail
    assert SHORT_TIMEOUT_S * 0.8 < time.monotonic() - started < SHORT_TIMEOUT_S * 5


def test_closing_the_iterator_closes_the_connection(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"))

    pieces = model.write(PROMPT)
    assert next(pieces) == "Revenue "
    assert server.open_connections == 1
    pieces.close()

    wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=2.0)
    assert server.open_connections == 0


def test_next_answer_comes_after_one_that_was_given_up(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"), Reply(pieces=("Yes.",)))

    with closing(model.write(PROMPT)) as pieces:
        next(pieces)

    assert written(model)[0] == ["Yes."]


def test_every_error_is_a_plain_sentence_and_a_detail_that_shows_no_address(
    hasty_model: LanguageModel, server: ScriptedModelServer
) -> None:
    replies = [Reply(status=status) for status in (301, 400, 401, 404, 408, 418, 429, 500)]
    replies += [Reply(ending="cut"), Reply(ending="garbage"), Reply(first_after_s=5.0)]
    server.script(*replies)

    for _ in replies:
        with pytest.raises(ModelError, match=r"^The language model[a-z' ()]+\.$") as caught:
            written(hasty_model)
        assert caught.value.detail != str(caught.value)
        assert server.url not in caught.value.detail
        assert "127.0.0.1" not in caught.value.detail


@pytest.mark.parametrize(
    "usage",
    [
        TokenUsage(-120, 7),
        TokenUsage(120, -7),
        TokenUsage(10**12, 7),
        TokenUsage(120, 10**9),
        TokenUsage(120, 4_001),
        TokenUsage(120, 7, cached_tokens=10, written_tokens=-10),
    ],
    ids=str,
)
def test_counts_that_cannot_be_true_are_replaced_by_an_estimate(
    model: LanguageModel, server: ScriptedModelServer, usage: TokenUsage
) -> None:
    server.script(Reply(pieces=("x" * 41,), usage=usage))

    sent_chars = len(PROMPT.system + PROMPT.context + PROMPT.question)
    assert written(model)[1].usage == TokenUsage(-(-sent_chars // 4), 11)


def test_answer_that_is_longer_than_the_model_may_write_is_cut_and_the_connection_closed(
    model: LanguageModel, server: ScriptedModelServer
) -> None:
    server.script(Reply(pieces=("revenue " * 100,) * 10_000, next_after_s=0.002))

    pieces, end = written(model)

    assert "".join(pieces) == "revenue " * model.profile.max_output_tokens
    assert end.stop_reason == "max_tokens"
    assert end.usage.output_tokens == 2 * model.profile.max_output_tokens
    wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=2.0)


def test_stream_of_pieces_without_words_is_cut_too(model: LanguageModel, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("",) * 8 * model.profile.max_output_tokens + ("Yes.",)))

    pieces, end = written(model)

    assert (pieces, end.stop_reason) == ([], "max_tokens")


def test_answer_that_comes_too_slowly_ends_with_its_time(provider: str, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("word ",) * 1_000, next_after_s=0.1))
    model = make_model(provider, server.url, FINRAG_MODEL_TIMEOUT_S="0.2")

    started = time.monotonic()
    with pytest.raises(ModelTimeoutError) as caught:
        list(model.write(PROMPT))
    assert 1.8 < time.monotonic() - started < 3.5
    assert "2 s" in caught.value.detail
    wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=2.0)
