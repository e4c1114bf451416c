"""The client against a real server that refuses what is not documented."""

from __future__ import annotations

import secrets
import socket
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from coding_agent.client import (
    AgentError,
    AgentRefusedError,
    AgentUnavailableError,
    CodingAgentClient,
    JobState,
    WaitTimeoutError,
)
from coding_agent.tests.fake_agent_api import Answer, FakeAgent, fake_agent

_KEY = secrets.token_urlsafe(24)
_ISSUE = "https://github.com/acme/app/issues/7"


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with fake_agent(_KEY) as serving:
        yield serving


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(agent: FakeAgent, waits: list[float]) -> Iterator[CodingAgentClient]:
    with CodingAgentClient(agent.url, _KEY, sleep=waits.append) as calling:
        yield calling


def test_a_fix_is_submitted_with_the_documented_fields(agent: FakeAgent, client: CodingAgentClient) -> None:
    job = client.submit_fix(
        _ISSUE,
        base_branch="main",
        pr_type="ready",
        dry_run=True,
        callback_url="https://app.example.com/callback",
        max_cost=1.5,
        max_minutes=20,
    )
    assert (job.id, job.status, job.created) == ("job-0", "pending", True)
    assert job.status_url == f"{agent.url}/jobs/job-0"
    assert agent.received[0].body == {
        "issue_url": _ISSUE,
        "base_branch": "main",
        "pr_type": "ready",
        "dry_run": True,
        "callback_url": "https://app.example.com/callback",
        "max_cost": 1.5,
        "max_minutes": 20,
    }


def test_what_is_not_asked_for_is_not_sent(agent: FakeAgent, client: CodingAgentClient) -> None:
    client.submit_fix(_ISSUE)
    assert agent.received[0].body == {"issue_url": _ISSUE}


def test_the_job_that_exists_already_is_told_apart(client: CodingAgentClient) -> None:
    first, second = client.submit_fix(_ISSUE), client.submit_fix(_ISSUE)
    assert first.created
    assert not second.created
    assert first.id == second.id


@pytest.mark.parametrize("status", [429, 502, 503, 504, 0])
def test_a_passing_failure_is_tried_again_with_the_same_idempotency_key(
    status: int, agent: FakeAgent, client: CodingAgentClient, waits: list[float]
) -> None:
    agent.instead.extend([Answer(status), Answer(status)])
    agent.act_before_instead = True
    job = client.submit_fix(_ISSUE)
    assert not job.created, "the first try made it, and the third was told so"
    keys = [request.headers["idempotency-key"] for request in agent.received]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert len(waits) == 2
    assert all(0 <= wait <= 8 for wait in waits)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 501, 505])
def test_every_other_failure_is_told_at_once(
    status: int, agent: FakeAgent, client: CodingAgentClient, waits: list[float]
) -> None:
    agent.instead.append(Answer(status))
    with pytest.raises(AgentRefusedError) as refused:
        client.submit_fix(_ISSUE)
    assert refused.value.status == status
    assert len(agent.received) == 1
    assert waits == []


def test_two_calls_have_two_keys_unless_one_is_given(agent: FakeAgent, client: CodingAgentClient) -> None:
    client.submit_fix(_ISSUE)
    client.submit_fix(_ISSUE)
    client.submit_fix(_ISSUE, idempotency_key="mine")
    client.submit_fix(_ISSUE, idempotency_key="mine")
    keys = [request.headers["idempotency-key"] for request in agent.received]
    assert len(set(keys)) == 3
    assert keys[2:] == ["mine", "mine"]


def test_tries_are_bounded_and_the_key_of_the_request_is_told(agent: FakeAgent, client: CodingAgentClient) -> None:
    agent.instead.extend([Answer(503)] * 9)
    with pytest.raises(AgentUnavailableError) as gone:
        client.submit_fix(_ISSUE, idempotency_key="again")
    assert len(agent.received) == 4
    assert gone.value.idempotency_key == "again"
    assert "HTTP 503" in str(gone.value)


def test_nobody_listening_is_an_error_of_ours(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        CodingAgentClient(f"http://127.0.0.1:{port}", _KEY, sleep=waits.append) as client,
        pytest.raises(AgentUnavailableError, match="no answer"),
    ):
        client.get_job("job-0")
    assert len(waits) == 3


def test_a_server_that_is_silent_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            CodingAgentClient(url, _KEY, timeout_s=0.1, attempts=2, sleep=lambda _: None) as client,
            pytest.raises(AgentUnavailableError, match="ReadTimeout"),
        ):
            client.get_job("job-0")


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured(
    as_date: bool, agent: FakeAgent, client: CodingAgentClient, waits: list[float]
) -> None:
    value = format_datetime(datetime.now(UTC) + timedelta(seconds=12)) if as_date else "12"
    agent.instead.append(Answer(429, headers={"retry-after": value}))
    client.submit_fix(_ISSUE)
    (wait,) = waits
    assert (8 if as_date else 12) <= wait <= 13


