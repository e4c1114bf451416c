"""A cluster whose calls are measured."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from typing import TypeVar

from kserve_api.cluster.cluster import Change, Cluster, LogQuery, Object, Page
from kserve_api.cluster.resources import ACCESS_REVIEW, POD, Resource
from kserve_api.errors import ClusterError
from kserve_api.observability.metrics import CLUSTER_SECONDS

__all__ = ["MeasuredCluster"]

_Answer = TypeVar("_Answer")


class MeasuredCluster:
    """Asks another cluster, and observes how long each answer took and what its status was.

    Watches and followed logs last as long as somebody looks: they are not calls in this sense.
    """

    def __init__(self, inner: Cluster) -> None:
        self._inner = inner

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Object:
        """As `Cluster.get`."""
        return await _measured("get", resource.plural, self._inner.get(resource, name, namespace))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        limit: int | None = None,
        cursor: str = "",
    ) -> Page:
        """As `Cluster.list`."""
        asked = self._inner.list(resource, namespace, labels=labels, limit=limit, cursor=cursor)
        return await _measured("list", resource.plural, asked)

    async def create(self, resource: Resource, wanted: Object) -> Object:
        """As `Cluster.create`."""
        return await _measured("create", resource.plural, self._inner.create(resource, wanted))

    async def apply(self, resource: Resource, wanted: Object) -> Object:
        """As `Cluster.apply`."""
        return await _measured("apply", resource.plural, self._inner.apply(resource, wanted))

    async def merge_patch(self, resource: Resource, name: str, patch: Object, namespace: str | None = None) -> Object:
        """As `Cluster.merge_patch`."""
        return await _measured("patch", resource.plural, self._inner.merge_patch(resource, name, patch, namespace))

    async def delete(
        self, resource: Resource, name: str, namespace: str | None = None, *, uid: str = "", foreground: bool = False
    ) -> None:
        """As `Cluster.delete`."""
        asked = self._inner.delete(resource, name, namespace, uid=uid, foreground=foreground)
        await _measured("delete", resource.plural, asked)

    def watch(self, resource: Resource, namespace: str, *, name: str, timeout_s: float) -> AsyncGenerator[Change, None]:
        """As `Cluster.watch`."""
        return self._inner.watch(resource, namespace, name=name, timeout_s=timeout_s)

    async def logs(self, namespace: str, pod: str, query: LogQuery) -> str:
        """As `Cluster.logs`."""
        return await _measured("logs", POD.plural, self._inner.logs(namespace, pod, query))

    def follow_logs(self, namespace: str, pod: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """As `Cluster.follow_logs`."""
        return self._inner.follow_logs(namespace, pod, query)

    async def may(
        self, verb: str, resource: Resource, namespace: str | None, *, subresource: str = "", name: str = ""
    ) -> bool:
        """As `Cluster.may`."""
        asked = self._inner.may(verb, resource, namespace, subresource=subresource, name=name)
        return await _measured("create", ACCESS_REVIEW.plural, asked)

    async def served(self, group: str, version: str) -> Mapping[str, Sequence[str]]:
        """As `Cluster.served`."""
        return await _measured("discover", "apis", self._inner.served(group, version))


async def _measured(verb: str, resource: str, asked: Awaitable[_Answer]) -> _Answer:
    began = time.perf_counter()
    status = "200"
    try:
        return await asked
    except ClusterError as error:
        status = str(error.status)
        raise
    finally:
        CLUSTER_SECONDS.labels(verb, resource, status).observe(time.perf_counter() - began)
