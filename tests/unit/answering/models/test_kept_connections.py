"""An answer read to its end leaves its connection to the next question; one that its server left is found out."""

from __future__ import annotations

import threading

import pytest
from urllib3.connection import HTTPConnection

from benchmarks.latency_proxy import delayed
from finrag_ml_tg1.answering.models import openai_compatible
from finrag_ml_tg1.answering.models.language_model import Finished, Prompt
from finrag_ml_tg1.answering.models.openai_compatible import OpenAICompatibleModel
from finrag_ml_tg1.answering.models.profiles import bundled_profiles
from finrag_ml_tg1.errors import ModelError
from tests.model_servers import Reply, ScriptedModelServer

PROMPT = Prompt("system", "context", "question?")
ANSWER = "Revenue rose [1]."


def model_at(url: str) -> OpenAICompatibleModel:
    return OpenAICompatibleModel(bundled_profiles().by_key["development"], f"{url}/v1", None, 2.0)


def written(model: OpenAICompatibleModel) -> str:
    return "".join(piece for piece in model.write(PROMPT) if not isinstance(piece, Finished))


def test_questions_one_after_the_other_share_a_connection(server: ScriptedModelServer) -> None:
    with delayed(server.url) as way:
        model = model_at(way.url)
        assert [written(model) for _ in range(3)] == [ANSWER] * 3
        traffic = way.taken()
    assert (traffic.connects, len(traffic.requests)) == (1, 3)


@pytest.mark.parametrize("reply", [Reply(ending="cut"), Reply(ending="garbage"), Reply(status=500, error="x")])
def test_connection_of_a_failed_answer_is_not_used_again(server: ScriptedModelServer, reply: Reply) -> None:
    server.script(reply, Reply())
    with delayed(server.url) as way:
        model = model_at(way.url)
        with pytest.raises(ModelError):
            written(model)
        assert written(model) == ANSWER
        assert way.taken().connects == 2


@pytest.mark.parametrize("is_known", [True, False])
def test_question_whose_kept_connection_was_closed_is_asked_on_a_new_one(
    server: ScriptedModelServer, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    if not is_known:
        monkeypatch.setattr(HTTPConnection, "is_connected", True)  # as it looks while the sign of it is on its way
    with delayed(server.url) as way:
        model = model_at(way.url)
        assert written(model) == ANSWER
        way.hang_up()
        assert written(model) == ANSWER
        assert way.taken().connects == 2


def test_question_that_a_server_may_have_worked_on_is_not_asked_again(
    server: ScriptedModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_compatible, "_LEFT_WITHIN_S", 0.05, raising=False)
    server.script(Reply(), Reply(first_after_s=5.0), Reply())
    with delayed(server.url) as way:
        model = model_at(way.url)
        assert written(model) == ANSWER
        hanging_up = threading.Timer(0.2, way.hang_up)
        hanging_up.start()
        with pytest.raises(ModelError):
            written(model)
        hanging_up.join()
    assert len(server.requests) == 2
