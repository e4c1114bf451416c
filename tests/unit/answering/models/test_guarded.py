"""A request is repeated only where that is safe, and a model that keeps failing is left alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import pytest

from finrag_ml_tg1.answering.models.circuit import CircuitBreaker
from finrag_ml_tg1.answering.models.errors import (
    ModelBrokenOffError,
    ModelCancelledError,
    ModelCircuitError,
    ModelCredentialsError,
    ModelMalformedError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from finrag_ml_tg1.answering.models.guarded import GuardedModel
from finrag_ml_tg1.answering.models.language_model import (
    Cancellation,
    Finished,
    LanguageModel,
    ModelProfile,
    Prompt,
    TokenUsage,
)
from finrag_ml_tg1.errors import ModelError
from tests.local_processes import free_port, wait_until
from tests.model_servers import Reply, ScriptedModelServer
from tests.unit.answering.models.conftest import make_model

PROMPT = Prompt("system", "context", "question?")
END = Finished("end_turn", TokenUsage(10, 2))
BUSY = ModelThrottledError()
PROFILE = ModelProfile("balanced", "openai", "id", context_tokens=1000, max_output_tokens=100)


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def wait(self, cancellation: Cancellation, seconds: float) -> bool:
        self.sleep(seconds)
        return cancellation.is_cancelled


@dataclass
class ScriptedModel:
    """Each call yields the pieces of the next script, and raises where one is an error."""

    scripts: list[list[str | Finished | ModelError]]
    time: Time
    seconds_per_call: float = 0.0
    profile: ModelProfile = PROFILE
    calls: int = 0

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        script = self.scripts[min(self.calls, len(self.scripts) - 1)]
        self.calls += 1
        self.time.now += self.seconds_per_call
        for step in script:
            if isinstance(step, ModelError):
                raise step
            yield step


def guard(model: LanguageModel, time: Time, jitter: Callable[[], float] = lambda: 1.0) -> GuardedModel:
    breaker = CircuitBreaker(failures_to_open=2, clock=time)
    return GuardedModel(model, breaker, wait=time.wait, clock=time, jitter=jitter)


@pytest.mark.parametrize("error", [BUSY, ModelUnavailableError("503", "x"), ModelBrokenOffError()], ids=type)
def test_passing_failure_before_the_first_piece_is_repeated(error: ModelError) -> None:
    time = Time()
    model = ScriptedModel([[error], ["Yes.", END]], time)

    assert list(guard(model, time).write(PROMPT)) == ["Yes.", END]
    assert model.calls == 2


def test_waits_double_and_end_after_two_repetitions() -> None:
    time = Time()
    model = ScriptedModel([[BUSY]], time)

    with pytest.raises(ModelThrottledError):
        list(guard(model, time).write(PROMPT))
    assert time.slept == [0.5, 1.0]
    assert model.calls == 3


def test_waits_are_spread_from_nothing_to_their_limit() -> None:
    time = Time()
    shares = iter([0.0, 0.25])

    with pytest.raises(ModelThrottledError):
        list(guard(ScriptedModel([[BUSY]], time), time, lambda: next(shares, 1.0)).write(PROMPT))
    assert time.slept == [0.0, 0.25]


def test_wait_is_at_least_what_the_provider_asks_for() -> None:
    time = Time()
    model = ScriptedModel([[ModelThrottledError(3.0)], ["Yes.", END]], time)

    list(guard(model, time).write(PROMPT))

    assert time.slept == [3.5]


def test_provider_that_asks_for_a_long_wait_is_not_asked_again() -> None:
    time = Time()
    model = ScriptedModel([[ModelThrottledError(60.0)]], time)

    with pytest.raises(ModelThrottledError):
        list(guard(model, time).write(PROMPT))
    assert (model.calls, time.slept) == (1, [])


def test_slow_failures_are_not_repeated_beyond_the_time_a_reader_waits() -> None:
    time = Time()
    model = ScriptedModel([[BUSY]], time, seconds_per_call=9.8)

    with pytest.raises(ModelThrottledError):
        list(guard(model, time).write(PROMPT))
    assert model.calls == 1


@pytest.mark.parametrize(
    "error",
    [
        ModelTimeoutError("nothing came"),
        ModelMalformedError("x", "y"),
        ModelCredentialsError("x", "y"),
        ModelRequestError("x", "y"),
    ],
    ids=type,
)
def test_other_failures_are_not_repeated(error: ModelError) -> None:
    time = Time()
    model = ScriptedModel([[error]], time)

    with pytest.raises(type(error)):
        list(guard(model, time).write(PROMPT))
    assert model.calls == 1


def test_nothing_is_repeated_once_a_piece_was_given() -> None:
    time = Time()
    model = ScriptedModel([["Revenue ", BUSY]], time)

    pieces = guard(model, time).write(PROMPT)
    assert next(pieces) == "Revenue "
    with pytest.raises(ModelThrottledError):
        next(pieces)
    assert model.calls == 1


def test_model_that_keeps_failing_is_left_alone_and_tried_again_later() -> None:
    time = Time()
    timeout = ModelTimeoutError("nothing came")
    model = ScriptedModel([[timeout], ["Revenue ", timeout], ["Yes.", END]], time)
    guarded = guard(model, time)

    for _ in range(2):
        with pytest.raises(ModelTimeoutError):
            list(guarded.write(PROMPT))
    with pytest.raises(ModelCircuitError):
        list(guarded.write(PROMPT))
    assert model.calls == 2

    time.now += 30
    assert list(guarded.write(PROMPT)) == ["Yes.", END]


def test_refused_requests_do_not_open_the_circuit() -> None:
    time = Time()
    guarded = guard(ScriptedModel([[ModelRequestError("too long", "x")]], time), time)

    for _ in range(5):
        with pytest.raises(ModelRequestError):
            list(guarded.write(PROMPT))


def test_reader_who_goes_says_nothing_against_the_model_and_ends_its_request() -> None:
    time = Time()
    timeout = ModelTimeoutError("nothing came")
    model = ScriptedModel([[timeout], ["Revenue ", "rose."], [timeout], ["Yes.", END]], time)
    guarded = guard(model, time)

    with pytest.raises(ModelTimeoutError):
        list(guarded.write(PROMPT))
    pieces = guarded.write(PROMPT)
    next(pieces)
    pieces.close()
    with pytest.raises(ModelTimeoutError):
        list(guarded.write(PROMPT))

    assert list(guarded.write(PROMPT)) == ["Yes.", END]


def test_real_client_is_throttled_and_then_answers(provider: str, server: ScriptedModelServer) -> None:
    time = Time()
    server.script(Reply(status=429, error="ThrottlingException", headers={"Retry-After": "2"}), Reply(pieces=("Yes.",)))

    assert next(guard(make_model(provider, server.url), time).write(PROMPT)) == "Yes."
    assert time.slept == [2.5]


def test_real_client_that_is_throttled_for_ever_gives_up(provider: str, server: ScriptedModelServer) -> None:
    time = Time()
    server.script(Reply(status=429, error="ThrottlingException"))

    with pytest.raises(ModelThrottledError):
        list(guard(make_model(provider, server.url), time).write(PROMPT))
    assert len(server.requests) == 3


def test_real_client_whose_connection_breaks_before_the_first_piece_asks_again(
    provider: str, server: ScriptedModelServer
) -> None:
    server.script(Reply(pieces=(), ending="cut"), Reply(pieces=("Yes.",)))

    assert next(guard(make_model(provider, server.url), Time()).write(PROMPT)) == "Yes."


def test_real_client_that_cannot_connect_tries_three_times(provider: str) -> None:
    time = Time()

    with pytest.raises(ModelUnavailableError):
        list(guard(make_model(provider, f"http://127.0.0.1:{free_port()}"), time).write(PROMPT))
    assert len(time.slept) == 2


def test_closing_reaches_the_server(provider: str, server: ScriptedModelServer) -> None:
    server.script(Reply(pieces=("Revenue ",), ending="stall"))

    pieces = guard(make_model(provider, server.url), Time()).write(PROMPT)
    next(pieces)
    pieces.close()

    wait_until(lambda: server.disconnects == 1, "the server sees that the client is gone", timeout_s=2.0)


def test_nothing_is_asked_of_a_model_when_the_answer_was_cancelled_before() -> None:
    model = ScriptedModel([["Yes.", END]], Time())
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(ModelCancelledError):
        next(guard(model, model.time).write(PROMPT, cancellation))
    assert model.calls == 0


def test_wait_for_a_repetition_ends_with_the_cancellation() -> None:
    model = ScriptedModel([[ModelThrottledError(4.0)]], Time())
    guarded = GuardedModel(model, CircuitBreaker())
    cancellation = Cancellation()
    raised: list[type] = []

    def ask() -> None:
        try:
            list(guarded.write(PROMPT, cancellation))
        except ModelError as error:
            raised.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: model.calls == 1, "the model is asked")
    cancellation.cancel()
    asking.join(1.0)

    assert raised == [ModelCancelledError]
    assert model.calls == 1


@pytest.mark.parametrize("pieces", [[], ["Revenue "]], ids=["before the first piece", "after it"])
def test_cancellation_says_nothing_against_the_model(pieces: list[str | Finished | ModelError]) -> None:
    time = Time()
    model = ScriptedModel([[*pieces, ModelCancelledError()]] * 5 + [["Yes.", END]], time)
    guarded = guard(model, time)

    for _ in range(5):
        with pytest.raises(ModelCancelledError):
            list(guarded.write(PROMPT))
    assert list(guarded.write(PROMPT)) == ["Yes.", END]
    assert model.calls == 6


def test_failure_is_logged_once_with_its_detail_and_the_profile(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    guarded = guard(ScriptedModel([[ModelUnavailableError("503", "OPENAI_BASE_URL")]], time), time)

    with pytest.raises(ModelUnavailableError):
        list(guarded.write(PROMPT))

    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "language model balanced: unavailable (503): if it stays so, check OPENAI_BASE_URL"


def test_cancellation_is_no_failure_to_log(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()

    with pytest.raises(ModelCancelledError):
        list(guard(ScriptedModel([[ModelCancelledError()]], time), time).write(PROMPT))

    assert caplog.messages == []
