from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from coding_agent.errors import CodingAgentError
from coding_agent.github.app_auth import AppCredentials
from coding_agent.github.credentials import open_credentials
from coding_agent.github.rest import RestApi
from coding_agent.settings import Settings
from coding_agent.tests.fake_github import FakeGitHub
from coding_agent.tests.github_setup import TOKEN, running_github

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@dataclass(frozen=True, slots=True)
class _App:
    fake: FakeGitHub
    rest: RestApi
    credentials: AppCredentials

    def token_requests(self) -> int:
        return sum("access_tokens" in each for each in self.fake.state.requests)


@pytest.fixture
def app() -> Iterator[_App]:
    with FakeGitHub() as fake:
        for name in ("acme/app", "acme/other", "stranger/app"):
            fake.state.add_repository(name)
        fake.state.set_app("4711", "fixer", _public(_KEY), {"acme": 12})
        rest = RestApi(fake.url)
        yield _App(fake, rest, AppCredentials(rest, "4711", SecretStr(_pem(_KEY))))
        rest.close()


def test_a_token_is_for_one_repository_and_what_a_job_needs(app: _App) -> None:
    token = app.credentials.token("Acme/App")
    known = app.fake.state.tokens[token]
    assert known.repositories == frozenset({"acme/app"})
    assert known.permissions == {"contents": "write", "issues": "write", "metadata": "read", "pull_requests": "write"}
    assert app.fake.state.accepts(token, "acme/app", True)
    assert not app.fake.state.accepts(token, "acme/other", False)
    assert app.fake.state.refused == []


def test_a_token_is_kept_and_one_of_many_threads_asks(app: _App) -> None:
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(app.credentials.token("acme/app"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 1
    assert len(got) == 8
    assert app.token_requests() == 1


@pytest.mark.parametrize(("lives_s", "requests"), [(299, 2), (330, 1)])
def test_a_token_is_renewed_five_minutes_before_it_expires(app: _App, lives_s: float, requests: int) -> None:
    app.fake.state.set_token_seconds(lives_s)
    app.credentials.token("acme/app")
    app.credentials.token("acme/app")
    assert app.token_requests() == requests


@pytest.mark.parametrize("skew_s", [-55, 55])
def test_the_json_web_token_holds_where_clocks_differ_by_a_minute(
    app: _App, monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    clock = SimpleNamespace(time=lambda: time.time() + skew_s)
    monkeypatch.setattr("coding_agent.github.app_auth.time", clock)
    assert app.credentials.token("acme/app")


def test_a_key_of_another_app_is_denied(app: _App) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(CodingAgentError) as error:
        AppCredentials(app.rest, "4711", SecretStr(_pem(other))).token("acme/app")
    assert error.value.code == "github_denied"


def test_where_the_app_is_not_installed_is_told(app: _App) -> None:
    with pytest.raises(CodingAgentError) as error:
        app.credentials.token("stranger/app")
    assert error.value.code == "app_not_installed"


def test_the_app_knows_its_own_name(app: _App) -> None:
    assert app.credentials.login() == "fixer[bot]"


def test_a_key_in_one_line_is_read(app: _App) -> None:
    one_line = _pem(_KEY).replace("\n", "\\n")
    assert AppCredentials(app.rest, "4711", SecretStr(one_line)).token("acme/app")


def test_a_wrong_key_is_refused_at_start_and_not_repeated(app: _App) -> None:
    for wrong in ("c4na7y", _pem(ec.generate_private_key(ec.SECP256R1())), ""):
        with pytest.raises(CodingAgentError) as error:
            AppCredentials(app.rest, "4711", SecretStr(wrong))
        assert error.value.code == "github_key_invalid"
        assert error.value.__cause__ is None
        assert not wrong or wrong not in str(error.value)


def test_the_app_comes_before_the_token_and_without_both_nothing_starts() -> None:
    rest = RestApi("http://127.0.0.1:1")
    both = Settings(github_app_id="4711", github_app_private_key=SecretStr(_pem(_KEY)), github_token=SecretStr(TOKEN))
    assert isinstance(open_credentials(both, rest), AppCredentials)
    assert open_credentials(Settings(github_token=SecretStr(TOKEN)), rest).token("acme/app") == TOKEN
    for missing in (Settings(), Settings(github_app_id="4711", github_token=SecretStr(TOKEN))):
        with pytest.raises(CodingAgentError) as error:
            open_credentials(missing, rest)
        assert error.value.code == "github_credentials_missing"
    rest.close()


def test_no_secret_is_shown_or_logged(app: _App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = app.credentials.token("acme/app")
    with running_github() as setup:
        setup.state.add_fault("malformed")
        with pytest.raises(CodingAgentError):
            setup.github.issue(setup.ref)
        shown = "".join(
            [repr(vars(app.credentials)), repr(vars(setup.github.credentials)), repr(setup.github), caplog.text]
        )
    assert token not in shown
    assert TOKEN not in shown
    assert "PRIVATE" not in shown
