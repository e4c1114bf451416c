"""Who is let in, how often, and what is told of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from coding_agent.api.auth import ApiKeys, is_local
from coding_agent.tests.api_samples import a_key, digest_of, running, some_settings

_OPEN = ("/", "/healthz", "/readyz")
_CLIENTS = [
    ("POST", "/fix-issue"),
    ("GET", "/jobs"),
    ("GET", "/jobs/0"),
    ("GET", "/jobs/0/logs"),
    ("GET", "/jobs/0/events"),
    ("GET", "/jobs/0/patch"),
    ("POST", "/jobs/0/cancel"),
    ("POST", "/jobs/0/retry"),
    ("POST", "/reports"),
]
_RUNNERS = [("GET", "/jobs/0/assignment"), ("POST", "/jobs/0/completions"), ("PATCH", "/jobs/0")]
_BODY = {"issue_url": "https://github.com/acme/app/issues/1", "report_id": "1", "title": "t", "body": "b"}


def _scope(peer: str, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "client": (peer, 1), "headers": raw, "method": "GET", "path": "/"})


def test_each_route_of_clients_needs_a_key_and_probes_need_none(tmp_path: Path) -> None:
    key = a_key()
    with running(some_settings(tmp_path, api_key_digests=(digest_of("app", key),))) as api:
        assert all(api.client.get(path).status_code in {200, 503} for path in _OPEN)
        for method, path in _CLIENTS:
            for headers in ({}, {"X-API-Key": "wrong"}, {"X-API-Key": key + "x"}, {"X-API-Key": ""}):
                answer = api.client.request(method, path, headers=headers, json=_BODY if method == "POST" else None)
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), (method, path)
            bearer = api.client.request(method, path, headers={"Authorization": "Bearer x"}, json=None)
            assert (bearer.status_code, bearer.json()["code"]) == (403, "client_only")
        twice = [("X-API-Key", key), ("X-API-Key", key)]
        assert api.client.get("/jobs", headers=httpx.Headers(twice)).status_code == 401
        assert api.client.get("/jobs", headers={"X-API-Key": key}).status_code == 200
        for method, path in _RUNNERS:
            assert api.client.request(method, path).status_code == 401
            assert api.client.request(method, path, headers={"Authorization": "Bearer x"}).status_code == 401
            refused = api.client.request(method, path, headers={"X-API-Key": key})
            assert (refused.status_code, refused.json()["code"]) == (403, "runner_only")


def test_two_keys_of_a_name_are_valid_while_they_are_changed(tmp_path: Path) -> None:
    old, new, other = a_key(), a_key(), a_key()
    digests = (digest_of("app", old), digest_of("app", new), digest_of("ops", other))
    with running(some_settings(tmp_path, api_key_digests=digests)) as api:
        for key, name in ((old, "app"), (new, "app"), (other, "ops")):
            url = f"https://github.com/acme/app/issues/{len(key) + ord(key[0])}"
            answer = api.client.post("/fix-issue", json={"issue_url": url, "dry_run": True}, headers={"X-API-Key": key})
            job = api.client.get(f"/jobs/{answer.json()['job_id']}", headers={"X-API-Key": key}).json()
            assert answer.status_code in {200, 202}
            assert job["client"] in {name, "app"}


def test_all_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    keys = [a_key() for _ in range(3)]
    known = ApiKeys(digest_of(f"n{number}", key) for number, key in enumerate(keys))
    import hmac

    true_compare = hmac.compare_digest

    def compare(given: bytes, digest: bytes) -> bool:
        compared.append(digest)
        return true_compare(given, digest)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert known.name_of(keys[0].encode()) == "n0"
    assert known.name_of(b"wrong") is None
    assert len(compared) == 6


def test_without_keys_only_this_machine_is_served() -> None:
    assert is_local(_scope("127.0.0.1", host="127.0.0.1:8000"))
    assert is_local(_scope("::1", host="[::1]:8000"))
    assert is_local(_scope("127.0.0.1", host="localhost"))
    assert not is_local(_scope("10.0.0.5", host="127.0.0.1:8000"))
    # A page of another site that a browser here shows (DNS rebinding), and a proxy on this machine.
    assert not is_local(_scope("127.0.0.1", host="evil.example:8000"))
    assert not is_local(_scope("127.0.0.1", host="127.0.0.1", x_forwarded_for="203.0.113.7"))
    assert not is_local(_scope("not an address", host="127.0.0.1"))


def test_a_foreign_host_name_is_refused_where_there_are_no_keys(tmp_path: Path) -> None:
    with running(some_settings(tmp_path)) as api:
        assert api.client.get("/jobs").status_code == 200
        for headers in ({"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.7"}):
            answer = api.client.get("/jobs", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "no_keys_configured")
            assert api.client.get("/metrics", headers=headers).status_code == 403


def test_metrics_need_a_key_from_elsewhere(tmp_path: Path) -> None:
    key = a_key()
    with running(some_settings(tmp_path, api_key_digests=(digest_of("app", key),))) as api:
        assert api.client.get("/metrics").status_code == 200
        elsewhere = {"X-Forwarded-For": "203.0.113.7"}
        assert api.client.get("/metrics", headers=elsewhere).status_code == 401
        assert api.client.get("/metrics", headers={**elsewhere, "X-API-Key": key}).status_code == 200


def test_a_key_that_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    busy, quiet = a_key(), a_key()
    digests = (digest_of("busy", busy), digest_of("quiet", quiet))
    with running(some_settings(tmp_path, api_key_digests=digests, rate_limit_per_key="3/minute")) as api:
        answers = [api.client.get("/jobs", headers={"X-API-Key": busy}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
        refused = answers[-1]
        assert refused.json()["code"] == "rate_limited"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert 1 <= int(refused.headers["ratelimit-reset"]) <= 60
        assert api.client.get("/jobs", headers={"X-API-Key": quiet}).status_code == 200


def test_a_repository_gets_so_many_jobs_whoever_asks(tmp_path: Path) -> None:
    first, second = a_key(), a_key()
    digests = (digest_of("first", first), digest_of("second", second))
    with running(some_settings(tmp_path, api_key_digests=digests, rate_limit_per_repository="2/hour")) as api:

        def submit(repository: str, number: int, key: str) -> httpx.Response:
            url = f"https://github.com/acme/{repository}/issues/{number}"
            return api.client.post("/fix-issue", json={"issue_url": url}, headers={"X-API-Key": key})

        assert [submit("app", number, first).status_code for number in (1, 2)] == [202, 202]
        refused = submit("app", 3, second)
        assert (refused.status_code, refused.headers["ratelimit-limit"]) == (429, "2")
        assert submit("other", 1, second).status_code == 202


def test_nothing_of_a_key_is_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    key, wrong = a_key(), a_key()
    with running(some_settings(tmp_path, api_key_digests=(digest_of("app", key),), log_level="DEBUG")) as api:
        api.client.get("/jobs?x=1", headers={"X-API-Key": key, "X-Request-ID": "known-request"})
        api.client.get(f"/jobs/{wrong}", headers={"X-API-Key": wrong})
    logged = capfd.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert any(line.get("request_id") == "known-request" and line.get("client") == "app" for line in lines)
    assert key not in logged
    assert wrong not in logged
    assert digest_of("app", key).partition(":")[2] not in logged


def test_production_does_not_start_without_a_key() -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        "CODING_AGENT_ENVIRONMENT": "production",
        "CODING_AGENT_GITHUB_TOKEN": "wrong-place" + "-secret",
    }
    folder = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "coding_agent", "up", "--port", "0"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "CODING_AGENT_API_KEY_DIGESTS" in done.stderr
    assert "wrong-place" not in done.stderr
