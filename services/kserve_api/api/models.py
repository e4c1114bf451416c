"""Apps that are there: list, look, share traffic out, go back, start anew, delete (KS-05)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from kserve_api.api.auth import Authenticated, changing
from kserve_api.api.json_body import read_model
from kserve_api.api.parameters import Acting, ListParameters, Place, TenantParameters, WaitParameters, acting_for
from kserve_api.api.problems import PROBLEMS
from kserve_api.api.schemas import (
    AppView,
    DeletedView,
    DeployedView,
    ListView,
    RevisionsView,
    RollbackRequest,
    TrafficRequest,
)
from kserve_api.api.service import ServiceDependency
from kserve_api.api.views import answer, app_view, deleted_view, deployed_view, list_view, revisions_view
from kserve_api.apps.app import Deployed
from kserve_api.errors import ApiError

__all__ = ["router"]

router = APIRouter(prefix="/models", responses=PROBLEMS, tags=["apps"])


def _body(schema: str, *, required: bool) -> dict[str, object]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": required, "content": content}}


@router.get("", summary="List apps", response_class=Response, responses={200: {"model": ListView}})
async def list_apps(
    request: Request,
    service: ServiceDependency,
    caller: Authenticated,
    parameters: Annotated[ListParameters, Query()],
) -> Response:
    """Return a page of the tenant's apps in one namespace, by default its first."""
    acting = acting_for(request, service, caller, parameters.tenant)
    namespace = service.namespace(acting.tenant, parameters.namespace)
    apps, cursor = await acting.apps.list(
        namespace, tenant=acting.tenant.name, limit=parameters.limit, cursor=parameters.cursor
    )
    return answer(list_view(namespace, apps, cursor))


@router.get("/{namespace}/{name}", summary="Show an app", response_class=Response, responses={200: {"model": AppView}})
async def get_app(namespace: str, name: str, place: Place, _: Annotated[TenantParameters, Query()]) -> Response:
    """Return everything about an app but the values of its variables."""
    return answer(app_view(await place.apps.get(namespace, name, tenant=place.tenant.name)))


@router.get(
    "/{namespace}/{name}/revisions",
    summary="List an app's revisions",
    response_class=Response,
    responses={200: {"model": RevisionsView}},
)
async def get_revisions(namespace: str, name: str, place: Place, _: Annotated[TenantParameters, Query()]) -> Response:
    """Return the app's revisions, the newest first, and who gets the traffic."""
    return answer(revisions_view(await place.apps.get(namespace, name, tenant=place.tenant.name)))


@router.delete(
    "/{namespace}/{name}",
    summary="Delete an app",
    dependencies=[Depends(changing("delete"))],
    response_class=Response,
    responses={
        200: {"model": DeletedView, "description": "It is gone (with wait=true)."},
        202: {"model": DeletedView, "description": "It is being deleted."},
    },
)
async def delete_app(
    namespace: str, name: str, place: Place, parameters: Annotated[WaitParameters, Query()]
) -> Response:
    """Delete the app and all that belongs to it."""
    async with AsyncExitStack() as held:
        if parameters.wait:
            held.enter_context(place.service.slots.slot(place.tenant.name))
        uid = await place.apps.delete(namespace, name, tenant=place.tenant.name)
        if not parameters.wait:
            return answer(deleted_view(namespace, name, "deleting"), 202)
        timeout_s = place.service.settings.wait_timeout_s
        is_gone = await place.wait(place.apps.wait_until_gone(namespace, name, uid=uid, timeout_s=timeout_s))
        if not is_gone:
            told = f"The app is still being deleted after {timeout_s:g} seconds: look at it again later"
            raise ApiError(504, "not_gone_in_time", told)
    return answer(deleted_view(namespace, name, "deleted"))


@router.put(
    "/{namespace}/{name}/traffic",
    summary="Share traffic out",
    dependencies=[Depends(changing("traffic"))],
    openapi_extra=_body("TrafficRequest", required=True),
    response_class=Response,
    responses={200: {"model": AppView}},
)
async def set_traffic(
    request: Request, namespace: str, name: str, place: Place, _: Annotated[TenantParameters, Query()]
) -> Response:
    """Give the newest revision a share of the requests, and the one before the rest."""
    wanted = await read_model(request, TrafficRequest)
    request.state.audit.fields = ("latest_percent",)
    app = await place.apps.set_traffic(namespace, name, tenant=place.tenant.name, latest_percent=wanted.latest_percent)
    return answer(app_view(app))


@router.post(
    "/{namespace}/{name}/rollback",
    summary="Go back to an earlier revision",
    dependencies=[Depends(changing("rollback"))],
    openapi_extra=_body("RollbackRequest", required=False),
    response_class=Response,
    responses={200: {"model": DeployedView}},
)
async def rollback(
    request: Request, namespace: str, name: str, place: Place, parameters: Annotated[WaitParameters, Query()]
) -> Response:
    """Deploy again what an earlier revision ran, its image by digest."""
    wanted = await read_model(request, RollbackRequest, optional=True)
    request.state.audit.fields = tuple(wanted.model_fields_set)
    async with place.service.deploying[place.tenant.name]:
        deployed = await place.apps.rollback(
            namespace, name, tenant=place.tenant.name, actor=place.actor, revision=wanted.revision
        )
    return await _deployed(place, deployed, wait=parameters.wait)


@router.post(
    "/{namespace}/{name}/restart",
    summary="Start an app anew",
    dependencies=[Depends(changing("restart"))],
    response_class=Response,
    responses={200: {"model": DeployedView}},
)
async def restart(namespace: str, name: str, place: Place, parameters: Annotated[WaitParameters, Query()]) -> Response:
    """Make a new revision of the same deployment: new pods, and its tag is read again."""
    deployed = await place.apps.restart(namespace, name, tenant=place.tenant.name, actor=place.actor)
    return await _deployed(place, deployed, wait=parameters.wait)


async def _deployed(place: Acting, deployed: Deployed, *, wait: bool) -> Response:
    if wait:
        summary = deployed.summary
        with place.service.slots.slot(place.tenant.name):
            timeout_s = place.service.settings.wait_timeout_s
            waited = place.apps.wait_until_ready(
                summary.namespace, summary.name, deployed=deployed, timeout_s=timeout_s
            )
            await place.wait(waited)
    return answer(deployed_view(deployed))
