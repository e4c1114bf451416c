"""The client for whoever calls the coding agent. One file that needs httpx alone, so that it can be copied.

    with CodingAgentClient.from_environment() as agent:
        job = agent.wait(agent.submit_fix("https://github.com/acme/app/issues/7").id, timeout_s=3600)
        print(job.status, job.pr_url)

The API key goes to the agent's address and nowhere else: redirects are not followed, `status_url` is not called, and
no error, repr or log line has it.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Literal, NoReturn, Self
from urllib.parse import urlsplit

import httpx

__all__ = [
    "AgentError",
    "AgentRefusedError",
    "AgentUnavailableError",
    "CodingAgentClient",
    "JobState",
    "SubmittedJob",
    "SubmittedReport",
    "WaitTimeoutError",
]

_RETRIED = frozenset({429, 502, 503, 504})
_ENDED = frozenset({"success", "no_changes", "failed", "cancelled", "timed_out"})
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_KEY = re.compile(r"[\x21-\x7e]{8,512}\Z")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DETAIL_CHARS = 500
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 8.0
_FIRST_POLL_S = 1.0
_LONGEST_POLL_S = 15.0


class AgentError(Exception):
    """The coding agent was not reached, or said no. The message is one line without the key."""


class AgentUnavailableError(AgentError):
    """No answer, or only 429, 502, 503 and 504, in all tries. `retry_after_s` is what the last answer asked for.

    Whether the request was carried out is not known: send it again with the same `idempotency_key`.
    """

    def __init__(self, message: str, *, idempotency_key: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.idempotency_key = idempotency_key
        self.retry_after_s = retry_after_s


class AgentRefusedError(AgentError):
    """The agent answered, and trying again would not help. `code` is its own name for the reason, where it gave one."""

    def __init__(self, message: str, *, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class WaitTimeoutError(AgentError):
    """The job had not ended in time; it goes on. `job` is its last known state (None: it was never read)."""

    def __init__(self, message: str, job: JobState | None) -> None:
        super().__init__(message)
        self.job = job


@dataclass(frozen=True, slots=True)
class SubmittedJob:
    """A job that stands for the request. Not `created`: the same key or the same open issue had one already."""

    id: str
    status: str
    status_url: str
    created: bool


@dataclass(frozen=True, slots=True)
class SubmittedReport:
    """A report that was filed as an issue, and the job that works on it."""

    issue_url: str
    job_id: str
    status_url: str


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as the agent last told it; `fields` is the whole answer."""

    id: str
    status: str
    stage: str | None
    pr_url: str | None
    branch: str | None
    cost_usd: float
    error_code: str | None
    error_message: str | None
    fields: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in _ENDED


