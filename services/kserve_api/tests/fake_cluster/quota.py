"""ResourceQuota: how many objects of a kind a namespace may hold (`count/{plural}.{group}`)."""

from __future__ import annotations

from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.status_error import forbidden
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["check_quota"]

_SHORT = ("pods", "services", "secrets", "configmaps", "resourcequotas")


def check_quota(store: ObjectStore, kind: Kind, namespace: str, name: str) -> None:
    """StatusError 403 `exceeded quota` when one more object is too many."""
    names = [f"count/{kind.key}", *([kind.key] if kind.key in _SHORT else [])]
    for entry in store.entries("resourcequotas", namespace):
        hard = (entry.object.get("spec") or {}).get("hard") or {}
        for resource in names:
            used = len(store.entries(kind.key, namespace))
            if resource in hard and used + 1 > int(hard[resource]):
                quota = entry.object["metadata"]["name"]
                raise forbidden(
                    kind,
                    name,
                    f"exceeded quota: {quota}, requested: {resource}=1, used: {resource}={used}, "
                    f"limited: {resource}={hard[resource]}",
                )
