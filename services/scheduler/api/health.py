"""What is here, whether it lives, whether it can work, and how it does (SC-12)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from scheduler.api.auth import Admin
from scheduler.api.principal import Principal
from scheduler.api.problems import PROBLEMS
from scheduler.api.service import Service, ServiceDependency
from scheduler.api.version import VERSION
from scheduler.errors import StoreUnavailableError

__all__ = ["router"]

# A probe of Kubernetes waits for one second by default.
_LONGEST_S = 0.8

router = APIRouter(responses=PROBLEMS, tags=["service"])
_Found = TypeVar("_Found")


class Route(BaseModel):
    """One address."""

    method: str
    path: str
    summary: str


class Index(BaseModel):
    """What is here."""

    service: str
    version: str
    environment: str
    dashboard: str
    routes: list[Route]


class RedisHealth(BaseModel):
    """Whether Redis answers."""

    status: str
    ping_ms: float | None


class WorkersHealth(BaseModel):
    """How many workers there are, and the age of the newest heartbeat."""

    status: str
    count: int | None
    heartbeat_age_s: float | None


class S3Health(BaseModel):
    """When a worker last wrote executions to S3, and how many wait for it."""

    status: str
    last_flush_age_s: float | None
    pending_records: int | None


class Health(BaseModel):
    """`status` is this process's own; the others are told and do not change it."""

    status: str = "ok"
    redis: RedisHealth
    workers: WorkersHealth
    s3: S3Health


class Ready(BaseModel):
    """Whether it can work."""

    status: str
    missing: list[str] = Field(description="What is missing, and what to do.")


@router.get("/", summary="List what is here")
async def index(request: Request, service: ServiceDependency) -> Index:
    """Return the version and the routes."""
    routes = [
        Route(method=method.upper(), path=path, summary=operation["summary"])
        for path, operations in request.app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    environment = service.settings.environment
    return Index(service="scheduler-api", version=VERSION, environment=environment, dashboard="/metrics", routes=routes)


@router.get("/health", summary="Tell that it lives, and how the rest does")
async def health(service: ServiceDependency) -> Health:
    """Return 200 as long as this process lives: restarting it would bring back neither Redis nor a worker."""
    ping_s, beats = await asyncio.gather(
        _found(service.ports.store.ping()),
        _found(service.ports.queue.workers()),
    )
    now = time.time()
    redis = RedisHealth(
        status="ok" if ping_s is not None else "away",
        ping_ms=None if ping_s is None else round(ping_s * 1000, 1),
    )
    if beats is None:
        unknown = {"status": "unknown", "count": None, "heartbeat_age_s": None}
        s3 = S3Health(status="unknown", last_flush_age_s=None, pending_records=None)
        return Health(redis=redis, workers=WorkersHealth.model_validate(unknown), s3=s3)
    ages = [now - beat.beat_at for beat in beats]
    workers = WorkersHealth(
        status="ok" if beats else "none",
        count=len(beats),
        heartbeat_age_s=round(max(min(ages), 0), 1) if ages else None,
    )
    flushed = [beat.last_flush_at for beat in beats if beat.last_flush_at is not None]
    return Health(
        redis=redis,
        workers=workers,
        s3=S3Health(
            status=_s3_status([beat.last_flush_error for beat in beats], has_flushed=bool(flushed)),
            last_flush_age_s=round(max(now - max(flushed), 0), 1) if flushed else None,
            pending_records=sum(beat.pending_records for beat in beats),
        ),
    )


@router.get(
    "/ready",
    summary="Tell whether it can work",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Something is missing."}},
)
async def ready(request: Request, service: ServiceDependency) -> Response:
    """Return 503 while Redis is away: then nothing can be registered or listed. Administrators are told its address."""
    principal: Principal | None = getattr(request.state, "principal", None)
    missing = await _missing(service, is_told_all=principal is not None and principal.role == "admin")
    told = Ready(status="not ready" if missing else "ready", missing=missing)
    return JSONResponse(told.model_dump(), 503 if missing else 200)


@router.get(
    "/internal/metrics",
    summary="Show metrics of this process",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(caller: Admin) -> Response:
    """Return metrics for Prometheus, to an admin key."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _missing(service: Service, *, is_told_all: bool) -> list[str]:
    try:
        async with asyncio.timeout(_LONGEST_S):
            await service.ports.store.ping()
    except StoreUnavailableError as error:
        return [str(error) if is_told_all else "Redis cannot be reached"]
    except TimeoutError:
        return [f"Redis does not answer within {_LONGEST_S:g} s"]
    return []


async def _found(asked: Awaitable[_Found]) -> _Found | None:
    """What is asked for, or None where Redis does not answer in time."""
    try:
        async with asyncio.timeout(_LONGEST_S):
            return await asked
    except (StoreUnavailableError, TimeoutError):
        return None


def _s3_status(errors: list[str | None], *, has_flushed: bool) -> str:
    if any(errors):
        return "failing"
    return "ok" if has_flushed else "unknown"
