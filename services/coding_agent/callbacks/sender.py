"""Sending a job's state to its callback address: signed, tried three times, never into a private network."""

from __future__ import annotations

import json
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpcore

from coding_agent.callbacks.address import CallbackAddress, check_callback_url, may_be_loopback
from coding_agent.callbacks.guarded_network import AddressRefusedError, GuardedBackend, resolve
from coding_agent.callbacks.signature import sign
from coding_agent.errors import CodingAgentError
from coding_agent.jobs.job import Job, JobStatus
from coding_agent.settings import Settings

__all__ = ["CallbackResult", "CallbackSender"]

_PAUSES_S = (1.0, 4.0)
_TRY_S = 15.0
_CONNECT_S = 5.0
_LOG_CHARS = 20_000
# The four words of the main backend's interface; our own status goes beside them as `outcome`.
_WORDS = {
    JobStatus.PENDING: "pending",
    JobStatus.RUNNING: "running",
    JobStatus.SUCCESS: "success",
    JobStatus.NO_CHANGES: "success",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
    JobStatus.TIMED_OUT: "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackResult:
    """How it went: `status_code` of the last answer (None: there was none), `problem` empty when delivered."""

    delivered: bool
    delivery: str
    tries: int
    status_code: int | None
    problem: str


class CallbackSender:
    """Sends callbacks as PATCH with a JSON body; safe from threads. `signature.verify` is for who receives them.

    Redirects are not followed, an answer's body is not read, and proxies of the environment are not used: a proxy would
    resolve the name again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] = time.sleep,
        resolve: Callable[[str, int], Sequence[str]] = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._resolve = resolve
        self._ssl_context = ssl_context or httpcore.default_ssl_context()

    def send(self, job: Job, log_tail: Sequence[str]) -> CallbackResult | None:
        """Tell the job's callback address, and return how that went; None when the job has no such address.

        Tries again after 1 and 4 seconds when nobody answers, or with 429 or 5xx. A try ends after 15 seconds. Does not
        raise for what a receiver does.
        """
        if job.request.callback_url is None:
            return None
        delivery = secrets.token_hex(16)
        try:
            # Once more: settings may have changed since the job was submitted.
            address = check_callback_url(job.request.callback_url, self._settings)
        except CodingAgentError as error:
            return CallbackResult(delivered=False, delivery=delivery, tries=0, status_code=None, problem=error.message)
        body = _body(job, log_tail)
        tries = 0
        while True:
            tries += 1
            status_code, problem, again = self._try(address, body, delivery)
            if not again or tries > len(_PAUSES_S):
                return CallbackResult(
                    delivered=not problem, delivery=delivery, tries=tries, status_code=status_code, problem=problem
                )
            self._sleep(_PAUSES_S[tries - 1])

    def _try(self, address: CallbackAddress, body: bytes, delivery: str) -> tuple[int | None, str, bool]:
        """Return the answer's status, what went wrong (empty: nothing), and whether trying again may help."""
        try:
            status_code = self._request(address, body, delivery)
        except AddressRefusedError as error:
            return None, str(error), False
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
            return None, f"{address.host} cannot be reached: {type(error).__name__}: {error}", True
        if 200 <= status_code < 300:
            return status_code, "", False
        return status_code, f"{address.host} answered {status_code}", status_code == 429 or status_code >= 500

    def _request(self, address: CallbackAddress, body: bytes, delivery: str) -> int:
        backend = GuardedBackend(
            self._resolve,
            allow_loopback=may_be_loopback(self._settings),
            deadline=time.monotonic() + _TRY_S,
        )
        assert self._settings.callback_secret is not None  # or check_callback_url had refused
        secret = self._settings.callback_secret.get_secret_value().encode()
        headers = {
            "Host": _host_header(address),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "User-Agent": "coding-agent",
            "Connection": "close",
            **sign(secret, body, timestamp=int(time.time()), delivery=delivery),
        }
        url = httpcore.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
        with (
            httpcore.ConnectionPool(ssl_context=self._ssl_context, network_backend=backend) as pool,
            pool.stream(
                "PATCH",
                url,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": {"connect": _CONNECT_S, "read": _TRY_S, "write": _TRY_S, "pool": _TRY_S}},
            ) as response,
        ):
            return response.status


def _body(job: Job, log_tail: Sequence[str]) -> bytes:
    error = None if job.error is None else {"code": job.error.code, "message": job.error.message}
    return json.dumps(
        {
            "job_id": job.id,
            "status": _WORDS[job.status],
            "outcome": job.status.value,
            "logs": "\n".join(log_tail)[-_LOG_CHARS:],
            "pr_url": job.pr_url,
            "error": error,
        }
    ).encode()


def _host_header(address: CallbackAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return host if address.port == (443 if address.scheme == "https" else 80) else f"{host}:{address.port}"
