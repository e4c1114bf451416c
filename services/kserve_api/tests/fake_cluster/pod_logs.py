"""What containers have written, and the pods/log subresource that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kserve_api.tests.fake_cluster.entry import Object
from kserve_api.tests.fake_cluster.status_error import bad_request
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["LogLine", "PodLogs"]

_POLL_S = 0.02
_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
Place = tuple[str, str, str]


class LogLine(str):
    """A line that knows when it was written; plain strings were written when their pod was made."""

    __slots__ = ("at",)
    at: datetime


class PodLogs:
    """Lines by (namespace, pod, container): of the running container, and of the one before it."""

    def __init__(self, store: ObjectStore) -> None:
        self.lines: dict[Place, list[str]] = {}
        self.previous: dict[Place, list[str]] = {}
        self._store = store

    def write(self, namespace: str, pod: str, container: str, text: str, *, age_s: float = 0) -> None:
        """Append the lines of a text, written so many seconds ago."""
        lines = self.lines.setdefault((namespace, pod, container), [])
        for part in text.splitlines():
            line = LogLine(part)
            line.at = datetime.now(UTC) - timedelta(seconds=age_s)
            lines.append(line)

    def restart(self, namespace: str, pod: str, container: str) -> None:
        """The container starts anew: its lines are those of the previous one."""
        place = (namespace, pod, container)
        self.previous[place] = self.lines.pop(place, [])
        self.lines[place] = []

    def read(self, namespace: str, name: str, query: Mapping[str, str]) -> tuple[bytes, Place]:
        """The log that a query asks for, and whose it is; StatusError 404, and 400 for a container that does not exist,
        has not started, or has not run before.
        """
        pod = self._store.entry("pods", namespace, name).object
        container = _container(pod, query.get("container", ""))
        place = (namespace, name, container)
        if query.get("previous", "").lower() in ("1", "true"):
            if place not in self.previous:
                raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
            lines = self.previous[place]
        else:
            _check_started(pod, container)
            lines = self.lines.get(place, [])
        return _shown(lines, pod, query), place

    async def follow(self, place: Place, query: Mapping[str, str]) -> AsyncGenerator[bytes, None]:
        """What is written from now on, until the container is started anew, ends, or its pod goes."""
        lines = self.lines.setdefault(place, [])
        seen = len(lines)
        while True:
            if len(lines) > seen:
                added, seen = lines[seen:], len(lines)
                pod = self._store.find("pods", *place[:2]) or {"metadata": {}}
                yield _text(added, pod, query)
            elif self._has_ended(place) or self.lines.get(place) is not lines:
                return
            await asyncio.sleep(_POLL_S)

    def _has_ended(self, place: Place) -> bool:
        pod = self._store.find("pods", *place[:2])
        if pod is None or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return True
        return "terminated" in _state(pod, place[2])


def _container(pod: Object, wanted: str) -> str:
    spec = pod.get("spec", {})
    names = [item["name"] for part in ("containers", "initContainers") for item in spec.get(part) or ()]
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(spec.get("containers") or ()) == 1:
        return str(names[0])
    if (default := (pod["metadata"].get("annotations") or {}).get(_DEFAULT_CONTAINER)) in names:
        return str(default)
    shown = " ".join(names)
    raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{shown}]")


def _state(pod: Object, container: str) -> dict[str, Any]:
    for status in pod.get("status", {}).get("containerStatuses") or ():
        if status["name"] == container:
            state: dict[str, Any] = status.get("state") or {}
            return state
    return {}


def _check_started(pod: Object, container: str) -> None:
    waiting = _state(pod, container).get("waiting")
    pending = pod.get("status", {}).get("phase") == "Pending" and not _state(pod, container)
    if waiting is None and not pending:
        return
    reason = (waiting or {}).get("reason", "ContainerCreating")
    if reason == "CrashLoopBackOff":
        return  # Shows what its last run wrote.
    if reason in ("ImagePullBackOff", "ErrImagePull"):
        reason = "image can't be pulled" if reason == "ErrImagePull" else "trying and failing to pull image"
    name = pod["metadata"]["name"]
    raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')


def _written(line: str, pod: Object) -> datetime:
    if isinstance(line, LogLine):
        return line.at
    return datetime.fromisoformat(pod["metadata"].get("creationTimestamp", "1970-01-01T00:00:00Z"))


def _text(lines: list[str], pod: Object, query: Mapping[str, str]) -> bytes:
    if query.get("timestamps", "").lower() in ("1", "true"):
        lines = [f"{_written(line, pod):%Y-%m-%dT%H:%M:%S.%f}000Z {line}" for line in lines]
    return "".join(f"{line}\n" for line in lines).encode()


def _shown(lines: list[str], pod: Object, query: Mapping[str, str]) -> bytes:
    numbers = {name: _number(query, name) for name in ("sinceSeconds", "tailLines", "limitBytes")}
    oldest = None
    if (since := numbers["sinceSeconds"]) is not None:
        oldest = datetime.now(UTC) - timedelta(seconds=since)
    elif "sinceTime" in query:
        oldest = datetime.fromisoformat(query["sinceTime"])
    if oldest is not None:
        lines = [line for line in lines if _written(line, pod) >= oldest]
    if (tail := numbers["tailLines"]) is not None:
        lines = lines[-tail:] if tail else []
    return _text(lines, pod, query)[: numbers["limitBytes"]]


def _number(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    try:
        value = int(query[name])
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{query[name]}": invalid syntax') from error
    if value < (0 if name == "tailLines" else 1):
        raise bad_request(
            f"PodLogOptions is invalid: {name}: Invalid value: {value}: must be greater than or equal to 0"
        )
    return value