class CodingAgentClient:
    """Calls one coding agent; may be shared by threads. Every method raises AgentError when it did not succeed.

    A call takes at most `attempts` tries of `timeout_s` each, with waits of at most `longest_wait_s` between them.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        timeout_s: float = 10.0,
        attempts: int = 4,
        longest_wait_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("CODING_AGENT_URL: not an address such as https://agent.example.com")
        if parts.username is not None or parts.password is not None:
            raise ValueError("CODING_AGENT_URL: it holds a user name or password; the key goes to CODING_AGENT_API_KEY")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("CODING_AGENT_URL: it must begin with https://, or the API key can be read on its way")
        if not _KEY.match(api_key):
            raise ValueError("CODING_AGENT_API_KEY: it must have 8 to 512 visible ASCII characters without spaces")
        self._url = url.strip().rstrip("/")
        self._key = api_key
        self._attempts = max(1, attempts)
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False, headers={"X-API-Key": api_key})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return a client for CODING_AGENT_URL with CODING_AGENT_API_KEY. Raises ValueError, naming what is wrong."""
        if missing := [n for n in ("CODING_AGENT_URL", "CODING_AGENT_API_KEY") if not environment.get(n, "").strip()]:
            raise ValueError(f"{' and '.join(missing)} must be set")
        return cls(environment["CODING_AGENT_URL"], environment["CODING_AGENT_API_KEY"].strip())

    def __repr__(self) -> str:
        return f"CodingAgentClient({self._url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def submit_fix(
        self,
        issue_url: str,
        *,
        base_branch: str | None = None,
        pr_type: Literal["draft", "ready", "branch"] | None = None,
        dry_run: bool | None = None,
        callback_url: str | None = None,
        max_cost: float | None = None,
        max_minutes: float | None = None,
        idempotency_key: str | None = None,
    ) -> SubmittedJob:
        """Ask for an issue to be fixed; what is None is left to the agent. `max_cost` is in US dollars.

        All tries of a call carry one Idempotency-Key; give your own to make it the same over several calls.
        """
        asked = {
            "issue_url": issue_url,
            "base_branch": base_branch,
            "pr_type": pr_type,
            "dry_run": dry_run,
            "callback_url": callback_url,
            "max_cost": max_cost,
            "max_minutes": max_minutes,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        response = self._call("POST", "/fix-issue", body=body, key=idempotency_key or uuid.uuid4().hex)
        answer = _object(response)
        return SubmittedJob(
            id=_text(answer, "job_id"),
            status=_text(answer, "status"),
            status_url=_text(answer, "status_url"),
            created=response.status_code == httpx.codes.ACCEPTED,
        )

    def submit_report(self, report_id: str, title: str, body: str) -> SubmittedReport:
        """File a report as an issue and ask for it to be fixed; the same `report_id` is filed once.

        It has at most 100 letters, digits, dots, underscores and hyphens.
        """
        key = f"report-{hashlib.sha256(report_id.encode()).hexdigest()[:32]}"
        sent = {"report_id": report_id, "title": title, "body": body}
        answer = _object(self._call("POST", "/reports", body=sent, key=key))
        return SubmittedReport(
            issue_url=_text(answer, "issue_url"),
            job_id=_text(answer, "job_id"),
            status_url=_text(answer, "status_url"),
        )

    def get_job(self, job_id: str) -> JobState:
        """Return the job as it is now."""
        return _job(self._call("GET", f"/jobs/{_checked(job_id)}"))

    def cancel(self, job_id: str) -> JobState:
        """Ask for a job to be stopped; it has ended once `has_ended`. One that had ended before is refused (409)."""
        path = f"/jobs/{_checked(job_id)}/cancel"
        try:
            return _job(self._call("POST", path))
        except AgentRefusedError as error:
            # An earlier try of this call may have got through while its answer was lost.
            if error.status == httpx.codes.CONFLICT and (job := self.get_job(job_id)).status == "cancelled":
                return job
            raise

    def logs(self, job_id: str, *, tail: int | None = None) -> list[str]:
        """Return the lines of the job's log, the last `tail` of them."""
        query = {} if tail is None else {"tail": str(tail)}
        response = self._call("GET", f"/jobs/{_checked(job_id)}/logs", query=query)
        lines = _object(response).get("lines")
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            _not_ours(response)
        return [_text(line, "text") for line in lines]

    def wait(self, job_id: str, timeout_s: float, on_change: Callable[[JobState], None] | None = None) -> JobState:
        """Return the job once it has ended; `on_change` is called with each new status or stage.

        An agent that does not answer for a while is asked again until the time is over. Raises WaitTimeoutError then.
        """
        deadline = time.monotonic() + timeout_s
        pause = _FIRST_POLL_S
        job: JobState | None = None
        trouble = ""
        while True:
            try:
                now = self.get_job(job_id)
            except AgentUnavailableError as error:
                trouble = f"; last: {error}"
            else:
                trouble = ""
                if on_change is not None and (job is None or (job.status, job.stage) != (now.status, now.stage)):
                    on_change(now)
                job = now
                if job.has_ended:
                    return job
            left = deadline - time.monotonic()
            if left <= 0:
                known = job.status if job else "unknown"
                raise WaitTimeoutError(f"Job {job_id} was {known} after {timeout_s:g} s{trouble}", job)
            self._sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_POLL_S)

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        asked_for: float | None = None
        for tried in range(1, self._attempts + 1):
            try:
                response = self._http.request(method, f"{self._url}{path}", json=body, params=query, headers=headers)
            except (httpx.LocalProtocolError, httpx.UnsupportedProtocol) as error:
                raise AgentError(f"{method} {path} cannot be sent: {type(error).__name__}") from None
            except httpx.TransportError as error:
                reason, asked_for = f"no answer ({type(error).__name__}: {self._line(str(error))})", None
            else:
                if response.status_code not in _RETRIED:
                    return self._accepted(method, path, response)
                reason, asked_for = self._reason(response)[0], _retry_after(response)
            if tried == self._attempts or (asked_for or 0) > self._longest_wait_s:
                break
            # Full jitter, so that clients which failed together do not come back together.
            delay = random.uniform(0, min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2**tried))
            self._sleep(min(self._longest_wait_s, (asked_for or 0) + delay))
        message = f"{method} {path} at {self._url} failed in {tried} tries: {reason}"
        if asked_for is not None:
            message += f"; try again in {asked_for:.0f} s"
        raise AgentUnavailableError(message, idempotency_key=key, retry_after_s=asked_for)

    def _accepted(self, method: str, path: str, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        reason, code = self._reason(response)
        if response.is_redirect:
            reason += "; redirects are not followed: set CODING_AGENT_URL to the final https:// address"
        raise AgentRefusedError(f"{method} {path}: {reason}", status=response.status_code, code=code)

    def _reason(self, response: httpx.Response) -> tuple[str, str | None]:
        """Return title and detail of application/problem+json in a line, and its code."""
        told: list[str] = []
        code = None
        if response.headers.get("content-type", "").partition(";")[0].strip() == "application/problem+json":
            try:
                problem = response.json()
            except ValueError:
                problem = None
            if isinstance(problem, dict):
                told = [
                    self._line(v) for v in (problem.get("title"), problem.get("detail")) if isinstance(v, str) and v
                ]
                code = problem["code"] if isinstance(problem.get("code"), str) else None
        return ": ".join([f"HTTP {response.status_code}", *told]), code

    def _line(self, text: str) -> str:
        plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return plain.replace(self._key, "[key]")[:_DETAIL_CHARS]


def _checked(job_id: str) -> str:
    if not _JOB_ID.match(job_id):
        raise ValueError("a job's id has letters, digits, _ and - only")
    return job_id


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of Retry-After, which is a number or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp())


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        _not_ours(response)
    if not isinstance(answer, dict):
        _not_ours(response)
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise AgentError(f"The answer has no {name}: is CODING_AGENT_URL the coding agent?")
    return value


def _not_ours(response: httpx.Response) -> NoReturn:
    raise AgentError(f"{response.url.path} did not answer as documented: is CODING_AGENT_URL the coding agent?")


def _job(response: httpx.Response) -> JobState:
    answer = _object(response)
    error = answer.get("error") or {}
    return JobState(
        id=_text(answer, "job_id"),
        status=_text(answer, "status"),
        stage=answer.get("stage"),
        pr_url=answer.get("pr_url"),
        branch=answer.get("branch"),
        cost_usd=float(answer.get("cost_usd") or 0),
        error_code=error.get("code"),
        error_message=error.get("message"),
        fields=answer,
    )
