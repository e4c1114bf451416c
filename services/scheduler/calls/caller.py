"""Making the call of a trigger: once, in bounded time, and only to where calls may go."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import unquote
from weakref import WeakValueDictionary

import httpcore
import httpx

from scheduler.calls.addresses import allowed_addresses
from scheduler.calls.answer import Answer, Verdict, judge_status, retry_after_s
from scheduler.calls.guarded_network import AddressRefusedError, GuardedBackend, Resolve, resolve
from scheduler.observability.redaction import hide, secrets_of
from scheduler.queueing.job import Call, Progress
from scheduler.queueing.queue import NotNow
from scheduler.settings import Settings
from scheduler.triggers.trigger import Trigger

__all__ = ["RESPONSE_BYTES", "Caller"]

RESPONSE_BYTES = 4096
_USER_AGENT = "finrag-scheduler/1"
_KEEP_ALIVE_S = 30.0
# Until a job of a busy workspace is looked at again, and what counts as the lateness of one that has no tick.
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0
_ASKED_FOR_S = 4.0
_PASSING = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.PoolTimeout,
    ssl.SSLError,
)


class Caller:
    """Makes calls, at most so many of a workspace at a time; connections are kept for the next one.

    Redirects are not followed, and proxies or credentials of the environment are not used: a proxy would resolve the
    name again.
    """

    def __init__(
        self, settings: Settings, *, resolve: Resolve = resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        # Of workspaces with calls under way: who calls holds its semaphore.
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        in_production = settings.environment == "production"
        private = settings.allow_private_targets and not in_production
        tls = ssl_context or httpcore.default_ssl_context()
        # In production what is not encrypted stays within the networks that the operator named.
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=settings.concurrency,
                max_keepalive_connections=settings.concurrency,
                keepalive_expiry=_KEEP_ALIVE_S,
                network_backend=GuardedBackend(
                    resolve,
                    allowed_addresses(
                        public=scheme == "https" or not in_production,
                        private=private,
                        networks=settings.target_networks,
                    ),
                ),
            )
            for scheme in ("http", "https")
        }

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def call(self, trigger: Trigger, call: Call, progress: Progress) -> Answer:
        """Make one attempt and return how it went; does not raise for what a target does.

        The attempt ends after the trigger's time-out, however slowly the target sends. Raises NotNow where the
        workspace has as many calls as it may have: waiting here, its jobs would take the places of others.
        """
        turns = self._turns.setdefault(call.workspace_id, asyncio.Semaphore(self._settings.workspace_concurrency))
        if turns.locked():
            raise NotNow(after_s=_wait_s(call))
        async with turns:
            began = time.perf_counter()
            answer = await self._attempt(trigger, call, progress)
            return replace(answer, duration_ms=round((time.perf_counter() - began) * 1000))

    async def _attempt(self, trigger: Trigger, call: Call, progress: Progress) -> Answer:
        try:
            async with asyncio.timeout(trigger.timeout_s):
                return await self._request(trigger, call, progress)
        except TimeoutError:
            return Answer(Verdict.AGAIN, None, 0, f"the target did not answer within {trigger.timeout_s:g} s")
        except AddressRefusedError as error:
            return Answer(Verdict.FAILED, None, 0, self._refusal(trigger, error))
        except httpcore.LocalProtocolError:
            return Answer(Verdict.FAILED, None, 0, "the trigger's headers cannot be sent: one is not valid")
        except _PASSING as error:
            told = hide(str(error), secrets_of(trigger.headers, trigger.url)) or "the connection ended"
            return Answer(Verdict.AGAIN, None, 0, f"the target cannot be reached: {type(error).__name__}: {told}")
        except (httpx.InvalidURL, httpcore.UnsupportedProtocol):
            return Answer(Verdict.FAILED, None, 0, "the trigger's address cannot be called: it is no http(s) URL")

    async def _request(self, trigger: Trigger, call: Call, progress: Progress) -> Answer:
        url = httpx.URL(trigger.url)
        pool = self._pools.get(url.scheme)
        if pool is None:
            raise httpx.InvalidURL(url.scheme)
        body = _body(trigger)
        secrets = secrets_of(trigger.headers, trigger.url)
        async with pool.stream(
            trigger.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=_headers(trigger, url, body, call, progress),
            content=body,
            extensions={"timeout": {"connect": trigger.timeout_s, "pool": trigger.timeout_s}},
        ) as response:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            verdict, problem = judge_status(response.status)
            text = await _beginning(response, secrets)
        after_s = retry_after_s(headers, datetime.now(UTC)) if verdict is Verdict.AGAIN else None
        return Answer(verdict, response.status, 0, problem, text, after_s)

    def _refusal(self, trigger: Trigger, error: AddressRefusedError) -> str:
        if self._settings.environment == "production" and httpx.URL(trigger.url).scheme == "http":
            return "the trigger's address must begin with https:// (or lie in SCHEDULER_TARGET_NETWORKS)"
        return str(error)


def _wait_s(call: Call) -> float:
    """Return the wait for a turn of the workspace: the longer it has waited the longer, and never with all others."""
    late_s = _ASKED_FOR_S if call.due_ms is None else time.time() - call.due_ms / 1000
    return random.uniform(0.5, 1.0) * min(max(late_s / 4, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)


def _body(trigger: Trigger) -> bytes | None:
    if trigger.body is None:
        return None
    return trigger.body.encode() if isinstance(trigger.body, str) else json.dumps(trigger.body).encode()


def _headers(
    trigger: Trigger, url: httpx.URL, body: bytes | None, call: Call, progress: Progress
) -> list[tuple[bytes, bytes]]:
    headers = {"user-agent": _USER_AGENT, "accept": "*/*", "accept-encoding": "identity"}
    if url.userinfo:
        headers["authorization"] = "Basic " + base64.b64encode(unquote(url.userinfo.decode()).encode()).decode()
    if body is not None:
        headers["content-type"] = "text/plain; charset=utf-8" if isinstance(trigger.body, str) else "application/json"
    headers |= {name.lower(): value for name, value in trigger.headers.items()}
    headers |= {
        "host": url.netloc.decode("ascii"),
        "idempotency-key": call.job_id,
        "x-workspace-id": call.workspace_id,
        "x-trigger-attempt": str(progress.attempt),
    }
    if body is not None or trigger.method in ("POST", "PUT", "PATCH"):
        headers["content-length"] = str(len(body or b""))
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items()]


async def _beginning(response: httpcore.Response, secrets: tuple[str, ...]) -> str:
    """Return the first 4 kB as text without secrets: so much more is read that none is cut in two, and no more."""
    most = RESPONSE_BYTES + max((len(secret.encode()) for secret in secrets), default=0)
    read = bytearray()
    async for part in response.aiter_stream():
        read += part
        if len(read) > most:
            break
    text = hide(bytes(read[:most]).decode("utf-8", "replace"), secrets)
    return text.encode()[:RESPONSE_BYTES].decode("utf-8", "ignore")
