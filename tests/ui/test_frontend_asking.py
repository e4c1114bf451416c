"""A question on its way: what is known of it meanwhile, how it ends, and what is said of it later."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.query import Filters, Query
from serving.frontend.conversation.asking import Asking, Failure, Progress, Stopped
from serving.frontend.conversation.conversation import MAX_TURNS, Conversation
from tests.ui.stub_backend import COMPANY, StubBackend, answer_question, build_problem


@pytest.fixture
def client(stub: StubBackend) -> Iterator[BackendClient]:
    opened = BackendClient(stub.url)
    yield opened
    opened.close()


def wait_for_words(asking: Asking) -> Progress:
    """Return the progress once the first words are there."""
    while not asking.progress.text:
        assert asking.wait(asking.progress, 5)
    return asking.progress


def wait_for_outcome(asking: Asking) -> Answer | Failure | Stopped:
    while asking.outcome is None:
        assert asking.wait(asking.progress, 5)
    return asking.outcome


def ask(conversation: Conversation, client: BackendClient, query: Query) -> Answer | Failure | Stopped:
    turn = conversation.ask(client, query)
    assert turn.asking
    outcome = wait_for_outcome(turn.asking)
    turn.settle()
    assert turn.outcome is outcome
    return outcome


def test_sources_and_understanding_are_known_before_the_answer_is_whole(
    stub: StubBackend, client: BackendClient
) -> None:
    asking = Asking(client, Query("held"))
    progress = wait_for_words(asking)
    assert progress.sources
    assert [citation.n for citation in progress.sources.citations] == [1, 2, 3]
    assert progress.understood
    assert progress.understood.companies[0].name == COMPANY
    assert [stage.stage for stage in progress.stages][:2] == ["received", "understanding"]
    assert asking.outcome is None
    stub.gate.set()
    assert isinstance(wait_for_outcome(asking), Answer)


def test_stopped_answer_keeps_what_there_is_and_leaves_the_back_end(stub: StubBackend, client: BackendClient) -> None:
    asking = Asking(client, Query("held"))
    text = wait_for_words(asking).text
    began = time.monotonic()
    asking.stop()
    assert asking.outcome == Stopped(asking.progress)
    assert asking.progress.text == text
    assert stub.is_left.wait(5), "the back end would go on writing"
    assert time.monotonic() - began < 2
    assert isinstance(asking.outcome, Stopped), "the end of the stream is no second outcome"


def test_answer_nobody_waits_for_is_given_up(stub: StubBackend, client: BackendClient) -> None:
    asking = Asking(client, Query("held"), unattended_s=0.3)
    assert stub.is_left.wait(5)
    assert isinstance(wait_for_outcome(asking), Stopped)


def test_answer_somebody_waits_for_is_not_given_up(stub: StubBackend, client: BackendClient) -> None:
    asking = Asking(client, Query("held"), unattended_s=0.4)
    wait_for_words(asking)
    for _ in range(10):
        asking.wait(asking.progress, 0.1)
    assert asking.outcome is None
    stub.gate.set()
    assert isinstance(wait_for_outcome(asking), Answer)


def test_busy_back_end_is_asked_once_more_when_it_says_when(stub: StubBackend, client: BackendClient) -> None:
    busy = build_problem(429, "Too Many Requests", "Four questions are being answered already.")
    stub.replies["/query/stream"] = replace(busy, headers={"Retry-After": "1"})
    asking = Asking(client, Query("How large were net sales?"))
    while not asking.progress.is_put_off:
        assert asking.wait(asking.progress, 5)
    del stub.replies["/query/stream"]
    assert isinstance(wait_for_outcome(asking), Answer)


def test_busy_back_end_is_not_waited_for_longer_than_a_reader_would(stub: StubBackend, client: BackendClient) -> None:
    busy = build_problem(429, "Too Many Requests", "Four questions are being answered already.")
    stub.replies["/query/stream"] = replace(busy, headers={"Retry-After": "60"})
    outcome = wait_for_outcome(Asking(client, Query("How large were net sales?")))
    assert isinstance(outcome, Failure)
    assert "Try again in 60 seconds." in outcome.detail


def test_stop_ends_the_wait_for_a_busy_back_end(stub: StubBackend, client: BackendClient) -> None:
    busy = build_problem(429, "Too Many Requests", "Four questions are being answered already.")
    stub.replies["/query/stream"] = replace(busy, headers={"Retry-After": "5"})
    asking = Asking(client, Query("How large were net sales?"))
    while not asking.progress.is_put_off:
        assert asking.wait(asking.progress, 5)
    asking.stop()
    assert isinstance(asking.outcome, Stopped)
    assert stub.questions == []


def test_stop_after_the_answer_changes_nothing(client: BackendClient) -> None:
    asking = Asking(client, Query("How large were net sales?"))
    answer = wait_for_outcome(asking)
    asking.stop()
    assert asking.outcome is answer


def test_stop_is_quiet_when_the_answer_has_just_been_read_to_its_end(client: BackendClient) -> None:
    stream = client.open_answer(Query("How large were net sales?"))
    raw: Any = stream._response.raw
    connection = raw._sock_shutdown.__self__
    raw._fp.close()  # as the reading thread does at the end, beneath what keeps count of it
    assert connection.fileno() == -1, "the stand-in closes its connections after an answer"
    stream.close()
    raw.close()


def test_second_question_stops_the_first(stub: StubBackend, client: BackendClient) -> None:
    conversation = Conversation()
    first = conversation.ask(client, Query("held"))
    second = conversation.ask(client, Query("How large were net sales?"))
    assert isinstance(first.outcome, Stopped)
    assert conversation.asked_now is second
    assert stub.is_left.wait(5)


def test_conversation_drops_the_oldest_and_keeps_numbers_unique(client: BackendClient) -> None:
    conversation = Conversation()
    for number in range(1, MAX_TURNS + 4):
        assert conversation.ask(client, Query(f"question {number}")).number == number
    conversation.stop()
    assert len(conversation.turns) == MAX_TURNS
    assert conversation.dropped == 3
    assert conversation.turns[0].question == "question 4"


def test_history_leaves_out_what_got_no_answer(client: BackendClient) -> None:
    conversation = Conversation()
    assert isinstance(ask(conversation, client, Query("over the limit")), Failure)
    conversation.ask(client, Query("held"))
    conversation.stop()
    assert conversation.history() == ()


def test_history_tells_what_a_question_was_limited_to(stub: StubBackend, client: BackendClient) -> None:
    conversation = Conversation()
    ask(conversation, client, Query("What were net sales?", Filters(tickers=("VLMR",), fiscal_years=(2024,))))
    ask(conversation, client, Query("And before?"))
    told = [message["content"] for message in stub.questions[-1]["history"] if message["role"] == "user"]
    assert told == [f"For {COMPANY} in fiscal 2024: What were net sales?"]


def test_history_tells_a_follow_up_in_the_words_it_was_read_in(stub: StubBackend, client: BackendClient) -> None:
    conversation = Conversation()
    whole = answer_question("and in 2023?")
    whole["resolved"]["notes"] = ["Read as: \u201cWhat were net sales of Velmora in 2023?\u201d"]
    stub.answers["and in 2023?"] = whole
    ask(conversation, client, Query("and in 2023?"))
    ask(conversation, client, Query("why?"))
    assert stub.questions[-1]["history"][0]["content"] == "What were net sales of Velmora in 2023?"