def test_a_retry_after_beyond_the_bound_is_told_instead_of_waited_for(
    agent: FakeAgent, client: CodingAgentClient, waits: list[float]
) -> None:
    agent.instead.append(Answer(429, headers={"retry-after": "3600"}))
    with pytest.raises(AgentUnavailableError, match="try again in 3600 s") as limited:
        client.submit_fix(_ISSUE)
    assert limited.value.retry_after_s == 3600
    assert waits == []


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", "", "٣"])
def test_a_retry_after_that_says_nothing_is_a_usual_wait(
    value: str, agent: FakeAgent, client: CodingAgentClient, waits: list[float]
) -> None:
    agent.instead.append(Answer(503, headers={"retry-after": value} if value.isascii() else {}))
    client.submit_fix(_ISSUE)
    assert waits[0] <= 1


def test_title_and_detail_of_a_problem_are_the_message_and_the_key_is_not(agent: FakeAgent) -> None:
    wrong = secrets.token_urlsafe(24)
    with CodingAgentClient(agent.url, wrong) as client, pytest.raises(AgentRefusedError) as refused:
        client.get_job("job-0")
    # The server echoes the key that it got, as no server should.
    assert str(refused.value) == "GET /jobs/job-0: HTTP 401: Unauthorized: The key [key] is not known"
    assert refused.value.code == "unauthorized"
    assert wrong not in "".join(traceback.format_exception(refused.value))


def test_the_key_is_in_no_repr(client: CodingAgentClient) -> None:
    shown = f"{client!r} {client} {client.__dict__['_http']!r}"
    assert _KEY not in shown


def test_a_problem_of_many_lines_is_told_in_one(agent: FakeAgent, client: CodingAgentClient) -> None:
    body = b'{"title": "a\\nb\\u001b[31m", "detail": "' + b"x" * 5000 + b'"}'
    agent.instead.append(Answer(422, body, {"content-type": "application/problem+json; charset=utf-8"}))
    with pytest.raises(AgentRefusedError) as refused:
        client.submit_fix(_ISSUE)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 700


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b'{"title": 1, "detail": null, "code": 2}', b"\xff"])
def test_a_problem_that_is_none_is_still_an_error_of_ours(
    body: bytes, agent: FakeAgent, client: CodingAgentClient
) -> None:
    agent.instead.append(Answer(400, body, {"content-type": "application/problem+json"}))
    with pytest.raises(AgentRefusedError, match=r"HTTP 400\Z"):
        client.submit_fix(_ISSUE)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"job_id": 7}', b'{"job_id": "a", "status": "pending"}'])
def test_an_answer_that_is_not_the_agents_is_told_as_such(
    body: bytes, agent: FakeAgent, client: CodingAgentClient
) -> None:
    agent.instead.append(Answer(202, body))
    with pytest.raises(AgentError, match="is CODING_AGENT_URL the coding agent"):
        client.submit_fix(_ISSUE)


def test_a_redirect_is_not_followed_so_that_the_key_stays_here(agent: FakeAgent, client: CodingAgentClient) -> None:
    with fake_agent(_KEY) as elsewhere:
        agent.instead.append(Answer(307, headers={"location": f"{elsewhere.url}/fix-issue"}))
        with pytest.raises(AgentRefusedError, match="redirects are not followed"):
            client.submit_fix(_ISSUE)
        assert elsewhere.received == []


def test_wait_tells_each_change_and_returns_the_end(
    agent: FakeAgent, client: CodingAgentClient, waits: list[float]
) -> None:
    agent.script = [
        {"status": "pending"},
        {"status": "pending"},
        {"status": "running", "stage": "clone"},
        {"status": "running", "stage": "edit"},
        {"status": "running", "stage": "edit"},
        {"status": "success", "stage": "pr", "pr_url": "https://github.com/acme/app/pull/8"},
    ]
    seen: list[tuple[str, str | None]] = []

    def changed(job: JobState) -> None:
        seen.append((job.status, job.stage))

    job = client.wait(client.submit_fix(_ISSUE).id, timeout_s=60, on_change=changed)
    assert job.pr_url == "https://github.com/acme/app/pull/8"
    assert seen == [("pending", None), ("running", "clone"), ("running", "edit"), ("success", "pr")]
    assert len(waits) == 5
    assert max(waits) <= 15


