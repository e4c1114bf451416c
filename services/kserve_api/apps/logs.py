"""Log lines of an app's pods (KS-06)."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from kserve_api.apps.app import CONTAINER, LogTail
from kserve_api.apps.errors import app_not_found, cluster_errors, to_api_error
from kserve_api.apps.ownership import check_owner, of_tenant
from kserve_api.apps.views import created_at
from kserve_api.cluster.cluster import Cluster, LogQuery, Object
from kserve_api.cluster.resources import INFERENCE_SERVICE, POD
from kserve_api.errors import ApiError, ClusterError

__all__ = ["AppLogs", "LogEvent"]

_SCALED_TO_ZERO = "No pods: the app has scaled to zero (or its first pod has not been made yet)."
_BROKE_OFF = "The connection to the log broke off; lines around here may be missing or come twice."
_LOOK_EVERY_S = 2.0
_MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One step of a followed log: `pod` names the pod that is followed from now on, `line` is one of its lines
    (without the line end), `notice` says in words why none come (no pods, container not started).
    """

    kind: Literal["pod", "line", "notice"]
    text: str
    pod: str = ""


class AppLogs:
    """Reads logs of the newest pod. Raises ApiError."""

    def __init__(self, cluster: Cluster, *, look_every_s: float = _LOOK_EVERY_S) -> None:
        self._cluster = cluster
        self._look_every_s = look_every_s

    async def tail(self, namespace: str, name: str, *, tenant: str, query: LogQuery) -> LogTail:
        """The last lines; without pods, or before the container has started, a LogTail whose message says so."""
        with cluster_errors():
            pod = await self._newest_pod(namespace, name, tenant)
            answer = LogTail(name, namespace, None, None, query.tail_lines, "", _SCALED_TO_ZERO)
            if pod is None:
                return answer
            answer = replace(answer, pod_name=pod["metadata"]["name"], pod_status=_phase(pod), message=None)
            return await self._read(answer, pod, query)

    async def follow(
        self, namespace: str, name: str, *, tenant: str, query: LogQuery
    ) -> AsyncGenerator[LogEvent, None]:
        """Lines of the newest pod; when it ends or a newer one comes, the lines of that one from its first.

        A connection that breaks off is made anew, from the time of the last line on.
        """
        followed, told = "", ""
        while True:
            with cluster_errors():
                try:
                    pod = await self._newest_pod(namespace, name, tenant)
                except ApiError as error:
                    if error.code == "not_found" and (followed or told):
                        yield LogEvent("notice", "The app has been deleted.")
                        return
                    raise
            run = _run(pod) if pod else ""
            if pod is None or run == followed:
                notice = _SCALED_TO_ZERO if pod is None else "The pod has ended; waiting for the next one."
            else:
                notice, heard_at = "", time.monotonic()
                async with aclosing(self._lines(namespace, name, tenant, pod, query)) as events:
                    async for event in events:
                        if event.kind == "notice":
                            notice = event.text
                            continue
                        if event.kind == "line":
                            told, heard_at = "", time.monotonic()
                        yield event
                if not notice:
                    # From the next pod, or run of its container, everything is new.
                    followed, told, query = run, "", replace(query, tail_lines=_MOST_LINES, since_s=0, previous=False)
                elif notice == _BROKE_OFF:
                    since_s = math.ceil(time.monotonic() - heard_at + self._look_every_s)
                    query = replace(query, tail_lines=_MOST_LINES, since_s=since_s)
            if notice and notice != told:
                told = notice
                yield LogEvent("notice", notice)
            await asyncio.sleep(self._look_every_s)

    async def _lines(
        self, namespace: str, name: str, tenant: str, pod: Object, query: LogQuery
    ) -> AsyncGenerator[LogEvent, None]:
        """Lines of one pod until it ends or a newer one is there; a notice when it has none yet, or breaks off."""
        pod_name = pod["metadata"]["name"]
        container = query.container or CONTAINER
        wanted = replace(query, container=container if container in _container_names(pod) else None)
        lines = self._cluster.follow_logs(namespace, pod_name, wanted)
        reader = asyncio.ensure_future(anext(lines, None))
        begun = False
        try:
            while True:
                await asyncio.wait([reader], timeout=self._look_every_s)
                if not reader.done():
                    if not begun:
                        begun = True
                        yield LogEvent("pod", pod_name, pod_name)
                    if await self._is_superseded(namespace, name, tenant, pod):
                        return
                    continue
                line = reader.result()
                if not begun:
                    begun = True
                    yield LogEvent("pod", pod_name, pod_name)
                if line is None:
                    return
                yield LogEvent("line", line, pod_name)
                reader = asyncio.ensure_future(anext(lines, None))
        except ClusterError as error:
            if error.status == 404:
                return
            if error.status != 400 and not (error.status == 0 and begun):
                raise to_api_error(error) from error
            yield LogEvent("notice", _BROKE_OFF if error.status == 0 else _not_started(pod))
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await lines.aclose()

    async def _is_superseded(self, namespace: str, name: str, tenant: str, pod: Object) -> bool:
        try:
            with cluster_errors():
                newest = await self._newest_pod(namespace, name, tenant)
        except ApiError as error:
            if error.code == "not_found":
                return True
            raise
        return newest is not None and newest["metadata"]["uid"] != pod["metadata"]["uid"]

    async def _read(self, answer: LogTail, pod: Object, query: LogQuery) -> LogTail:
        namespace, pod_name = answer.namespace, pod["metadata"]["name"]
        container = query.container or CONTAINER
        try:
            logs = await self._cluster.logs(namespace, pod_name, replace(query, container=container))
            return replace(answer, logs=logs, message=None if logs else "The log is empty.")
        except ClusterError as error:
            if error.status == 404:
                return replace(answer, message="The pod ended while its log was read; ask again.")
            if error.status != 400:
                raise
        if container in _container_names(pod):
            # It is the right one, but has no log: not started, or never restarted when `previous` was asked for.
            message = "The container has not been restarted: there is no previous log." if query.previous else None
            return replace(answer, message=message or _not_started(pod))
        try:
            logs = await self._cluster.logs(namespace, pod_name, replace(query, container=None))
        except ClusterError as error:
            if error.status != 400:
                raise
            names = ", ".join(_container_names(pod))
            return replace(answer, message=f"There is no container {container}; the pod has: {names}.")
        return replace(answer, logs=logs, message=f"There is no container {container}; these are the pod's own lines.")

    async def _newest_pod(self, namespace: str, name: str, tenant: str) -> Object | None:
        """The newest pod (one that is not being deleted, if there is such); checks whose the app is."""
        service, pods = await asyncio.gather(
            self._service(namespace, name),
            self._cluster.list(POD, namespace, labels=f"serving.kserve.io/inferenceservice={name}"),
        )
        check_owner(service, tenant)
        return max(of_tenant(pods.items, tenant), key=_age, default=None)

    async def _service(self, namespace: str, name: str) -> Object:
        try:
            return await self._cluster.get(INFERENCE_SERVICE, name, namespace)
        except ClusterError as error:
            if error.status == 404:
                raise app_not_found(namespace, name) from error
            raise


