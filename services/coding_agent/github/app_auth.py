"""A GitHub App's credentials: a short JSON web token buys an installation token for one repository."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import AppInfo, Installation, InstallationToken, read
from coding_agent.github.patience import patience
from coding_agent.github.rest import RestApi

__all__ = ["AppCredentials"]

# GitHub takes a JSON web token for at most ten minutes from now, and our clocks may differ by a minute.
_ISSUED_BEFORE_S = 60
_EXPIRES_AFTER_S = 9 * 60
_REFRESH_BEFORE = timedelta(minutes=5)
_PERMISSIONS = {"contents": "write", "issues": "write", "metadata": "read", "pull_requests": "write"}


class AppCredentials:
    """Installation tokens, each for one repository and what a job needs there; kept until shortly before they expire.

    Safe from threads: of those who want the same token at once, one asks GitHub.
    """

    def __init__(self, rest: RestApi, app_id: str, private_key: SecretStr) -> None:
        self._rest = rest
        self._app_id = app_id
        self._key = _load(private_key)
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        self._tokens: dict[str, InstallationToken] = {}
        self._login: str | None = None

    def token(self, repository: str) -> str:
        """Return a token for this repository alone, good for five minutes and more.

        Raises CodingAgentError `app_not_installed`, `github_denied`, `github_unreachable`, `github_rate_limited`.
        """
        repository = repository.lower()
        with self._lock:
            asking = self._asking.setdefault(repository, threading.Lock())
        if not asking.acquire(timeout=patience().left_s()):
            raise CodingAgentError("github_unreachable", "GitHub gave no token in time; try again later")
        try:
            known = self._tokens.get(repository)
            if known is None or _is_old(known):
                known = self._tokens[repository] = self._new_token(repository)
            return known.token
        finally:
            asking.release()

    def login(self) -> str:
        """Return the account of the App, asked once."""
        if self._login is None:
            app: AppInfo = read(AppInfo, self._rest.request("GET", "/app", self._json_web_token()))
            self._login = f"{app.slug}[bot]"
        return self._login

    def _new_token(self, repository: str) -> InstallationToken:
        answer = self._rest.request(
            "GET", f"/repos/{repository}/installation", self._json_web_token(), may_answer=frozenset({404})
        )
        if answer.status_code == 404:
            raise CodingAgentError("app_not_installed", f"The GitHub App is not installed for {repository}")
        installation: Installation = read(Installation, answer)
        name = repository.partition("/")[2]
        token: InstallationToken = read(
            InstallationToken,
            self._rest.request(
                "POST",
                f"/app/installations/{installation.id}/access_tokens",
                self._json_web_token(),
                body={"repositories": [name], "permissions": _PERMISSIONS},
            ),
        )
        return token

    def _json_web_token(self) -> str:
        now = int(time.time())
        claims = {"iat": now - _ISSUED_BEFORE_S, "exp": now + _EXPIRES_AFTER_S, "iss": self._app_id}
        return jwt.encode(claims, self._key, algorithm="RS256")


def _is_old(token: InstallationToken) -> bool:
    return datetime.now(token.expires_at.tzinfo) > token.expires_at - _REFRESH_BEFORE


def _load(private_key: SecretStr) -> RSAPrivateKey:
    """The key, read at start: a wrong one is told then. In environment variables newlines may be written as `\\n`."""
    pem = private_key.get_secret_value().replace("\\n", "\n").encode()
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise CodingAgentError(
            "github_key_invalid", "CODING_AGENT_GITHUB_APP_PRIVATE_KEY is not an RSA private key in PEM, unencrypted"
        )
    return key
