"""The checks of what the service depends on: GitHub, Redis, the machine, the model, its own variables."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from coding_agent.operations.doctor.finding import Finding, State, examine
from coding_agent.operations.doctor.github import github_checks
from coding_agent.operations.doctor.machine import machine_checks, model_check
from coding_agent.operations.doctor.own_settings import read_own_settings
from coding_agent.operations.doctor.store import store_checks
from coding_agent.settings import Settings
from coding_agent.tests.redis_server import redis_server
from coding_agent.tests.routes_server import Reply, serve_routes

_TOKEN = secrets.token_urlsafe(24)
_ALL = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read"}


def _github(
    routes: Mapping[str, Reply], settings: Settings, key: rsa.RSAPrivateKey | None = None
) -> dict[str, Finding]:
    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        bearer = headers["authorization"].removeprefix("Bearer ")
        if key is None:
            assert bearer == _TOKEN
        else:
            claims = jwt.decode(bearer, key.public_key(), algorithms=["RS256"])
            assert claims["iss"] == "7"
            assert claims["exp"] - claims["iat"] <= 600
        return routes.get(path, (404, {"message": "Not Found"}, {}))

    with serve_routes(answer) as port:
        pointed = settings.model_copy(update={"github_api_url": f"http://127.0.0.1:{port}"})
        return dict(examine(github_checks(pointed)))


def _with_token(scopes: str | None, push: bool = True, repository: int = 200) -> dict[str, Finding]:
    settings = Settings(github_token=SecretStr(_TOKEN), repositories=("acme/app",))
    headers = {} if scopes is None else {"x-oauth-scopes": scopes}
    routes: dict[str, Reply] = {
        "/user": (200, {"login": "bot"}, headers),
        "/repos/acme/app": (repository, {"permissions": {"push": push}}, {}),
    }
    return _github(routes, settings)


@pytest.mark.parametrize("scopes", ["repo", "read:user, repo", "public_repo", None])
def test_a_token_that_may_push_is_ok(scopes: str | None) -> None:
    found = _with_token(scopes)
    assert {finding.state for finding in found.values()} == {State.OK}
    assert _TOKEN not in repr(found)


@pytest.mark.parametrize("scopes", ["", "read:org, gist"])
def test_a_token_without_the_scope_is_a_problem(scopes: str) -> None:
    assert "not repo" in _with_token(scopes)["github"].cause


def test_a_repository_that_may_not_be_pushed_to_is_a_problem() -> None:
    assert "may not push to acme/app" in _with_token(None, push=False)["github repositories"].cause


def test_a_repository_that_is_not_seen_is_a_problem() -> None:
    assert "does not see acme/app (404)" in _with_token(None, repository=404)["github repositories"].cause


def test_a_token_that_github_refuses_is_a_problem() -> None:
    settings = Settings(github_token=SecretStr(_TOKEN), repositories=("acme/app",))
    found = _github({"/user": (401, {}, {})}, settings)
    assert "refuses the token (401)" in found["github"].cause


def test_without_credentials_nothing_is_asked() -> None:
    assert {finding.state for finding in _github({}, Settings()).values()} == {State.NOT_MADE}


def _as_app(permissions: Mapping[str, str], installed: bool = True) -> dict[str, Finding]:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    settings = Settings(github_app_id="7", github_app_private_key=SecretStr(pem), repositories=("acme/app",))
    routes: dict[str, Reply] = {"/app": (200, {"slug": "fixer", "permissions": permissions}, {})}
    if installed:
        routes["/app/installations"] = (200, [{"id": 1}], {})
        routes["/repos/acme/app/installation"] = (200, {"id": 1, "permissions": permissions}, {})
    return _github(routes, settings, key)


def test_an_app_with_its_permissions_is_ok() -> None:
    assert {finding.state for finding in _as_app(_ALL).values()} == {State.OK}


def test_an_app_that_may_only_read_is_a_problem() -> None:
    found = _as_app({**_ALL, "contents": "read"})
    assert found["github"].cause == "the App lacks write on contents"
    assert "acme/app the App lacks write on contents" in found["github repositories"].cause


def test_an_app_that_is_not_installed_is_a_problem() -> None:
    found = _as_app(_ALL, installed=False)
    assert "installed nowhere" in found["github"].cause
    assert "not installed for acme/app" in found["github repositories"].cause


def test_a_private_key_that_is_none_is_a_problem_and_not_told() -> None:
    wrong = secrets.token_urlsafe(24)
    settings = Settings(github_app_id="7", github_app_private_key=SecretStr(wrong), repositories=("acme/app",))
    found = dict(examine(github_checks(settings)))
    assert "not an RSA key" in found["github"].cause
    assert wrong not in repr(found)


def test_a_redis_that_keeps_everything_is_ok(tmp_path: Path) -> None:
    options = ("--appendonly", "yes", "--maxmemory-policy", "noeviction")
    with redis_server(tmp_path, *options) as url:
        found = dict(examine(store_checks(Settings(store=url))))
    assert {finding.state for finding in found.values()} == {State.OK}


def test_a_redis_that_forgets_is_a_problem_twice(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--appendonly", "no", "--maxmemory-policy", "allkeys-lru") as url:
        found = dict(examine(store_checks(Settings(store=url))))
    assert "no AOF" in found["redis persistence"].cause
    assert "allkeys-lru" in found["redis eviction"].cause


def test_a_redis_that_is_not_there_is_told_without_its_password() -> None:
    word = secrets.token_urlsafe(12)
    found = dict(examine(store_checks(Settings(store=f"redis://user:{word}@127.0.0.1:9/0"))))
    assert {finding.state for finding in found.values()} == {State.NOT_MADE}
    assert word not in repr(found)


def test_memorydb_needs_no_file() -> None:
    settings = Settings(store="rediss://clustercfg.a.b1c2.memorydb.us-east-1.amazonaws.com:6379/0")
    assert next(iter(dict(examine(store_checks(settings)[:1])).values())).state is State.OK


def test_sqlite_has_no_such_checks() -> None:
    found = dict(examine(store_checks(Settings())))
    assert {finding.state for finding in found.values()} == {State.NOT_MADE}


def test_a_machine_without_bubblewrap_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = dict(examine(machine_checks()))
    assert found["bubblewrap"].cause == "bubblewrap is not installed"
    assert found["git"].cause == "git is not installed"


def test_bubblewrap_that_may_not_isolate_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert "No permissions to create" in dict(examine(machine_checks()))["bubblewrap"].cause


def test_the_model_is_asked_only_when_asked_for(tmp_path: Path) -> None:
    missing = Settings(model="scripted", model_script=None)
    assert dict(examine([model_check(missing, ask=False)]))["model"].state is State.NOT_MADE
    found = dict(examine([model_check(missing, ask=True)]))["model"]
    assert found.state is State.PROBLEM
    assert "CODING_AGENT_MODEL_SCRIPT" in found.cause


def test_a_model_that_refuses_is_a_problem_without_its_key() -> None:
    word = secrets.token_urlsafe(24)
    with serve_routes(lambda _path, _headers: (404, {}, {})) as port:
        settings = Settings(model_url=f"http://127.0.0.1:{port}", model_key=SecretStr(word))
        found = dict(examine([model_check(settings, ask=True)]))["model"]
    assert found.state is State.PROBLEM
    assert word not in repr(found)


def test_settings_that_are_wrong_are_named_without_their_value(monkeypatch: pytest.MonkeyPatch) -> None:
    word = secrets.token_urlsafe(12)
    monkeypatch.setenv("CODING_AGENT_API_KEY_DIGESTS", word)
    settings, wrong = read_own_settings()
    assert settings is None
    assert "CODING_AGENT_API_KEY_DIGESTS" in wrong
    assert word not in wrong
    assert json.dumps(wrong).count("\\n") == 0
