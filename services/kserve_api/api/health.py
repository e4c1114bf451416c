"""What is here, whether it lives, whether it can work, and how it does (KS-07)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kserve_api.api.auth import Authenticated
from kserve_api.api.caller import Caller
from kserve_api.api.docs_page import docs_page
from kserve_api.api.problems import PROBLEMS
from kserve_api.api.schemas import HealthView, Index, ReadyView
from kserve_api.api.service import ServiceDependency
from kserve_api.api.version import VERSION
from kserve_api.api.views import answer
from kserve_api.errors import ApiError

__all__ = ["router"]

router = APIRouter(responses=PROBLEMS, tags=["service"])


@router.get("/", summary="List what is here", response_class=Response, responses={200: {"model": Index}})
async def index(request: Request) -> Response:
    """Return the version and the routes."""
    routes = [
        {"method": method.upper(), "path": path, "summary": operation["summary"]}
        for path, operations in request.app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    return answer({"service": "kserve-api", "version": VERSION, "docs": "/docs", "routes": routes})


@router.get("/health", summary="Tell that it lives", response_class=Response, responses={200: {"model": HealthView}})
async def health() -> Response:
    """Answer; nothing is asked of anything else."""
    return answer({"status": "ok"})


@router.get(
    "/ready",
    summary="Tell whether it can work",
    response_class=Response,
    responses={200: {"model": ReadyView}, 503: {"model": ReadyView, "description": "Something is missing."}},
)
async def ready(request: Request, service: ServiceDependency) -> Response:
    """Tell whether the cluster answers, serves what is needed, and allows it; and what is missing.

    Names of namespaces are told to the platform's people only.
    """
    report = await service.readiness.report()
    caller: Caller | None = getattr(request.state, "caller", None)
    is_told_all = caller is not None and caller.tenant.role == "platform-admin"
    mistakes = service.access.mistakes if is_told_all else ()
    checks = {**report.checks, "files": "old" if service.access.mistakes else "ok"}
    if service.stopping.is_set():
        checks["process"] = "stopping"
    is_ready = report.is_ready and not service.stopping.is_set()

    def told(missing: object, what: str) -> str:
        return str(missing) if is_told_all else what

    content = {
        "status": "ready" if is_ready else "not ready",
        "checks": checks,
        "missing": list(dict.fromkeys(told(each, each.what) for each in report.missing)),
        "warnings": [*mistakes, *dict.fromkeys(told(each, each.what) for each in report.warnings)],
    }
    return answer(content, 200 if is_ready else 503)


@router.get(
    "/metrics",
    summary="Show metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(caller: Authenticated) -> Response:
    """Return metrics for Prometheus. They tell volume: a key of a tenant of the platform itself is asked for."""
    if caller.tenant.role != "platform-admin":
        told = "Metrics are for the platform's people: send a key of a tenant whose role is platform-admin"
        raise ApiError(403, "role_not_allowed", told)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Return the routes as a page for people."""
    page, style = docs_page(request.app.openapi())
    policy = f"default-src 'none'; style-src '{style}'; frame-ancestors 'none'"
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": policy})
