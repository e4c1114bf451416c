"""The client for whoever deploys. One file that needs httpx alone, so that it can be copied.

    with KServeApiClient.from_environment() as api:
        done = api.deploy({"name": "shop", "image": "registry.example.com/shop@sha256:…"}, wait=True)
        print(done.action, done.url)

The API key goes to the API's address and nowhere else: redirects are not followed, and no error, repr or log line has
it. What may be done twice without harm is tried again; what may not (restart, rollback, deletion, a deployment with
`redeploy`) only where it certainly was not done.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

import httpx

__all__ = [
    "App",
    "AppDetail",
    "DeployDone",
    "KServeApiClient",
    "KServeApiError",
    "KServeApiRefusedError",
    "KServeApiUnavailableError",
    "LogLine",
    "Logs",
]

_RETRIED = frozenset({429, 502, 503, 504})
_NOT_DONE = frozenset({429})  # Refused before anything was done.
_OWN_TIMEOUTS = frozenset(
    {"not_ready_in_time", "not_gone_in_time"}
)  # A 504 that says how the deployment stands; waiting is up to callers.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_KEY = re.compile(r"[\x21-\x7e]{8,8192}\Z")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DETAIL_CHARS = 1000
_WAITING_S = 180.0
_SILENT_S = 60.0  # A stream tells every 15 s that it is still there.
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 8.0


class KServeApiError(Exception):
    """The API was not reached, or said no. The message is one line without the key."""


class KServeApiUnavailableError(KServeApiError):
    """No answer, or only 429, 502, 503 and 504, in all tries; whether it was done is not known."""


class KServeApiRefusedError(KServeApiError):
    """The API answered, and trying again would not help. `code` is its name for the reason, `details` what it added."""

    def __init__(self, message: str, *, status: int, code: str, details: Mapping[str, Any], request_id: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class App:
    """One app of a list."""

    name: str
    namespace: str
    url: str
    predictor_url: str
    ready: bool


@dataclass(frozen=True, slots=True)
class AppDetail:
    """One app; `fields` is the whole answer (conditions, revisions, traffic, scale, names of variables …)."""

    app: App
    image: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeployDone:
    """What a deployment, restart or rollback did. Not `changed`: it was like this already, no new revision comes."""

    name: str
    namespace: str
    action: str
    changed: bool
    url: str
    warnings: Sequence[str]
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Logs:
    """The last lines of the newest pod; `message` says why there are none."""

    pod_name: str | None
    pod_status: str | None
    lines: Sequence[str]
    message: str | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a followed log: `pod` names the pod that is followed from now on, `line` is one of its lines,
    `notice` says why none come.
    """

    event: str
    text: str


