"""One short GET: what a server answers, without following it elsewhere and without reading more than a little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, NameResolutionError, SSLError

from finrag_ml_tg1.loaders.loopback import is_loopback

__all__ = ["HttpAnswer", "get", "listens_here"]

_TIMEOUT = urllib3.Timeout(connect=2.0, read=3.0)
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and the beginning of the body; status 0 and `problem` when there was no answer."""

    status: int
    body: bytes = b""
    problem: str = ""


def get(url: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """Return the answer to one request, asked directly, whatever proxy the environment names."""
    try:
        with urllib3.PoolManager(timeout=_TIMEOUT, retries=False) as pool:
            response = pool.request("GET", url, headers=dict(headers or {}), redirect=False, preload_content=False)
            body = response.read(_MOST_BYTES)
            response.close()
    except (HTTPError, OSError) as error:
        return HttpAnswer(0, problem=_problem(error))
    return HttpAnswer(response.status, body)


def listens_here(url: str) -> bool:
    """Return whether an address is this machine's own."""
    return is_loopback(urlsplit(url).hostname or "")


def _problem(error: HTTPError | OSError) -> str:
    if isinstance(error, NameResolutionError):
        return "its name is not known"
    if isinstance(error, SSLError):
        return "its certificate is not accepted, or it speaks no TLS"
    if isinstance(error, urllib3.exceptions.TimeoutError) and not isinstance(
        error, urllib3.exceptions.NewConnectionError
    ):
        return "it does not answer in time"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "nothing listens there"
    return f"the connection fails ({type(error).__name__})"
