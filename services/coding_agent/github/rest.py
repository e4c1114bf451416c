"""One request to GitHub's REST API: who we are, how often it is tried again, and what its refusals mean."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping

import httpx

from coding_agent.errors import CodingAgentError
from coding_agent.github.patience import patience

__all__ = ["RestApi"]

_log = logging.getLogger(__name__)

# Supported by github.com and by GitHub Enterprise servers.
_API_VERSION = "2022-11-28"
_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": _API_VERSION,
    "User-Agent": "finrag-coding-agent",
}
_TRIES = 4
_FIRST_PAUSE_S = 0.5
_READ_S = 20.0
# GitHub's advice for a secondary limit that does not say how long.
_SECONDARY_PAUSE_S = 60.0


class RestApi:
    """Requests to one API; safe from threads. Redirects are not followed: a moved repository is another repository."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            headers=_HEADERS,
            timeout=httpx.Timeout(_READ_S, connect=10.0),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        may_answer: frozenset[int] = frozenset(),
    ) -> httpx.Response:
        """Return an answer of 2xx, or one of the statuses that the caller expects.

        Reads are tried again after a lost connection and 5xx; writes only when they cannot have been carried out: no
        connection was made, or GitHub asks to come back later. Raises CodingAgentError `github_unreachable`,
        `github_rate_limited`, `github_denied`, `github_not_found`, `repository_moved`, `github_refused`, and
        JobStoppedError.
        """
        is_read = method == "GET"
        for tries_left in range(_TRIES - 1, -1, -1):
            try:
                response = self._client.request(
                    method,
                    path.lstrip("/"),
                    params=params,
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=self._timeout(),
                )
            except httpx.TransportError as error:
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                if not (is_read or never_sent) or not self._pause(tries_left, None):
                    raise CodingAgentError(
                        "github_unreachable", f"GitHub was not reached ({type(error).__name__}); try again later"
                    ) from None
                continue
            if response.is_success or response.status_code in may_answer:
                return response
            asked = _asked_wait(response)
            if asked is None and not (is_read and response.status_code >= 500):
                raise _refusal(response)
            if not self._pause(tries_left, asked):
                raise _gave_up(asked)
        raise AssertionError("the last try returns or raises")

    @staticmethod
    def _timeout() -> httpx.Timeout:
        left = patience().left_s()
        return httpx.Timeout(min(_READ_S, left), connect=min(10.0, left))

    @staticmethod
    def _pause(tries_left: int, asked_s: float | None) -> bool:
        """Wait before the next try; return False if there is none."""
        if tries_left == 0:
            return False
        pause = asked_s if asked_s is not None else _FIRST_PAUSE_S * 2 ** (_TRIES - 1 - tries_left)
        pause += random.uniform(0, _FIRST_PAUSE_S)  # spread the replicas
        if not patience().allows(pause):
            return False
        _log.info("waiting for GitHub", extra={"seconds": round(pause, 1), "asked": asked_s is not None})
        patience().wait(pause)
        return True


def _asked_wait(response: httpx.Response) -> float | None:
    """Seconds that GitHub asks to wait, or None when it does not speak of a rate limit."""
    if response.status_code not in (403, 429):
        return None
    after = response.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    reset = response.headers.get("x-ratelimit-reset", "")
    if response.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, int(reset) - time.time()) + 1.0
    if response.status_code == 429 or "secondary rate limit" in _message(response):
        return _SECONDARY_PAUSE_S
    return None


def _gave_up(asked_s: float | None) -> CodingAgentError:
    if asked_s is None:
        return CodingAgentError("github_unreachable", "GitHub has trouble of its own; try again later")
    return CodingAgentError("github_rate_limited", f"GitHub asks us to wait {asked_s:.0f} seconds; try again later")


def _refusal(response: httpx.Response) -> CodingAgentError:
    status, what = response.status_code, f"{response.request.method} {response.request.url.path}"
    if status in (401, 403):
        return CodingAgentError(
            "github_denied",
            f"GitHub denies {what} ({status}): check the App's installation and permissions, or the token",
        )
    if status in (404, 410):
        return CodingAgentError("github_not_found", f"GitHub has nothing for {what}, or does not show it to us")
    if 300 <= status < 400:
        return CodingAgentError("repository_moved", f"GitHub says that {what} has moved: use its present name")
    if status >= 500:
        return CodingAgentError("github_unreachable", f"GitHub failed at {what} ({status}); try again later")
    return CodingAgentError("github_refused", f"GitHub refuses {what} ({status})")


def _message(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("message", "")).lower() if isinstance(body, dict) else ""
