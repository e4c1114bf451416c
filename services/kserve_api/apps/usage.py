"""What a tenant has now: for its quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kserve_api.apps.errors import cluster_errors
from kserve_api.apps.ownership import tenant_selector
from kserve_api.cluster.cluster import Cluster
from kserve_api.cluster.resources import INFERENCE_SERVICE

__all__ = ["AppUsage", "tenant_usage"]

_PAGE = 500


@dataclass(frozen=True, slots=True)
class AppUsage:
    """The size of one app."""

    namespace: str
    name: str
    max_scale: int


async def tenant_usage(cluster: Cluster, tenant: str, namespaces: Sequence[str]) -> list[AppUsage]:
    """Return the tenant's apps of these namespaces, those that are being deleted too. Raises ApiError."""
    with cluster_errors():
        found = await asyncio.gather(*(_of_namespace(cluster, tenant, namespace) for namespace in namespaces))
    return [usage for usages in found for usage in usages]


async def _of_namespace(cluster: Cluster, tenant: str, namespace: str) -> list[AppUsage]:
    usages: list[AppUsage] = []
    cursor = ""
    while True:
        page = await cluster.list(
            INFERENCE_SERVICE, namespace, labels=tenant_selector(tenant), limit=_PAGE, cursor=cursor
        )
        # Not `state_of`: an app whose container was renamed by hand counts, too.
        usages += (
            AppUsage(namespace, item["metadata"]["name"], item["spec"].get("predictor", {}).get("maxReplicas", 0))
            for item in page.items
        )
        cursor = page.cursor
        if not cursor:
            return usages