@pytest.mark.parametrize("status", ["success", "no_changes", "failed", "cancelled", "timed_out"])
def test_wait_ends_with_each_end(status: str, agent: FakeAgent, client: CodingAgentClient) -> None:
    error = {"code": "push_refused", "message": "A workflow was changed"}
    agent.script = [{"status": status, "error": error if status == "failed" else None}]
    job = client.wait(client.submit_fix(_ISSUE).id, timeout_s=60)
    assert job.status == status
    assert job.error_code == ("push_refused" if status == "failed" else None)


def test_wait_outlives_an_outage_longer_than_a_calls_tries(agent: FakeAgent, client: CodingAgentClient) -> None:
    job_id = client.submit_fix(_ISSUE).id
    agent.instead.extend([Answer(503)] * 9)
    agent.script = [{"status": "success"}]
    assert client.wait(job_id, timeout_s=60).status == "success"


def test_wait_that_runs_out_of_time_has_the_last_state(agent: FakeAgent, client: CodingAgentClient) -> None:
    agent.script = [{"status": "running", "stage": "test"}]
    with pytest.raises(WaitTimeoutError, match="was running after 0 s") as over:
        client.wait(client.submit_fix(_ISSUE).id, timeout_s=0)
    assert over.value.job is not None
    assert over.value.job.stage == "test"


def test_wait_for_a_job_that_is_not_there_ends_at_once(client: CodingAgentClient) -> None:
    with pytest.raises(AgentRefusedError) as refused:
        client.wait("nobody", timeout_s=60)
    assert refused.value.status == 404


def test_cancel_whose_answer_was_lost_succeeds(agent: FakeAgent, client: CodingAgentClient) -> None:
    job_id = client.submit_fix(_ISSUE).id
    agent.instead.append(Answer(0))
    agent.act_before_instead = True
    assert client.cancel(job_id).status == "cancelled"


def test_logs_are_lines(client: CodingAgentClient) -> None:
    job_id = client.submit_fix(_ISSUE).id
    assert client.logs(job_id) == ["line 1", "line 2", "line 3"]
    assert client.logs(job_id, tail=2) == ["line 2", "line 3"]


def test_a_report_is_filed_once_for_its_id(agent: FakeAgent, client: CodingAgentClient) -> None:
    agent.instead.append(Answer(502))
    agent.act_before_instead = True
    first = client.submit_report("report-1.a_b", "Wrong revenue", "The answer names 2021.")
    assert first.job_id == client.submit_report("report-1.a_b", "Wrong revenue", "The answer names 2021.").job_id
    assert first.job_id != client.submit_report("r2", "Wrong revenue", "The answer names 2021.").job_id
    assert len({request.headers["idempotency-key"] for request in agent.received}) == 2


@pytest.mark.parametrize("job_id", ["", "..", "a/b", "a?b", "a b", "a\n", "é", "a" * 65])
def test_a_job_id_cannot_name_another_route(job_id: str, agent: FakeAgent, client: CodingAgentClient) -> None:
    with pytest.raises(ValueError, match="a job's id"):
        client.get_job(job_id)
    assert agent.received == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("agent.example.com", "not an address"),
        ("ftp://agent.example.com", "not an address"),
        ("https://", "not an address"),
        ("https://agent.example.com/?a=b", "not an address"),
        ("https://user:word@agent.example.com", "user name or password"),  # pragma: allowlist secret
        ("http://agent.example.com", "https://"),
        ("http://localhost.example.com", "https://"),
    ],
)
def test_an_address_that_would_give_the_key_away_is_refused(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CodingAgentClient(url, _KEY)


@pytest.mark.parametrize("key", ["", "short", "with space in it", "line\nbreak-in-it", "ключ-ключ-ключ"])
def test_a_key_that_is_no_header_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(ValueError, match="CODING_AGENT_API_KEY") as refused:
        CodingAgentClient("https://agent.example.com", key)
    assert not key or key not in str(refused.value)


def test_the_environment_configures_it(agent: FakeAgent) -> None:
    environment = {"CODING_AGENT_URL": f"{agent.url}/", "CODING_AGENT_API_KEY": f"{_KEY}\n"}
    with CodingAgentClient.from_environment(environment) as client:
        assert client.submit_fix(_ISSUE).created


def test_what_the_environment_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="CODING_AGENT_URL and CODING_AGENT_API_KEY must be set"):
        CodingAgentClient.from_environment({"CODING_AGENT_URL": " "})


def test_the_file_can_be_copied() -> None:
    source = (Path(__file__).parent.parent / "client.py").read_text()
    assert "import coding_agent" not in source
    assert "from coding_agent" not in source
