"""The deploy API's HTTP service: `create_app` makes it, `python -m kserve_api up` serves it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from fastapi import FastAPI

from kserve_api.api.access import Access
from kserve_api.api.auth import Authentication
from kserve_api.api.document import application
from kserve_api.api.edge import Edge
from kserve_api.api.request_limits import RequestLimits
from kserve_api.api.service import Service
from kserve_api.cluster.cluster import Cluster
from kserve_api.observability.logs import configure_logging
from kserve_api.observability.measured_cluster import MeasuredCluster
from kserve_api.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings, cluster: Cluster | None = None, *, access: Access | None = None) -> FastAPI:
    """Return the application. Without `cluster` it opens one at its start, and closes it at its end.

    Raises ConfigurationError where tenants or keys cannot be read, or nobody would be kept out.
    """
    configure_logging(settings)
    known = access or Access(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            reached = cluster
            if reached is None:
                # Its imports take most of the start: tools that only need the document do without.
                from kserve_api.cluster.kubernetes_cluster import KubernetesCluster

                opened = await KubernetesCluster.open(settings)
                held.push_async_callback(opened.close)
                reached = opened
            service = app.state.service = Service(settings, known, MeasuredCluster(reached))
            held.push_async_callback(service.close)
            following = asyncio.create_task(known.follow_files())
            try:
                yield
            finally:
                service.stopping.set()
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following

    app = application(lifespan=lifespan)
    app.add_middleware(RequestLimits, answer_s=settings.request_timeout_s, wait_s=settings.wait_timeout_s)
    app.add_middleware(Authentication, access=known)
    app.add_middleware(Edge, trusted_proxies=settings.trusted_proxies)
    return app
