"""What the service asks of a cluster; `KubernetesCluster` asks it of a real API server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from kserve_api.cluster.resources import Resource

__all__ = ["Change", "Cluster", "LogQuery", "Object", "Page"]

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Objects of one list call; `cursor` continues it (empty: that was all)."""

    items: Sequence[Object]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a watch."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Object


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines of a pod's log: the last `tail_lines`, not older than `since_s` seconds (0: any age)."""

    tail_lines: int = 100
    since_s: int = 0
    container: str | None = None
    previous: bool = False


class Cluster(Protocol):
    """Asynchronous and stateless; everything raises ClusterError (status 0: no answer within the time limit)."""

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Object:
        """The object; ClusterError 404 when it is not there."""

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        limit: int | None = None,
        cursor: str = "",
    ) -> Page:
        """Objects whose labels match the selector; ClusterError 410 when a cursor has expired."""

    async def create(self, resource: Resource, wanted: Object) -> Object:
        """The created object; ClusterError 409 AlreadyExists."""

    async def apply(self, resource: Resource, wanted: Object) -> Object:
        """Server-side apply as field manager `kserve-api`, forced, strict: fields we no longer send are removed.

        With `metadata.resourceVersion` in it, ClusterError 409 Conflict where the object has changed since.
        """

    async def merge_patch(self, resource: Resource, name: str, patch: Object, namespace: str | None = None) -> Object:
        """RFC 7386 merge patch; a resourceVersion in it guards it as in `apply`."""

    async def delete(
        self, resource: Resource, name: str, namespace: str | None = None, *, uid: str = "", foreground: bool = False
    ) -> None:
        """Ask for deletion (only of the object with this uid, when given); ClusterError 404 when it is not there."""

    def watch(self, resource: Resource, namespace: str, *, name: str, timeout_s: float) -> AsyncGenerator[Change, None]:
        """Changes of one object, beginning with its present state, until `timeout_s` is over.

        Close it (contextlib.aclosing) when leaving early, so that its connection is closed at once.
        """

    async def logs(self, namespace: str, pod: str, query: LogQuery) -> str:
        """Log text; ClusterError 400 when the container does not exist or has not started."""

    def follow_logs(self, namespace: str, pod: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """Log lines as they are written, until the container ends or it is closed; close it as a watch."""

    async def may(
        self, verb: str, resource: Resource, namespace: str | None, *, subresource: str = "", name: str = ""
    ) -> bool:
        """Whether RBAC lets us do it (SelfSubjectAccessReview)."""

    async def served(self, group: str, version: str) -> Mapping[str, Sequence[str]]:
        """Plural → verbs of what the API server serves in a group version; empty when it serves none of it."""
