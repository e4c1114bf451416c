"""One short request: what a server answers, without following it elsewhere and without reading more than a little."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.loaders.loopback import is_loopback
from finrag_ml_tg1.operations.connection_problems import problem_of

__all__ = ["HttpAnswer", "get", "listens_here", "post"]

_CONNECT_S = 2.0
_READ_S = 3.0
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and the beginning of the body; status 0 and `problem` when there was no answer.

    `headers` have their names in lower case; `ms` counts from before the connection was made.
    """

    status: int
    body: bytes = b""
    problem: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ms: float = 0.0

    @property
    def told(self) -> str:
        """The status for a message, or why there is none."""
        return str(self.status) if self.status else self.problem

    def object(self) -> dict[str, Any] | None:
        """Return the JSON object that the body is, None when it is none."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return None
        return content if isinstance(content, dict) else None


def get(url: str, headers: Mapping[str, str] | None = None, *, most_bytes: int = _MOST_BYTES) -> HttpAnswer:
    """Return the answer to one request, asked directly, whatever proxy the environment names."""
    return _ask("GET", url, headers or {}, None, most_bytes)


def post(url: str, content: object, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """Return the answer to `content` sent as JSON, as `get` does."""
    return _ask(
        "POST", url, {"Content-Type": "application/json", **(headers or {})}, json.dumps(content).encode(), _MOST_BYTES
    )


def _ask(method: str, url: str, headers: Mapping[str, str], sent: bytes | None, most_bytes: int) -> HttpAnswer:
    timeout = urllib3.Timeout(connect=_CONNECT_S, read=_READ_S)
    began = time.perf_counter()
    try:
        with urllib3.PoolManager(timeout=timeout, retries=False) as pool:
            response = pool.request(
                method, url, headers=dict(headers), body=sent, redirect=False, preload_content=False
            )
            body = response.read(most_bytes)
            response.close()
    except (HTTPError, OSError) as error:
        return HttpAnswer(0, problem=problem_of(error))
    names = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(response.status, body, headers=names, ms=1000 * (time.perf_counter() - began))


def listens_here(url: str) -> bool:
    """Return whether an address is this machine's own."""
    return is_loopback(urlsplit(url).hostname or "")
