"""Query parameters; one that is not known is refused, so that a slip of the pen is not without effect in silence."""

from __future__ import annotations

import re
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from kserve_api.api.auth import Authenticated
from kserve_api.api.caller import Caller
from kserve_api.api.schemas import Seconds
from kserve_api.api.service import Service, ServiceDependency
from kserve_api.api.tenants import Tenant
from kserve_api.api.waiting import while_wanted
from kserve_api.cluster.cluster import LogQuery
from kserve_api.errors import ApiError

__all__ = ["Acting", "ListParameters", "LogParameters", "Place", "TenantParameters", "WaitParameters", "acting_for"]

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_NAMESPACE = "One of the tenant's namespaces; its default without this."
_Result = TypeVar("_Result")
_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class TenantParameters(BaseModel):
    """What every request about apps takes."""

    model_config = ConfigDict(extra="forbid")

    tenant: str | None = Field(None, description="Administrators of the platform: the tenant it is about.")


class WaitParameters(TenantParameters):
    """Of what changes an app."""

    wait: bool = Field(False, description="Answer when it is done, at the latest after the service's time limit.")


class ListParameters(TenantParameters):
    """Of lists."""

    namespace: str | None = Field(None, description=_NAMESPACE)
    limit: int = Field(100, ge=1, le=500, description="Most apps of a page.")
    cursor: str = Field("", max_length=4096, description="Of the page before, to go on.")


class LogParameters(TenantParameters):
    """Of logs."""

    namespace: str | None = Field(None, description=_NAMESPACE)
    tail_lines: int = Field(100, ge=1, le=5000, description="How many of the last lines.")
    since: Annotated[Seconds | None, Field(ge=1, le=10**9)] = Field(
        None, description='Not older than so many seconds; also "90s", "5m", "1h".'
    )
    container: str | None = Field(None, pattern=_DNS_LABEL, description="Of the pod; the app's own without this.")
    previous: bool = Field(False, description="Of the container before its last restart.")

    def query(self) -> LogQuery:
        """What the cluster is asked."""
        return LogQuery(self.tail_lines, self.since or 0, self.container, self.previous)


class Acting:
    """For whom a request is served."""

    def __init__(self, request: Request, service: Service, caller: Caller, tenant: Tenant) -> None:
        self._request = request
        self.service = service
        self.tenant = tenant
        self.apps = service.apps(tenant)
        self.actor = f"{caller.tenant.name}/{caller.subject}"

    async def wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Wait for something on behalf of the client, as long as it is there. Raises ApiError 503 `interrupted`."""
        return await while_wanted(work, self._request.receive, self.service.stopping)

    def check_place(self, namespace: str, name: str) -> None:
        """Raise ApiError 404 for a namespace of somebody else and for what can be no app, as for one that is not."""
        if namespace not in self.tenant.namespaces or not _NAME.fullmatch(name):
            raise ApiError(404, "not_found", "There is no such app in a namespace of this tenant")

    def namespace(self, name: str, named: str | None) -> str:
        """The namespace of an app that a query parameter may name. Raises ApiError 403 and 404."""
        namespace = self.service.namespace(self.tenant, named)
        self.check_place(namespace, name)
        return namespace


def acting_for(request: Request, service: Service, caller: Caller, tenant_name: str | None) -> Acting:
    """Return for whom a request is served, and put it into the audit record."""
    tenant = service.tenant(caller, tenant_name)
    record = getattr(request.state, "audit", None)
    if record is not None and tenant is not caller.tenant:
        record.for_tenant = tenant.name
    return Acting(request, service, caller, tenant)


async def _place(
    request: Request, namespace: str, name: str, service: ServiceDependency, caller: Authenticated
) -> Acting:
    # The route's own parameters describe `tenant`.
    acting = acting_for(request, service, caller, request.query_params.get("tenant"))
    acting.check_place(namespace, name)
    return acting


Place = Annotated[Acting, Depends(_place)]