class KServeApiClient:
    """Calls one deploy API; may be shared by threads. Every method raises KServeApiError when it did not succeed.

    A call takes at most `attempts` tries of `timeout_s` each (180 s where it waits for an app), with pauses of at most
    `longest_wait_s` between them. `tenant`: for administrators of the platform, whose apps it is about.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        timeout_s: float = 15.0,
        attempts: int = 4,
        longest_wait_s: float = 30.0,
        tenant: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("KSERVE_API_URL: not an address such as https://kserve-api.example.com")
        if parts.username is not None or parts.password is not None:
            raise ValueError("KSERVE_API_URL: it holds a user name or password; the key goes to KSERVE_API_KEY")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("KSERVE_API_URL: it must begin with https://, or the API key can be read on its way")
        if api_key and not _KEY.match(api_key):
            raise ValueError("KSERVE_API_KEY: it must have at least 8 visible ASCII characters, without spaces")
        self._url = url.strip().rstrip("/")
        self._key = api_key
        self._tenant = {"tenant": tenant} if tenant else {}
        self._timeout_s = timeout_s
        self._attempts = max(1, attempts)
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False, headers=headers)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return a client for KSERVE_API_URL with KSERVE_API_KEY. Raises ValueError, naming what is wrong.

        The key, an API key or a JWT, may be missing where the API is on this machine; KSERVE_API_TENANT as `tenant`.
        """
        url, key = environment.get("KSERVE_API_URL", "").strip(), environment.get("KSERVE_API_KEY", "").strip()
        if not url:
            raise ValueError("KSERVE_API_URL must be set")
        if not key and urlsplit(url).hostname not in _LOOPBACK:
            raise ValueError("KSERVE_API_KEY must be set")
        return cls(url, key, tenant=environment.get("KSERVE_API_TENANT", "").strip() or None)

    def __repr__(self) -> str:
        return f"KServeApiClient({self._url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def deploy(self, wanted: Mapping[str, object], *, wait: bool = False) -> DeployDone:
        """Create an app, or change the fields that are named of one that exists; the fields are those of POST /deploy.

        With `wait` it returns when the app is served; 504 `not_ready_in_time` is a KServeApiRefusedError.
        """
        again = not wanted.get("redeploy")
        return _done(self._call("POST", "/deploy", body=wanted, query=_waiting(wait), again=again, waits=wait))

    def default_namespace(self) -> str:
        """Return the namespace that apps of this key go to when none is named."""
        return _text(_object(self._call("GET", "/models", query={"limit": "1"}, again=True)), "namespace")

    def list(self, namespace: str | None = None) -> Sequence[App]:
        """Return all apps of a namespace (None: the tenant's default one)."""
        query = {} if namespace is None else {"namespace": namespace}
        found: list[App] = []
        while True:
            response = self._call("GET", "/models", query=query, again=True)
            answer = _object(response)
            items = answer.get("models")
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                _not_ours(response)
            found.extend(_app(item) for item in items)
            if not answer.get("cursor"):
                return found
            query = {**query, "cursor": str(answer["cursor"])}

    def get(self, namespace: str, name: str) -> AppDetail:
        """Return an app as it is now."""
        answer = _object(self._call("GET", _path(namespace, name), again=True))
        return AppDetail(_app(answer), _text(answer, "image"), answer)

    def delete(self, namespace: str, name: str, *, wait: bool = False) -> str:
        """Delete an app; return `deleting`, or `deleted` once it is gone (with `wait`)."""
        response = self._call("DELETE", _path(namespace, name), query=_waiting(wait), again=False, waits=wait)
        return _text(_object(response), "status")

    def restart(self, namespace: str, name: str, *, wait: bool = False) -> DeployDone:
        """New pods of the same deployment; a tag is resolved to a digest again."""
        path = f"{_path(namespace, name)}/restart"
        return _done(self._call("POST", path, query=_waiting(wait), again=False, waits=wait))

    def rollback(self, namespace: str, name: str, *, revision: str | None = None, wait: bool = False) -> DeployDone:
        """Deploy again what a revision ran (None: the ready one before the newest)."""
        body = {} if revision is None else {"revision": revision}
        path = f"{_path(namespace, name)}/rollback"
        return _done(self._call("POST", path, body=body, query=_waiting(wait), again=False, waits=wait))

    def set_traffic(self, namespace: str, name: str, *, latest_percent: int) -> Mapping[str, Any]:
        """Give the newest revision this share of requests (0..100); return who gets how much."""
        body = {"latest_percent": latest_percent}
        return _object(self._call("PUT", f"{_path(namespace, name)}/traffic", body=body, again=True))

    def logs(
        self, name: str, *, namespace: str | None = None, tail_lines: int = 100, since: str = "", previous: bool = False
    ) -> Logs:
        """Return the last lines of the newest pod, of the container before it with `previous`."""
        query = _log_query(namespace, tail_lines, since, previous)
        answer = _object(self._call("GET", f"/logs/{_checked(name)}", query=query, again=True))
        return Logs(
            answer.get("pod_name"),
            answer.get("pod_status"),
            _text(answer, "logs").splitlines(),
            answer.get("message"),
            answer,
        )

    def follow_logs(
        self, name: str, *, namespace: str | None = None, tail_lines: int = 100
    ) -> Generator[LogLine, None, None]:
        """Yield lines as they come, until the app is gone; close it when leaving early.

        A stream that ends before the log does (a restart of the API, its longest time) is a KServeApiUnavailableError.
        """
        path, query = f"/logs/{_checked(name)}/stream", _log_query(namespace, tail_lines, "", previous=False)
        timeout = httpx.Timeout(self._timeout_s, read=_SILENT_S)
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream(
                "GET", self._url + path, params={**query, **self._tenant}, timeout=timeout, headers=headers
            ) as response:
                if not response.is_success:
                    response.read()
                    self._accepted("GET", path, response)
                for event, data in _events(response.iter_lines()):
                    if event == "end":
                        return
                    if event == "error":
                        raise KServeApiUnavailableError(f"GET {path}: {self._line(str(data.get('message', '')))}")
                    yield LogLine(event, str(data.get("text", "")))
        except httpx.TransportError as error:
            raise KServeApiUnavailableError(f"GET {path}: the connection ended ({type(error).__name__})") from None
        raise KServeApiUnavailableError(f"GET {path}: the stream ended before the log did: open it again")

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        again: bool,
        waits: bool = False,
    ) -> httpx.Response:
        """Send it, again where that does no harm: `again` says that it may be done twice."""
        timeout = _WAITING_S if waits else self._timeout_s
        sent = {**(query or {}), **self._tenant}
        for tried in range(1, self._attempts + 1):
            asked_for = 0.0
            try:
                response = self._http.request(method, self._url + path, json=body, params=sent, timeout=timeout)
            except httpx.TransportError as error:
                reason = f"no answer ({type(error).__name__})"
                retry = again or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            else:
                retry = response.status_code in (_RETRIED if again else _NOT_DONE)
                if not retry or self._told(response)[1] in _OWN_TIMEOUTS:
                    return self._accepted(method, path, response)
                reason, asked_for = self._told(response)[0], _retry_after(response)
            if not retry or tried == self._attempts or asked_for > self._longest_wait_s:
                break
            # Full jitter, so that clients which failed together do not come back together.
            delay = random.uniform(0, min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2**tried))
            self._sleep(min(self._longest_wait_s, asked_for + delay))
        later = f"; try again in {asked_for:.0f} s" if asked_for else ""
        tries = "1 try" if tried == 1 else f"{tried} tries"
        raise KServeApiUnavailableError(f"{method} {path} at {self._url} failed in {tries}: {reason}{later}")

    def _accepted(self, method: str, path: str, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        reason, code, details, request_id = self._told(response)
        if response.is_redirect:
            reason += "; redirects are not followed: set KSERVE_API_URL to the final https:// address"
        raise KServeApiRefusedError(
            f"{method} {path}: {reason}",
            status=response.status_code,
            code=code,
            details=details,
            request_id=request_id,
        )

    def _told(self, response: httpx.Response) -> tuple[str, str, Mapping[str, Any], str]:
        """Message in a line, code, details and request id of an error body, as far as it has them."""
        try:
            error = response.json().get("error")
        except (ValueError, AttributeError):
            error = None
        if not isinstance(error, dict):
            return f"HTTP {response.status_code}", "", {}, ""
        message, code, details = error.get("message"), error.get("code"), error.get("details")
        return (
            f"HTTP {response.status_code}: {self._line(str(message))}" if message else f"HTTP {response.status_code}",
            str(code or ""),
            details if isinstance(details, dict) else {},
            str(error.get("request_id") or ""),
        )

    def _line(self, text: str) -> str:
        plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return (plain.replace(self._key, "[key]") if self._key else plain)[:_DETAIL_CHARS]


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is no name of an app or namespace: small letters, digits and hyphens")
    return name


def _path(namespace: str, name: str) -> str:
    return f"/models/{_checked(namespace)}/{_checked(name)}"


def _waiting(wait: bool) -> Mapping[str, str]:
    return {"wait": "true"} if wait else {}


def _log_query(namespace: str | None, tail_lines: int, since: str, previous: bool) -> Mapping[str, str]:
    query = {"tail_lines": str(tail_lines), "namespace": namespace or "", "since": since}
    return {key: value for key, value in query.items() if value} | ({"previous": "true"} if previous else {})


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        _not_ours(response)
    return answer


def _text(answer: Mapping[str, Any], field: str) -> str:
    value = answer.get(field)
    if not isinstance(value, str):
        raise KServeApiError(f"the answer has no {field}: is KSERVE_API_URL the deploy API?")
    return value


def _not_ours(response: httpx.Response) -> NoReturn:
    path = response.request.url.path
    raise KServeApiError(f"what answers {path} is not the deploy API: compare KSERVE_API_URL")


def _app(answer: Mapping[str, Any]) -> App:
    return App(
        _text(answer, "name"),
        _text(answer, "namespace"),
        _text(answer, "url"),
        _text(answer, "predictor_url"),
        answer.get("ready") is True,
    )


def _done(response: httpx.Response) -> DeployDone:
    answer = _object(response)
    return DeployDone(
        _text(answer, "name"),
        _text(answer, "namespace"),
        _text(answer, "action"),
        answer.get("changed") is not False,
        _text(answer, "url"),
        tuple(str(each) for each in answer.get("warnings") or ()),
        answer,
    )


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and data of server-sent events; comments, which keep the connection open, are left out."""
    event, data = "", ""
    for line in lines:
        field, _, value = line.partition(":")
        if not line:
            if event and data:
                yield event, _json_object(data)
            event, data = "", ""
        elif field == "event":
            event = value.strip()
        elif field == "data":
            data += value.strip()


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise KServeApiError("what was streamed is not the deploy API's: compare KSERVE_API_URL")
    return found
