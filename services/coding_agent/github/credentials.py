"""How we prove to GitHub who we are: as an App (preferred), or with a personal access token."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import Account, read
from coding_agent.github.app_auth import AppCredentials
from coding_agent.github.rest import RestApi
from coding_agent.settings import Settings

__all__ = ["Credentials", "TokenCredentials", "open_credentials"]


class Credentials(Protocol):
    """Gives tokens to trusted code of ours; they go into a header or to git's askpass, nowhere else."""

    def token(self, repository: str) -> str:
        """Return a token that is good for this repository (`owner/name`) for five minutes and more.

        Raises CodingAgentError `github_denied`, `github_unreachable`, `github_rate_limited`.
        """

    def login(self) -> str:
        """Return the account that we act as."""


class TokenCredentials:
    """A personal access token: one for everything that its owner gave it."""

    def __init__(self, rest: RestApi, token: SecretStr) -> None:
        self._rest = rest
        self._token = token
        self._login: str | None = None

    def token(self, repository: str) -> str:
        """Return the token. A missing right shows when it is used: GitHub says nothing of it before."""
        del repository
        return self._token.get_secret_value()

    def login(self) -> str:
        """Return whose token it is, asked once."""
        if self._login is None:
            account: Account = read(Account, self._rest.request("GET", "/user", self._token.get_secret_value()))
            self._login = account.login
        return self._login


def open_credentials(settings: Settings, rest: RestApi) -> Credentials:
    """Return the App's credentials if there is one, else the token's.

    Raises CodingAgentError `github_credentials_missing`, or `github_key_invalid` for a key that is no RSA key in PEM.
    """
    if settings.github_app_id is not None and settings.github_app_private_key is not None:
        return AppCredentials(rest, settings.github_app_id, settings.github_app_private_key)
    if settings.github_app_id is not None:
        raise CodingAgentError(
            "github_credentials_missing",
            "CODING_AGENT_GITHUB_APP_ID is set without CODING_AGENT_GITHUB_APP_PRIVATE_KEY",
        )
    if settings.github_token is not None:
        return TokenCredentials(rest, settings.github_token)
    raise CodingAgentError(
        "github_credentials_missing",
        "Set CODING_AGENT_GITHUB_APP_ID and CODING_AGENT_GITHUB_APP_PRIVATE_KEY, or CODING_AGENT_GITHUB_TOKEN",
    )
