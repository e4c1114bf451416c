"""Where a repository is fetched from and pushed to, and with which token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from coding_agent.errors import CodingAgentError

__all__ = ["TOKEN_USER", "Remote"]

# GitHub's user name for tokens of Apps; it takes any for personal access tokens.
TOKEN_USER = "x-access-token"

_LOOPBACK = ("127.0.0.1", "localhost")
_PATH = re.compile(r"(?:/[A-Za-z0-9._-]+)+\Z")


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository's address without credentials, and the token for it (None: it is public).

    The address is https; plain http only to this machine itself, so that no token crosses a network in clear. Raises
    CodingAgentError `remote_refused` for another address.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        plain = "@" not in parts.netloc and not parts.query and not parts.fragment
        if not (secure and plain and parts.hostname and _PATH.match(parts.path)):
            raise CodingAgentError("remote_refused", "The repository's address is not https://HOST/PATH: check the URL")
        if self.token is not None and not re.fullmatch(r"[\x21-\x7e]{1,4000}", self.token):
            raise CodingAgentError("remote_refused", "The token for the repository is not one line of ASCII")

    @property
    def scheme(self) -> str:
        """The one protocol that git may speak to it."""
        return urlsplit(self.url).scheme

    @property
    def password_question(self) -> str:
        """The server that git names when it asks for the password: whoever else asks gets none."""
        return f"{self.scheme}://{TOKEN_USER}@{urlsplit(self.url).netloc}"
