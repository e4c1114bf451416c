"""The example of the main back end: against the fake agent, the real service, and callbacks of the real sender."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from coding_agent.callbacks.sender import CallbackSender
from coding_agent.callbacks.signature import sign
from coding_agent.client import AgentRefusedError, CodingAgentClient
from coding_agent.integration_example import CallbackServer, main
from coding_agent.jobs.job import JobStatus
from coding_agent.operations.doctor.finding import State, examine
from coding_agent.operations.doctor.network import Address, network_checks
from coding_agent.settings import Settings
from coding_agent.tests.api_samples import a_key, digest_of, running, some_settings
from coding_agent.tests.fake_agent_api import fake_agent
from coding_agent.tests.job_samples import a_job

_KEY = secrets.token_urlsafe(24)
_SECRET = secrets.token_urlsafe(24)
_ISSUE = "https://github.com/acme/app/issues/7"


def test_it_submits_waits_and_prints_the_pull_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_agent(_KEY) as agent:
        monkeypatch.setenv("CODING_AGENT_URL", agent.url)
        monkeypatch.setenv("CODING_AGENT_API_KEY", _KEY)
        agent.script = [{"status": "success", "pr_url": "https://github.com/acme/app/pull/8"}]
        assert main(["fix", _ISSUE]) == 0
    assert "pull request: https://github.com/acme/app/pull/8" in capsys.readouterr().out


def test_a_job_without_a_fix_is_1_and_an_agent_that_is_not_asked_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_agent(_KEY) as agent:
        monkeypatch.setenv("CODING_AGENT_URL", agent.url)
        monkeypatch.setenv("CODING_AGENT_API_KEY", _KEY)
        agent.script = [{"status": "no_changes"}]
        assert main(["fix", _ISSUE]) == 1
    monkeypatch.delenv("CODING_AGENT_API_KEY")
    assert main(["fix", _ISSUE]) == 2
    assert capsys.readouterr().err == "CODING_AGENT_API_KEY must be set\n"


@contextmanager
def _receiver(jobs: list[dict[str, Any]], fails: int = 0) -> Iterator[CallbackServer]:
    left = [fails]

    def on_job(job: dict[str, Any]) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError("the main back end's own store is away")
        jobs.append(job)

    with CallbackServer(("127.0.0.1", 0), _SECRET.encode(), on_job) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _patch(server: CallbackServer, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request("PATCH", "/", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_callbacks_of_the_service_are_believed() -> None:
    jobs: list[dict[str, Any]] = []
    settings = Settings(callback_secret=SecretStr(_SECRET), callback_insecure=True)
    job = replace(a_job(), status=JobStatus.SUCCESS, pr_url="https://github.com/acme/app/pull/8")
    with _receiver(jobs) as server:
        url = f"http://127.0.0.1:{server.server_port}/jobs"
        job = replace(job, request=replace(job.request, callback_url=url))
        result = CallbackSender(settings, sleep=lambda _: None).send(job, ["done"])
    assert result is not None
    assert result.delivered, result
    assert [(each["job_id"], each["status"], each["pr_url"]) for each in jobs] == [(job.id, "success", job.pr_url)]


def test_a_callback_that_could_not_be_worked_on_comes_again() -> None:
    jobs: list[dict[str, Any]] = []
    settings = Settings(callback_secret=SecretStr(_SECRET), callback_insecure=True)
    with _receiver(jobs, fails=1) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        job = a_job()
        job = replace(job, request=replace(job.request, callback_url=url))
        result = CallbackSender(settings, sleep=lambda _: None).send(job, [])
    assert result is not None
    assert (result.delivered, result.tries, len(jobs)) == (True, 2, 1)


def test_a_delivery_is_worked_on_once() -> None:
    jobs: list[dict[str, Any]] = []
    body = json.dumps({"job_id": "a"}).encode()
    headers = sign(_SECRET.encode(), body, timestamp=int(time.time()), delivery="d1")
    with _receiver(jobs) as server:
        assert [_patch(server, body, headers) for _ in range(3)] == [204, 204, 204]
    assert jobs == [{"job_id": "a"}]


@pytest.mark.parametrize("fault", ["unsigned", "other secret", "other body", "old", "no number"])
def test_a_callback_that_is_not_the_services_is_refused(fault: str) -> None:
    jobs: list[dict[str, Any]] = []
    body = b'{"job_id": "a"}'
    secret = b"another" if fault == "other secret" else _SECRET.encode()
    headers = sign(secret, body, timestamp=int(time.time()) - (301 if fault == "old" else 0), delivery="d1")
    if fault == "unsigned":
        headers = {}
    if fault == "other body":
        body = b'{"job_id": "b"}'
    if fault == "no number":
        headers["X-Coding-Agent-Timestamp"] = "soon"
    with _receiver(jobs) as server:
        assert _patch(server, body, headers) == 401
    assert jobs == []


def test_a_body_that_is_too_large_is_not_read() -> None:
    jobs: list[dict[str, Any]] = []
    with _receiver(jobs) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.putrequest("PATCH", "/")
        connection.putheader("Content-Length", "1000000000")
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()


def test_a_receiver_without_a_secret_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CODING_AGENT_CALLBACK_SECRET", raising=False)
    assert main(["receive"]) == 2
    assert "must be set" in capsys.readouterr().err


def test_the_real_service_takes_what_the_client_sends(tmp_path: Path) -> None:
    key = a_key()
    settings = some_settings(tmp_path, api_key_digests=(digest_of("main", key),))
    with running(settings) as service, CodingAgentClient(str(service.client.base_url), key) as client:
        job = client.submit_fix(_ISSUE, pr_type="branch", dry_run=True, max_cost=0.5, max_minutes=5, base_branch="main")
        assert job.created
        assert job.status == "pending"
        again = client.submit_fix(_ISSUE, dry_run=True)
        assert (again.id, again.created) == (job.id, False)
        assert client.get_job(job.id).fields["base_branch"] == "main"
        assert client.logs(job.id, tail=10) == []
        assert client.cancel(job.id).status == "cancelled"
        assert client.wait(job.id, timeout_s=5).has_ended
        with pytest.raises(AgentRefusedError) as refused:
            client.submit_fix("https://github.com/other/app/issues/7")
        assert refused.value.code
        assert key not in str(refused.value)


def test_doctor_finds_the_real_service_reachable(tmp_path: Path) -> None:
    key = a_key()
    with running(some_settings(tmp_path, api_key_digests=(digest_of("main", key),))) as service:
        address = Address.of(str(service.client.base_url))
        found = dict(examine(network_checks(address, key, grace_s=5)))
    assert found.pop("tls").state is State.NOT_MADE
    assert {finding.state for finding in found.values()} == {State.OK}, found
