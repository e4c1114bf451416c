"""Whether the service lives, whether it can work, and how it does."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from coding_agent.api.auth import scrape_client
from coding_agent.api.problems import PROBLEMS
from coding_agent.api.service import ServiceDependency
from coding_agent.errors import CodingAgentError
from coding_agent.observability.metrics import metrics_text

__all__ = ["router"]

router = APIRouter(responses=PROBLEMS, tags=["health"])


@router.get("/")
async def root() -> dict[str, str]:
    """Answer a load balancer; what is here is described at /openapi.json."""
    return {"service": "coding-agent", "status": "ok"}


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the process lives; nothing is asked of anything else."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "Something that the service needs does not answer."}})
def readyz(service: ServiceDependency) -> JSONResponse:
    """Tell whether store, queue and GitHub answer."""
    checks = {"github": "ok" if service.github_reach.answers() else "unreachable"}
    for name, ask in (("store", service.store.ping), ("queue", service.store.queue_state)):
        try:
            ask()
            checks[name] = "ok"
        except CodingAgentError:
            checks[name] = "unreachable"
    is_ready = set(checks.values()) == {"ok"} and not service.stopping.is_set()
    content = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(content, status_code=200 if is_ready else 503)


@router.get(
    "/metrics",
    dependencies=[Depends(scrape_client)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {}}}}},
)
def metrics(service: ServiceDependency) -> Response:
    """Return metrics for Prometheus. They tell volume and cost: from elsewhere an API key is asked for."""
    return Response(metrics_text(service.store), media_type=CONTENT_TYPE_LATEST)
