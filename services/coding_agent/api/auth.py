"""Who asks: a client with an API key, or the runner of one job with that job's token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from coding_agent.api.problems import ProblemError
from coding_agent.api.rate_limits import Scope
from coding_agent.runs.runner_token import check_runner_token

if TYPE_CHECKING:
    from coding_agent.api.service import Service

__all__ = ["ApiKeys", "Client", "Worker", "is_local", "scrape_client"]

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class ApiKeys:
    """The keys that are valid now, as SHA-256 digests; two of a name while keys are changed."""

    def __init__(self, entries: Iterable[str]) -> None:
        pairs = (entry.partition(":") for entry in entries)
        self._digests = tuple((name, bytes.fromhex(digest)) for name, _, digest in pairs)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def name_of(self, key: bytes) -> str | None:
        """Return whose key it is, in the same time whichever it is and whether it is one."""
        given = hashlib.sha256(key).digest()
        # All are compared, in constant time, before one is told.
        matches = [name for name, digest in self._digests if hmac.compare_digest(given, digest)]
        return matches[0] if matches else None


def is_local(request: Request) -> bool:
    """Whether the request comes straight from this machine, and not by a page that a browser here shows.

    A proxy on this machine says for whom it asks; a page of another site names that site as the host.
    """
    peer = request.client.host if request.client else ""
    try:
        is_loopback = ip_address(peer).is_loopback
    except ValueError:
        return False
    host = request.headers.get("host", "").rpartition(":")
    name = host[0] if host[1] and not host[2].endswith("]") else request.headers.get("host", "")
    return is_loopback and name.lower() in _LOCAL_NAMES and not any(each in request.headers for each in _FORWARDED)


def _authenticated(request: Request) -> str:
    service: Service = request.app.state.service
    given = request.headers.getlist("x-api-key")
    if not service.keys:
        if is_local(request):
            return "local"
        raise ProblemError(
            403, "no_keys_configured", "No API keys are configured, so only this machine is served: set some"
        )
    if not given and request.headers.get("authorization", "")[:7].lower() == "bearer ":
        raise ProblemError(403, "client_only", "This address is for clients with an API key, not for runners")
    name = service.keys.name_of(given[0].encode("latin-1")) if len(given) == 1 else None
    if name is None:
        detail = "Send one header X-API-Key" if len(given) != 1 else "This API key is not valid (any more)"
        raise ProblemError(401, "unauthorized", detail, {"WWW-Authenticate": "ApiKey"})
    request.state.client = name
    return name


def _client(request: Request) -> str:
    """Return the name of the API key, once its rate limit has room."""
    name = _authenticated(request)
    service: Service = request.app.state.service
    take(service, request, "key", name)
    return name


def scrape_client(request: Request) -> None:
    """Let in who has an API key, or asks from this machine; there is no rate limit."""
    if not is_local(request):
        _authenticated(request)


def take(service: Service, request: Request, scope: Scope, name: str) -> None:
    """Count a request against a limit. Raises ProblemError 429; the answer tells the tightest limit either way."""
    taken = service.limits.take(scope, name)
    told = {
        "RateLimit-Limit": str(taken.limit),
        "RateLimit-Remaining": str(taken.remaining),
        "RateLimit-Reset": str(taken.reset_s),
    }
    before = getattr(request.state, "rate_headers", None)
    if before is None or not taken.allowed or taken.remaining < int(before["RateLimit-Remaining"]):
        request.state.rate_headers = told
    if not taken.allowed:
        seconds = taken.retry_after_s
        whose = "This API key has" if scope == "key" else "This repository has"
        detail = f"{whose} used up its {taken.limit} requests: send the next in {seconds} seconds"
        raise ProblemError(429, "rate_limited", detail, {"Retry-After": str(seconds)})


def _worker(request: Request, job_id: str) -> str:
    """Return the worker in whose name the job's runner speaks."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        if "x-api-key" in request.headers:
            raise ProblemError(403, "runner_only", "This address is for the job's runner, not for clients")
        detail = "Send the job's runner token as Authorization: Bearer TOKEN"
        raise ProblemError(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})
    service: Service = request.app.state.service
    return check_runner_token(service.store, job_id, token.strip())


Client = Annotated[str, Depends(_client)]
Worker = Annotated[str, Depends(_worker)]
