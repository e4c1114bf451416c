from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from coding_agent.sandbox.task_protection import protected_task
from coding_agent.tests.loopback_server import LoopbackServer, RequestHandler

_FIELDS = {"ProtectionEnabled", "ExpiresInMinutes"}


class Agent:
    """The ECS agent's endpoint for protection: the documented path, method and fields, and nothing else."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.problem: tuple[int, dict[str, Any]] | None = None

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if (method, path) != ("PUT", "/api/abc/task-protection/v1/state"):
            return 404, {"error": {"Code": "InvalidParameterException"}}
        state = json.loads(body)
        minutes = state.get("ExpiresInMinutes", 120)
        if state.keys() - _FIELDS or not isinstance(state["ProtectionEnabled"], bool) or not 1 <= minutes <= 2880:
            return 400, {"error": {"Code": "InvalidParameterException"}}
        self.states.append(state)
        return self.problem or (
            200,
            {"protection": {"ProtectionEnabled": state["ProtectionEnabled"], "TaskArn": "arn"}},
        )


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def uri(agent: Agent) -> Iterator[str]:
    class Handler(RequestHandler):
        def serve(self) -> None:
            status, body = agent.answer(self.command, self.path, self.read_body())
            self.answer(status, json.dumps(body).encode(), "application/json")

    with LoopbackServer(Handler) as server:
        yield f"{server.url}/api/abc"


def test_task_is_protected_while_the_block_runs(agent: Agent, uri: str) -> None:
    with protected_task(uri):
        assert agent.states == [{"ProtectionEnabled": True, "ExpiresInMinutes": 15}]
    assert agent.states[1:] == [{"ProtectionEnabled": False}]


def test_protection_ends_when_the_job_fails(agent: Agent, uri: str) -> None:
    with pytest.raises(ValueError, match="job"), protected_task(uri):
        raise ValueError("job")
    assert agent.states[-1] == {"ProtectionEnabled": False}


def test_protection_is_renewed(agent: Agent, uri: str) -> None:
    with protected_task(uri, renew_s=0.05):
        deadline = time.monotonic() + 10
        while len(agent.states) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [state["ProtectionEnabled"] for state in agent.states[:3]] == [True, True, True]


def test_address_comes_from_ecs(agent: Agent, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECS_AGENT_URI", uri)
    with protected_task():
        assert len(agent.states) == 1


def test_outside_ecs_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECS_AGENT_URI", raising=False)
    with protected_task():
        pass


@pytest.mark.parametrize(
    "problem",
    [
        (200, {"failure": {"Arn": "arn", "Reason": "DEPLOYMENT_BLOCKED"}}),
        (500, {"error": {"Code": "ServerException"}}),
        (400, {"error": {"Code": "AccessDeniedException"}}),
    ],
)
def test_failure_is_logged_and_the_job_goes_on(
    problem: tuple[int, dict[str, Any]], agent: Agent, uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    agent.problem = problem
    with caplog.at_level(logging.WARNING), protected_task(uri):
        pass
    assert "did not take the task's protection" in caplog.text


def test_agent_that_is_not_there_stops_no_job(caplog: pytest.LogCaptureFixture) -> None:
    with protected_task("http://127.0.0.1:9"):
        pass
    assert "did not take the task's protection" in caplog.text
