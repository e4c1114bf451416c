"""The fake refuses what GitHub does not document; a test that uses it can rely on that."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from coding_agent.tests.fake_github import FakeGitHub

_GOOD = {
    "Authorization": "Bearer t",
    "User-Agent": "test",
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_PULL = {"title": "t", "head": "fix", "base": "main"}


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        running.state.add_repository("acme/app", branches={"main": "a" * 40, "fix": "b" * 40})
        running.state.add_issue("acme/app", "t", "b")
        running.state.add_token("t", "fixer")
        yield running


def _ask(
    fake: FakeGitHub, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    return httpx.request(method, fake.url + path, json=body, headers={**_GOOD, **(headers or {})})


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/repos/acme/app/issues/1", None, {"Authorization": ""}, 401),
        ("GET", "/repos/acme/app/issues/1", None, {"Authorization": "token t"}, 401),
        ("GET", "/repos/acme/app/issues/1", None, {"User-Agent": "python-httpx/0.28"}, 403),
        ("GET", "/repos/acme/app/issues/1", None, {"Accept": "text/html"}, 415),
        ("GET", "/repos/acme/app/issues/1", None, {"X-GitHub-Api-Version": "2020-01-01"}, 400),
        ("GET", "/repos/acme/app/issues/1?with=comments", None, {}, 422),
        ("GET", "/repos/acme/app/issues?per_page=101", None, {}, 422),
        ("GET", "/repos/acme/app/pulls?head=fix", None, {}, 422),
        ("GET", "/repos/acme/app/nothing", None, {}, 404),
        ("DELETE", "/repos/acme/app/issues/1", None, {}, 404),
        ("POST", "/repos/acme/app/pulls", {**_PULL, "reviewers": ["ann"]}, {}, 422),
        ("POST", "/repos/acme/app/pulls", {"title": "t", "head": "fix"}, {}, 422),
        ("POST", "/repos/acme/app/pulls", {**_PULL, "draft": "true"}, {}, 422),
        ("POST", "/repos/acme/app/pulls", {**_PULL, "body": "x" * 65_537}, {}, 422),
        ("POST", "/repos/acme/app/issues/1/reactions", {"content": "seen"}, {}, 422),
        ("POST", "/repos/acme/app/issues/1/comments", {"text": "x"}, {}, 422),
        ("POST", "/app/installations/1/access_tokens", {}, {}, 401),
    ],
)
def test_what_is_not_documented_is_refused_and_kept(
    fake: FakeGitHub, method: str, path: str, body: object, headers: dict[str, str], status: int
) -> None:
    assert _ask(fake, method, path, body, headers).status_code == status
    assert len(fake.state.refused) == 1
    assert not fake.state.repositories["acme/app"].pulls


def test_what_is_documented_is_not_kept_as_refused(fake: FakeGitHub) -> None:
    assert _ask(fake, "POST", "/repos/acme/app/pulls", _PULL).status_code == 201
    second = _ask(fake, "POST", "/repos/acme/app/pulls", _PULL)
    assert second.status_code == 422
    assert second.json()["errors"][0]["message"] == "A pull request already exists for acme:fix."
    assert _ask(fake, "GET", "/repos/acme/app/issues/9").status_code == 404
    assert fake.state.refused == []


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iat": -60, "exp": 540}, 200),
        ({"iat": -60, "exp": 700}, 401),
        ({"iat": 120, "exp": 540}, 401),
        ({"iat": -700, "exp": -10}, 401),
        ({"iat": -60}, 401),
    ],
)
def test_a_json_web_token_is_held_to_githubs_rules(fake: FakeGitHub, claims: dict[str, int], status: int) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    fake.state.set_app("12", "fixer", public.decode(), {"acme": 5})
    now = int(time.time())
    token = jwt.encode({"iss": "12", **{name: now + offset for name, offset in claims.items()}}, key, "RS256")
    assert _ask(fake, "GET", "/app", headers={"Authorization": f"Bearer {token}"}).status_code == status
