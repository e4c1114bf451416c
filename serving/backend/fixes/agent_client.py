"""Requests to the coding agent: what is sent, how long it is waited for, what is tried again.

A report carries the same key in every try, so a try whose answer was lost does no harm. Redirects are not followed,
because the key would go along. The calls block: they are made on threads.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

import urllib3
from pydantic import BaseModel, SecretStr, StringConstraints, ValidationError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.errors import FinRAGError
from serving.backend.fixes.report_text import Report

__all__ = ["AgentError", "AgentJob", "CodingAgent", "FiledReport"]

S = TypeVar("S", bound=BaseModel)

TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)
_TRIES = 3
_RETRIED = frozenset({429, 502, 503, 504})
_FIRST_WAIT_S = 0.5
# Who is asked to come back later than that is told so instead of being kept waiting.
_LONGEST_WAIT_S = 5.0
_LATER_S = 30
_MOST_LATER_S = 3_600
_MOST_BYTES = 2**18
_DETAIL_CHARS = 300
_ADVICE: Mapping[int, str] = {
    401: "it does not know CODING_AGENT_API_KEY: set the key that is in force there",
    403: "it does not let CODING_AGENT_API_KEY do this",
    404: "it takes no reports: set CODING_AGENT_REPORT_REPOSITORY there, and see whether CODING_AGENT_URL is right",
}

_Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]{1,1000}$")]
_JobName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class AgentError(FinRAGError):
    """The coding agent did not do what it was asked; `status` is what the administrator's request is answered with.

    With `retry_after_s` it is worth another try after so many seconds.
    """

    def __init__(self, message: str, status: int, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class FiledReport(BaseModel, frozen=True):
    """The issue that a report became, and its job."""

    issue_url: _Address
    job_id: _JobName
    status_url: _Address


class JobError(BaseModel, frozen=True):
    """Why a job failed."""

    code: str
    message: str


class AgentJob(BaseModel, frozen=True):
    """What counts here of a job."""

    job_id: _JobName
    status: Annotated[str, StringConstraints(max_length=40)]
    stage: Annotated[str, StringConstraints(max_length=40)] | None = None
    issue_url: _Address
    pr_url: _Address | None = None
    error: JobError | None = None


class CodingAgent:
    """The coding agent at an address, with a key; every method raises AgentError, whose one line says what to do."""

    def __init__(
        self,
        url: str,
        key: SecretStr,
        *,
        timeout: urllib3.Timeout = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._key = key
        self._timeout = timeout
        self._sleep = sleep
        self._pool = urllib3.PoolManager(retries=False)

    def file(self, report: Report) -> FiledReport:
        """Have a report filed as an issue and worked on; the same `report_id` again gives the same issue and job."""
        digest = hashlib.sha256(report.report_id.encode()).hexdigest()[:32]
        sent = {"report_id": report.report_id, "title": report.title, "body": report.body}
        return self._answer(FiledReport, "POST", "/reports", sent, {"Idempotency-Key": f"report-{digest}"})

    def job(self, job_id: str) -> AgentJob:
        """Return how far a job is."""
        return self._answer(AgentJob, "GET", f"/jobs/{job_id}", None, {})

    def _answer(
        self, shape: type[S], method: str, path: str, sent: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> S:
        for tried in range(1, _TRIES + 1):
            asked_s = None
            try:
                status, answered, body = self._exchange(method, path, sent, headers)
            except (HTTPError, OSError) as error:
                reason = f"no answer ({type(error).__name__})"
            else:
                if 200 <= status < 300:
                    return _read(shape, path, body)
                if status not in _RETRIED:
                    raise self._refusal(method, path, status, body)
                reason, asked_s = f"HTTP {status}{self._told(body)}", _asked_s(answered)
            wait_s = _FIRST_WAIT_S * 2.0**tried if asked_s is None else asked_s
            if tried == _TRIES or wait_s > _LONGEST_WAIT_S:
                break
            self._sleep(wait_s)
        later_s = min(_MOST_LATER_S, max(1, asked_s or _LATER_S))
        message = (
            f"the coding agent did not do it ({reason}): send the request again in {later_s} seconds, which files "
            "nothing twice; if that goes on, see whether it runs at CODING_AGENT_URL"
        )
        raise AgentError(message, 503, later_s)

    def _exchange(
        self, method: str, path: str, sent: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        all_headers = {"X-API-Key": self._key.get_secret_value(), "Accept": "application/json"} | dict(headers)
        if sent is not None:
            all_headers["Content-Type"] = "application/json"
        response = self._pool.request(
            method,
            self._url + path,
            body=None if sent is None else json.dumps(sent).encode(),
            headers=all_headers,
            timeout=self._timeout,
            redirect=False,
            preload_content=False,
        )
        try:
            body = response.read(_MOST_BYTES)
            if len(body) == _MOST_BYTES:
                raise HTTPError("the answer has no end")
        finally:
            response.close()
        return response.status, response.headers, body

    def _refusal(self, method: str, path: str, status: int, body: bytes) -> AgentError:
        if status == 409:
            return AgentError("the coding agent is at this report already: send it again in 5 seconds", 503, 5)
        if status == 404 and method == "GET":
            return AgentError("the coding agent has no such job, or not any more", 404)
        if 300 <= status < 400:
            return AgentError("the coding agent is elsewhere: set CODING_AGENT_URL to its final https address", 502)
        advice = _ADVICE.get(status, "the coding agent's log says more")
        return AgentError(f"the coding agent refused (HTTP {status}{self._told(body)}): {advice}", 502)

    def _told(self, body: bytes) -> str:
        """What a problem+json says, in a line, without the key."""
        try:
            problem = json.loads(body)
        except ValueError:
            return ""
        words = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
        if not isinstance(words, str):
            return ""
        line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
        return f": {line.replace(self._key.get_secret_value(), '***')[:_DETAIL_CHARS]}"


def _read(shape: type[S], path: str, body: bytes) -> S:
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        message = f"{path.split('/')[1]}: the answer is not the coding agent's: see whether CODING_AGENT_URL is right"
        raise AgentError(message, 502) from None


def _asked_s(headers: Mapping[str, str]) -> int | None:
    """The seconds of `Retry-After`; None when it gives no number."""
    text = headers.get("Retry-After", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
