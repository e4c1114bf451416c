"""`POST /deploy`: an image in, an app out (KS-01)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from kserve_api.api.auth import changing
from kserve_api.api.caller import Caller
from kserve_api.api.deploy_request import to_deployment
from kserve_api.api.json_body import read_object
from kserve_api.api.parameters import Acting, WaitParameters, acting_for
from kserve_api.api.problems import PROBLEMS
from kserve_api.api.quotas import check_quotas, needs_usage
from kserve_api.api.schemas import DeployedView
from kserve_api.api.service import ServiceDependency
from kserve_api.api.views import answer, deployed_view
from kserve_api.apps.app import Deployed, Deployment
from kserve_api.apps.usage import tenant_usage
from kserve_api.errors import ApiError
from kserve_api.observability.audit import AuditRecord
from kserve_api.observability.metrics import DEPLOYS
from kserve_api.observability.redaction import carry_secrets

__all__ = ["router"]

router = APIRouter(responses=PROBLEMS, tags=["apps"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DeployRequest"}}},
    }
}


@router.post(
    "/deploy",
    summary="Deploy an image",
    openapi_extra=_BODY,
    response_class=Response,
    responses={
        200: {"model": DeployedView, "description": "The app was changed."},
        201: {"model": DeployedView, "description": "The app is new."},
    },
)
async def deploy(
    request: Request,
    service: ServiceDependency,
    caller: Annotated[Caller, Depends(changing("deploy"))],
    parameters: Annotated[WaitParameters, Query()],
) -> Response:
    """Create an app, or change the fields that are sent of one that exists."""
    found = await read_object(request)
    _note(request.state.audit, found)
    try:
        acting = acting_for(request, service, caller, parameters.tenant)
        deployed = await _deploy(acting, found, wait=parameters.wait)
    except ApiError as error:
        DEPLOYS.labels("refused" if error.status < 500 else "failed").inc()
        raise
    DEPLOYS.labels(deployed.action if deployed.changed else "unchanged").inc()
    return answer(deployed_view(deployed), 201 if deployed.action == "created" else 200)


def _note(record: AuditRecord, found: dict[str, Any]) -> None:
    """What the audit says of a body that may be wrong in every way, and which values are hidden from now on."""
    record.fields = tuple(sorted(field[:64] for field in found))[:32]
    for field in ("name", "namespace", "image"):
        if isinstance(value := found.get(field), str):
            setattr(record, field, value[:256])
    for field in ("secret_envs", "envs"):
        values = found.get(field)
        if isinstance(values, dict):
            carry_secrets(value for value in values.values() if isinstance(value, str))


async def _deploy(acting: Acting, found: dict[str, Any], *, wait: bool) -> Deployed:
    service, tenant = acting.service, acting.tenant
    named = found.pop("namespace", None)
    # What is no text is told with the other mistakes.
    if named is not None and not isinstance(named, str):
        found["namespace"] = named
        named = None
    namespace = service.namespace(tenant, named)
    wanted = to_deployment(found, namespace, tenant, service.settings_of(tenant))
    async with AsyncExitStack() as held:
        if wait:
            held.enter_context(service.slots.slot(tenant.name))
        deployed = await _within_quotas(acting, wanted)
        if wait:
            timeout_s = service.settings.wait_timeout_s
            await acting.wait(
                acting.apps.wait_until_ready(namespace, wanted.name, deployed=deployed, timeout_s=timeout_s)
            )
    return deployed


async def _within_quotas(acting: Acting, wanted: Deployment) -> Deployed:
    """Deploy, alone among the tenant's deployments: what is counted stays true until it is done."""
    service, tenant = acting.service, acting.tenant
    async with service.deploying[tenant.name]:
        present = []
        if needs_usage(tenant.quotas):
            present = await tenant_usage(service.cluster, tenant.name, tenant.namespaces)
        check_quotas(tenant.quotas, wanted, present)
        return await acting.apps.deploy(wanted, tenant=tenant.name, actor=acting.actor)
