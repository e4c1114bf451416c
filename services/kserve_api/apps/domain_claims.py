"""Who has a host name in the whole cluster: Knative's ClusterDomainClaims."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from kserve_api.apps.app import MANAGED_BY
from kserve_api.apps.manifest import MANAGED_BY_LABEL
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import CLUSTER_DOMAIN_CLAIM, Resource
from kserve_api.errors import ApiError, ClusterError
from kserve_api.settings import Settings

__all__ = ["DomainClaims", "create_unless_there", "domain_taken"]


class DomainClaims:
    """Reads claims; makes and deletes them only where settings say `domain_claims` create. Raises ClusterError."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._ours = settings.domain_claims == "create"

    async def claimed_by(self, domain: str) -> tuple[str, str]:
        """The namespace that has claimed it (empty: none), and a warning when that could not be read."""
        try:
            claim = await self._cluster.get(CLUSTER_DOMAIN_CLAIM, domain)
        except ClusterError as error:
            if error.status == 404:
                return "", ""
            if error.status == 403 and not self._ours:
                return "", f"Whether {domain} is another namespace's could not be checked: see condition DomainsReady."
            raise
        return str(claim.get("spec", {}).get("namespace", "")), ""

    async def claim(self, domain: str, namespace: str) -> None:
        """Make the claim, where that is ours to do. ApiError 409 `domain_taken` when another namespace has it."""
        if not self._ours:
            return
        wanted = {
            "apiVersion": CLUSTER_DOMAIN_CLAIM.api_version,
            "kind": CLUSTER_DOMAIN_CLAIM.kind,
            "metadata": {"name": domain, "labels": {MANAGED_BY_LABEL: MANAGED_BY}},
            "spec": {"namespace": namespace},
        }
        claimed_by, _ = await self.claimed_by(domain)
        if not claimed_by:
            if await create_unless_there(self._cluster, CLUSTER_DOMAIN_CLAIM, wanted):
                return
            claimed_by, _ = await self.claimed_by(domain)
        if claimed_by != namespace:
            raise domain_taken(domain, claimed_by)

    async def release(self, namespace: str, domains: Iterable[str]) -> None:
        """Delete the claims of these names that we made."""
        if self._ours:
            await asyncio.gather(*(self._release(namespace, domain) for domain in domains))

    async def _release(self, namespace: str, domain: str) -> None:
        try:
            claim = await self._cluster.get(CLUSTER_DOMAIN_CLAIM, domain)
            labels = claim["metadata"].get("labels") or {}
            if claim["spec"]["namespace"] == namespace and labels.get(MANAGED_BY_LABEL) == MANAGED_BY:
                await self._cluster.delete(CLUSTER_DOMAIN_CLAIM, domain, uid=claim["metadata"]["uid"])
        except ClusterError as error:
            if error.status != 404:
                raise


async def create_unless_there(cluster: Cluster, resource: Resource, wanted: Object) -> bool:
    """Create it; False when there is one of that name."""
    try:
        await cluster.create(resource, wanted)
    except ClusterError as error:
        if error.reason != "AlreadyExists":
            raise
        return False
    return True


def domain_taken(domain: str, namespace: str) -> ApiError:
    """The 409 error; it names the owner's namespace."""
    return ApiError(
        409,
        "domain_taken",
        f"The domain {domain} belongs to another app, in namespace {namespace}.",
        details={"domain": domain, "namespace": namespace},
    )
