"""Logs of apps, their last lines and as a stream (KS-06)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from kserve_api.api.auth import Authenticated
from kserve_api.api.log_stream import LogStream
from kserve_api.api.parameters import LogParameters, acting_for
from kserve_api.api.problems import PROBLEMS
from kserve_api.api.schemas import LogsView
from kserve_api.api.service import ServiceDependency
from kserve_api.api.views import answer, logs_view

__all__ = ["router"]

router = APIRouter(prefix="/logs", responses=PROBLEMS, tags=["logs"])


@router.get("/{name}", summary="Show the last log lines", response_class=Response, responses={200: {"model": LogsView}})
async def tail(
    request: Request,
    name: str,
    service: ServiceDependency,
    caller: Authenticated,
    parameters: Annotated[LogParameters, Query()],
) -> Response:
    """Return the last lines of the app's newest pod; without pods a message that says so."""
    acting = acting_for(request, service, caller, parameters.tenant)
    namespace = acting.namespace(name, parameters.namespace)
    found = await acting.apps.logs(namespace, name, tenant=acting.tenant.name, query=parameters.query())
    return answer(logs_view(found))


@router.get(
    "/{name}/stream",
    summary="Follow the log",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    request: Request,
    name: str,
    service: ServiceDependency,
    caller: Authenticated,
    parameters: Annotated[LogParameters, Query()],
) -> Response:
    """Follow the newest pod and its successors as server-sent events.

    `pod` names the pod that is followed from now on, `line` is one of its lines, `notice` says why none come, `error`
    what went wrong. A stream that ends without `end` is to be opened again.
    """
    acting = acting_for(request, service, caller, parameters.tenant)
    namespace = acting.namespace(name, parameters.namespace)
    with ExitStack() as held:
        held.enter_context(service.slots.slot(acting.tenant.name))
        events = acting.apps.follow_logs(namespace, name, tenant=acting.tenant.name, query=parameters.query())
        response = LogStream(events, service.stopping, longest_s=service.settings.stream_s)
        await response.begin()
        response.on_end = held.pop_all().close
    return response
