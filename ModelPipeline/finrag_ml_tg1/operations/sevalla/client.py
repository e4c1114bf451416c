"""Requests to the platform's API, version 3: what is sent, how long it is waited for, what is tried again.

Reading is tried again when it fails; a request that changes something only after 429, for then it was not carried out.
Redirects are not followed, because the key would go along.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import urllib3
from pydantic import BaseModel, SecretStr, ValidationError
from urllib3.exceptions import HTTPError

from finrag_ml_tg1.operations.sevalla.refusals import PlatformError, no_answer, refusal
from finrag_ml_tg1.operations.sevalla.shapes import Application, ApplicationItem, Deployment, Page, Process

__all__ = ["Clock", "Request", "SevallaClient"]

S = TypeVar("S", bound=BaseModel)

_TIMEOUT = urllib3.Timeout(connect=5.0, read=20.0)
_MOST_BYTES = 8 * 2**20
_PAGE = 100  # the most that one page holds
_MOST_OFFSET = 10_000  # the API's own limit
_TRIES = 4
_LONGEST_WAIT_S = 60.0  # the windows of reading and writing are a minute long


@dataclass(frozen=True, slots=True)
class Clock:
    """How time passes; tests pass their own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Request:
    """A request that changes something, as it will be sent; `path` begins behind the API's address."""

    method: str
    path: str
    body: Mapping[str, object] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + ("" if self.body is None else f" {json.dumps(self.body)}")


@dataclass(frozen=True, slots=True)
class SevallaClient:
    """The API at an address, with a key; `say` gets a line when it is waited because of a limit.

    Every method raises PlatformError, which says in one line what to do.
    """

    url: str
    token: SecretStr
    say: Callable[[str], None] = lambda _: None
    clock: Clock = Clock()
    timeout: urllib3.Timeout = _TIMEOUT
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False), repr=False)

    def applications(self) -> list[ApplicationItem]:
        """Return all applications that the key sees."""
        found: list[ApplicationItem] = []
        for offset in range(0, _MOST_OFFSET + 1, _PAGE):
            page = self._get(Page[ApplicationItem], f"/applications?limit={_PAGE}&offset={offset}")
            found += page.data
            if offset + _PAGE >= page.total:
                return found
        raise PlatformError(f"the key sees more than {_MOST_OFFSET} applications: make one for these two alone")

    def application(self, application_id: str) -> Application:
        """Return an application with its settings."""
        return self._get(Application, f"/applications/{application_id}")

    def processes(self, application_id: str) -> tuple[Process, ...]:
        """Return an application's processes, the first hundred."""
        return self._get(Page[Process], f"/applications/{application_id}/processes?limit={_PAGE}&offset=0").data

    def deployments(self, application_id: str) -> tuple[Deployment, ...]:
        """Return an application's deployments, the newest first, a hundred at most."""
        path = f"/applications/{application_id}/deployments?limit={_PAGE}&offset=0"
        return self._get(Page[Deployment], path).data

    def deployment(self, application_id: str, deployment_id: str) -> Deployment:
        """Return one deployment."""
        return self._get(Deployment, f"/applications/{application_id}/deployments/{deployment_id}")

    def send(self, request: Request) -> None:
        """Send a request of whose answer nothing but its success counts."""
        self._answer(request)

    def deploy(self, request: Request) -> Deployment:
        """Send the request for a deployment; return the deployment."""
        return _read(Deployment, request.method, request.path, self._answer(request))

    def _get(self, shape: type[S], path: str) -> S:
        return _read(shape, "GET", path, self._answer(Request("GET", path)))

    def _answer(self, request: Request) -> bytes:
        method, path = request.method, request.path
        for tried in range(1, _TRIES + 1):
            try:
                status, headers, body = self._exchange(request)
            except (HTTPError, OSError) as error:
                fault, wait_s = no_answer(method, path, error), _growing_s(tried)
            else:
                if 200 <= status < 300:
                    return body
                fault = refusal(method, path, status, headers, body, self.token.get_secret_value())
                asked_s = _asked_s(headers) if status == 429 else None
                wait_s = _growing_s(tried) if asked_s is None else asked_s
            may_repeat = fault.status == 429 or (method == "GET" and (fault.status == 0 or fault.status >= 500))
            if tried == _TRIES or not may_repeat or wait_s > _LONGEST_WAIT_S:
                raise fault
            if fault.status == 429:
                self.say(f"Sevalla's limit of requests is reached; waiting {wait_s:g} s")
            self.clock.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}", "Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        response = self._pool.request(
            request.method,
            self.url + request.path,
            body=None if request.body is None else json.dumps(request.body),
            headers=headers,
            timeout=self.timeout,
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


def _read(shape: type[S], method: str, path: str, body: bytes) -> S:
    is_doubtful = method != "GET"
    doubt = "; it may have been done: look with `finrag sevalla status`" if is_doubtful else ""
    try:
        content = json.loads(body)
    except ValueError:
        message = f"{method} {path}: the answer is no JSON: is SEVALLA_API_URL right?{doubt}"
        raise PlatformError(message, is_doubtful=is_doubtful) from None
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        message = (
            f"{method} {path}: the answer is not as documented ({place}: {first['msg']}); use the dashboard{doubt}"
        )
        raise PlatformError(message, is_doubtful=is_doubtful) from None


def _growing_s(tried: int) -> float:
    return 0.5 * 2.0**tried


def _asked_s(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to wait: `Retry-After`, or the rest of the window; None when it does not say."""
    for name in ("retry-after", "x-ratelimit-reset"):
        text = headers.get(name, "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
    return None
