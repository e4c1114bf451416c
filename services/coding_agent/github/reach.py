"""Whether GitHub can be reached."""

from __future__ import annotations

import threading
import time

import httpx

__all__ = ["GitHubReach"]

_TIMEOUT_S = 3.0
# GitHub refuses who does not say which program asks.
_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "finrag-coding-agent",
}
_KNOWN_FOR_S = 30.0


class GitHubReach:
    """Whether GitHub's API answers, asked at most every 30 seconds whoever wants to know."""

    def __init__(self, api_url: str) -> None:
        # A documented route that needs no token and counts against no limit.
        self._url = f"{api_url.rstrip('/')}/rate_limit"
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._found = False

    def answers(self) -> bool:
        """Return whether it did when it was asked last."""
        with self._lock:
            if time.monotonic() - self._asked >= _KNOWN_FOR_S:
                self._found = self._ask()
                self._asked = time.monotonic()
            return self._found

    def _ask(self) -> bool:
        try:
            return not httpx.get(self._url, headers=_HEADERS, timeout=_TIMEOUT_S).is_server_error
        except httpx.HTTPError:
            return False
