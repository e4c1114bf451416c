"""What tests look at in the fake cluster, past `Apps`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from kserve_api.errors import ApiError
from kserve_api.tests.running_cluster import RunningCluster

__all__ = ["ISVC", "MAPPING", "REVISION", "change", "objects", "refused", "settled"]

ISVC = "inferenceservices.serving.kserve.io"
REVISION = "revisions.serving.knative.dev"
MAPPING = "domainmappings.serving.knative.dev"


def objects(cluster: RunningCluster, key: str, namespace: str | None = "team-a") -> list[dict[str, Any]]:
    """All objects of a kind, by name."""
    return cluster.call(lambda store: store.list(key, namespace))


def change(cluster: RunningCluster, key: str, name: str, **fields: Any) -> None:  # noqa: ANN401 any JSON
    """Set top-level fields of an object in team-a, or within its metadata, past the API server."""

    def write(store: Any) -> None:  # noqa: ANN401 the fake's store
        item = store.get(key, "team-a", name)
        item["metadata"].update(fields.pop("metadata", {}))
        store.replace(key, item | fields)

    cluster.call(write)


async def settled(cluster: RunningCluster) -> None:
    """Wait until the controllers have nothing to do."""
    await asyncio.to_thread(cluster.settle)


async def refused(call: Awaitable[object], status: int, code: str) -> ApiError:
    """The error, which must be this one."""
    with pytest.raises(ApiError) as caught:
        await call
    assert (caught.value.status, caught.value.code) == (status, code), caught.value.message
    return caught.value
