"""What the routes work with: the apps of a tenant, and where it may have them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

from kserve_api.api.access import Access
from kserve_api.api.caller import Caller
from kserve_api.api.readiness import Readiness
from kserve_api.api.slots import Slots
from kserve_api.api.tenants import Tenant
from kserve_api.apps.apps import Apps
from kserve_api.cluster.cluster import Cluster
from kserve_api.errors import ApiError
from kserve_api.settings import Settings

__all__ = ["Service", "ServiceDependency"]


class Service:
    """One application's parts; lives as long as the cluster's connection."""

    def __init__(self, settings: Settings, access: Access, cluster: Cluster) -> None:
        self.settings = settings
        self.access = access
        self.cluster = cluster
        self.readiness = Readiness(cluster, settings, access)
        self.slots = Slots(settings.max_waiting)
        self.stopping = asyncio.Event()
        self.deploying: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._apps: dict[Sequence[str], Apps] = {}

    def settings_of(self, tenant: Tenant) -> Settings:
        """The settings, with the image prefixes of a tenant that has its own."""
        if tenant.image_prefixes is None:
            return self.settings
        return self.settings.model_copy(update={"image_prefixes": tuple(tenant.image_prefixes)})

    def apps(self, tenant: Tenant) -> Apps:
        """The operations on a tenant's apps."""
        settings = self.settings_of(tenant)
        apps = self._apps.get(settings.image_prefixes)
        if apps is None:
            apps = self._apps[settings.image_prefixes] = Apps(self.cluster, settings)
        return apps

    def tenant(self, caller: Caller, named: str | None) -> Tenant:
        """The tenant that is asked for: the caller's own, or for the platform's administrators any.

        Raises ApiError 403 to others, 404 when there is none of this name.
        """
        if named is None or named == caller.tenant.name:
            return caller.tenant
        if caller.role != "platform-admin":
            raise ApiError(403, "role_not_allowed", "Only administrators of the platform may ask for another tenant")
        tenant = self.access.tenants.by_name.get(named)
        if tenant is None:
            raise ApiError(404, "tenant_not_found", "There is no such tenant in the tenants file")
        return tenant

    def namespace(self, tenant: Tenant, named: str | None) -> str:
        """The namespace of a request. Raises ApiError 403, the same whether it exists or not."""
        if named is None:
            return tenant.default_namespace(self.settings)
        if named not in tenant.namespaces:
            told = "This is not one of the tenant's namespaces"
            raise ApiError(403, "namespace_not_allowed", told, details={"allowed": list(tenant.namespaces)})
        return named

    async def close(self) -> None:
        """End what runs in the background."""
        for apps in self._apps.values():
            await apps.close()


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(_service)]
