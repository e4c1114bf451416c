"""The `Cluster` protocol over the official asynchronous client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Self

from kserve_api.cluster.cluster import Change, LogQuery, Object, Page
from kserve_api.cluster.connection import FIELD_MANAGER, Connection, Query, break_off
from kserve_api.cluster.resources import ACCESS_REVIEW, POD, Resource
from kserve_api.cluster.streaming import lines_of
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

__all__ = ["LARGEST_LOG_BYTES", "KubernetesCluster"]

LARGEST_LOG_BYTES = 4 * 1024 * 1024
_WATCH_AGAIN_S = 0.5
_LONGEST_EVENT = 16 * 1024 * 1024
_LONGEST_LOG_LINE = 64 * 1024
_WRITTEN_BY: Query = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]


class KubernetesCluster:
    """Objects of one API server, as JSON; close it in the loop that opened it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Read the kubeconfig, or else the pod's service account; ClusterError status 0 when neither can be used."""
        return cls(await Connection.open(settings))

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Object:
        """See Cluster."""
        return await self._connection.json("GET", resource.path(namespace, name))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        limit: int | None = None,
        cursor: str = "",
    ) -> Page:
        """See Cluster."""
        query = [("labelSelector", labels), ("limit", str(limit or "")), ("continue", cursor)]
        body = await self._connection.json(
            "GET", resource.path(namespace), query=[(key, value) for key, value in query if value]
        )
        # Items of a typed list carry neither apiVersion nor kind.
        items = [
            {"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in body.get("items") or []
        ]
        return Page(items, body.get("metadata", {}).get("continue") or "")

    async def create(self, resource: Resource, wanted: Object) -> Object:
        """See Cluster."""
        path = resource.path(wanted["metadata"].get("namespace"))
        return await self._connection.json("POST", path, query=_WRITTEN_BY, body=wanted)

    async def apply(self, resource: Resource, wanted: Object) -> Object:
        """See Cluster."""
        path = resource.path(wanted["metadata"].get("namespace"), wanted["metadata"]["name"])
        query = [*_WRITTEN_BY, ("force", "true")]
        return await self._connection.json(
            "PATCH", path, query=query, body=wanted, content_type="application/apply-patch+yaml"
        )

    async def merge_patch(self, resource: Resource, name: str, patch: Object, namespace: str | None = None) -> Object:
        """See Cluster."""
        path = resource.path(namespace, name)
        return await self._connection.json(
            "PATCH", path, query=_WRITTEN_BY, body=patch, content_type="application/merge-patch+json"
        )

    async def delete(
        self, resource: Resource, name: str, namespace: str | None = None, *, uid: str = "", foreground: bool = False
    ) -> None:
        """See Cluster."""
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        body["propagationPolicy"] = "Foreground" if foreground else "Background"
        if uid:
            body["preconditions"] = {"uid": uid}
        await self._connection.json("DELETE", resource.path(namespace, name), body=body)

    async def watch(
        self, resource: Resource, namespace: str, *, name: str, timeout_s: float
    ) -> AsyncGenerator[Change, None]:
        """See Cluster. A connection that ends early is opened again and then begins with the present state again."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (left := deadline - loop.time()) > 0:
            query = [("watch", "true"), ("fieldSelector", f"metadata.name={name}")]
            query.append(("timeoutSeconds", str(max(1, round(left)))))
            try:
                response = await self._connection.send("GET", resource.path(namespace), query=query, streaming=True)
                try:
                    async with aclosing(lines_of(response.content, _LONGEST_EVENT, deadline)) as lines:
                        async for line in lines:
                            yield _change(line)
                finally:
                    break_off(response)
            except TimeoutError:
                return
            except ClusterError as error:
                if error.status not in (0, 410):
                    raise
            await asyncio.sleep(min(_WATCH_AGAIN_S, max(0.0, deadline - loop.time())))

    async def logs(self, namespace: str, pod: str, query: LogQuery) -> str:
        """See Cluster. At most 4 MiB."""
        parameters = [*_log_parameters(query), ("limitBytes", str(LARGEST_LOG_BYTES))]
        response = await self._connection.send("GET", POD.path(namespace, pod) + "/log", query=parameters, accept="*/*")
        return (await self._connection.whole(response)).decode("utf-8", "replace")

    async def follow_logs(self, namespace: str, pod: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """See Cluster. Lines of more than 64 KiB come in pieces."""
        parameters = [*_log_parameters(query), ("follow", "true")]
        path = POD.path(namespace, pod) + "/log"
        response = await self._connection.send("GET", path, query=parameters, accept="*/*", streaming=True)
        try:
            async with aclosing(lines_of(response.content, _LONGEST_LOG_LINE)) as lines:
                async for line in lines:
                    yield line.decode("utf-8", "replace")
        finally:
            break_off(response)

    async def may(
        self, verb: str, resource: Resource, namespace: str | None, *, subresource: str = "", name: str = ""
    ) -> bool:
        """See Cluster."""
        attributes = {"verb": verb, "group": resource.group, "resource": resource.plural, "version": resource.version}
        optional = {"namespace": namespace, "subresource": subresource, "name": name}
        attributes |= {key: value for key, value in optional.items() if value}
        review = {"apiVersion": ACCESS_REVIEW.api_version, "kind": ACCESS_REVIEW.kind}
        answer = await self._connection.json(
            "POST", ACCESS_REVIEW.path(), body={**review, "spec": {"resourceAttributes": attributes}}
        )
        return answer.get("status", {}).get("allowed") is True

    async def served(self, group: str, version: str) -> Mapping[str, Sequence[str]]:
        """See Cluster."""
        try:
            answer = await self._connection.json("GET", f"/apis/{group}/{version}" if group else f"/api/{version}")
        except ClusterError as error:
            if error.status == 404:
                return {}
            raise
        return {entry["name"]: tuple(entry.get("verbs") or ()) for entry in answer.get("resources") or []}

    async def server_time(self) -> datetime | None:
        """The API server's clock, to the second, by the Date of an answer; None when it sends none."""
        response = await self._connection.send("GET", "/version")
        await self._connection.whole(response)
        date = response.headers.get("Date", "")
        return parsedate_to_datetime(date) if date else None


def _log_parameters(query: LogQuery) -> Query:
    parameters = [("tailLines", str(query.tail_lines))]
    if query.since_s:
        parameters.append(("sinceSeconds", str(query.since_s)))
    if query.container:
        parameters.append(("container", query.container))
    if query.previous:
        parameters.append(("previous", "true"))
    return parameters


def _change(line: bytes) -> Change:
    event = json.loads(line)
    if event["type"] == "ERROR":
        status = event["object"]
        raise ClusterError(int(status.get("code", 500)), status.get("reason", ""), status.get("message", ""))
    return Change(event["type"], event["object"])