def _age(pod: Object) -> tuple[bool, datetime, int]:
    """Grows with how new it is; times are whole seconds, so the revision decides between equal ones."""
    metadata = pod["metadata"]
    generation = (metadata.get("labels") or {}).get("serving.knative.dev/configurationGeneration", "")
    return "deletionTimestamp" not in metadata, created_at(pod), int(generation) if generation.isdecimal() else 0


def _run(pod: Object) -> str:
    """Tells runs of the app's container apart: a container that crashed begins again in the same pod."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    restarts = next((one.get("restartCount", 0) for one in statuses if one.get("name") == CONTAINER), 0)
    return f"{pod['metadata']['uid']}/{restarts}"


def _phase(pod: Object) -> str:
    """Its phase, or what its container waits for (ImagePullBackOff, CrashLoopBackOff …)."""
    status = pod.get("status") or {}
    waiting = _waiting_reason(pod)
    return waiting or str(status.get("phase") or "Unknown")


def _waiting_reason(pod: Object) -> str:
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        reason = ((container.get("state") or {}).get("waiting") or {}).get("reason")
        if reason:
            return str(reason)
    return ""


def _not_started(pod: Object) -> str:
    return f"The container has not started ({_waiting_reason(pod) or _phase(pod)})."


def _container_names(pod: Object) -> Sequence[str]:
    return [container["name"] for container in pod.get("spec", {}).get("containers") or []]
