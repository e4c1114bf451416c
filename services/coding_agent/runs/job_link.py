"""How a runner in a task talks to the service: with the token of its one job, over HTTPS, patiently."""

from __future__ import annotations

import random
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import httpx

from coding_agent.errors import CodingAgentError
from coding_agent.runs.assignment import Assignment
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.runs.wire import AssignmentMessage

__all__ = ["JobLink"]

_TRIES = 6
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 15.0
_TIMEOUT_S = 30.0
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
# The job was cancelled or has ended, or another run of it has a token of its own.
_JOB_IS_GONE = frozenset({"runner_token_refused", "job_not_found", "move_refused"})
# The answer to a call was lost while the service still works on it.
_UNDER_WAY = "completion_under_way"


class JobLink:
    """The routes of one job. When the service says that the job is gone, `stop` is set."""

    def __init__(self, job_url: str, token: str, stop: Stop, *, transport: httpx.BaseTransport | None = None) -> None:
        """Raises CodingAgentError `job_url_refused` for an address that a token must not be sent to."""
        parts = urlsplit(job_url)
        loopback = parts.hostname in ("127.0.0.1", "localhost")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise CodingAgentError("job_url_refused", "JOB_URL is not https://…: the token is not sent in clear")
        self.url = job_url.rstrip("/")
        self.stop = stop
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_S,
            transport=transport,
            follow_redirects=False,
        )

    @property
    def repository_url(self) -> str:
        """Where the job's repository is cloned from; the token opens it."""
        return f"{self.url}/repository"

    def assignment(self) -> Assignment:
        """Return what is to be done. Raises as `request` does."""
        message = AssignmentMessage.model_validate_json(self.request("GET", "/assignment").content)
        if PurePosixPath(urlsplit(self.url).path).name != message.job_id:
            raise CodingAgentError("service_failed", "The service gave the assignment of another job")
        return message.assignment()

    def request(
        self, method: str, path: str, body: str | None = None, *, timeout_s: float = _TIMEOUT_S, tries: int = _TRIES
    ) -> httpx.Response:
        """Return a good answer; try again what is worth it.

        Raises JobStoppedError when the run is to stop or the service says that the job is gone; CodingAgentError
        `service_failed` when the service refuses or does not answer.
        """
        problem = ""
        for attempt in range(tries):
            self.stop.check()
            wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**attempt) * random.uniform(0.5, 1)
            try:
                answer = self._client.request(
                    method,
                    self.url + path,
                    content=body,
                    headers={"Content-Type": "application/json"} if body is not None else None,
                    timeout=timeout_s,
                )
            except httpx.TransportError as error:
                problem = type(error).__name__
            else:
                if answer.is_success:
                    return answer
                code = _code(answer)
                if code in _JOB_IS_GONE:
                    self.stop.set(StopReason.CANCELLED)
                    self.stop.check()
                problem = f"HTTP {answer.status_code}{f' ({code})' if code else ''}"
                if answer.status_code not in _WORTH_ANOTHER_TRY and code != _UNDER_WAY:
                    break
                wait_s = max(wait_s, _retry_after_s(answer))
            if attempt < tries - 1:
                self.stop.wait(wait_s)
        raise CodingAgentError("service_failed", f"The service did not take {method} {path or 'of the job'}: {problem}")

    def close(self) -> None:
        """Give connections back."""
        self._client.close()


def _retry_after_s(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(60.0, float(text)) if text.isdecimal() else 0.0


def _code(answer: httpx.Response) -> str:
    try:
        body: Any = answer.json()
    except ValueError:
        return ""
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) and code.isidentifier() else ""
