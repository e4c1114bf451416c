"""The doctor on the fake cluster: an installation that is well, to which a test does something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kserve_api.apps.app import Deployment
from kserve_api.apps.apps import Apps
from kserve_api.cluster.kubernetes_cluster import KubernetesCluster
from kserve_api.operations.doctor.examination import app_checks, installation_checks
from kserve_api.operations.doctor.finding import Finding, Result, State, examine
from kserve_api.operations.doctor.surroundings import Surroundings
from kserve_api.settings import Settings
from kserve_api.tests.fake_cluster.controllers.controllers import Controllers
from kserve_api.tests.fake_cluster.controllers.platform import Platform
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

__all__ = [
    "IMAGE",
    "MANIFESTS",
    "SERVICE_ACCOUNT",
    "Look",
    "controllers_of",
    "deploy",
    "examine_app",
    "examine_installation",
    "findings",
    "healthy_cluster",
    "platform_of",
    "states",
]

_DEPLOY = Path(__file__).resolve().parents[3] / "deploy" / "kubernetes" / "kserve-api"
MANIFESTS = tuple(
    _DEPLOY / name
    for name in (
        "base/namespace.yaml",
        "base/service-account.yaml",
        "base/rbac.yaml",
        "tenant/rbac.yaml",
        "components/domain-owners/rbac.yaml",
        "components/doctor/rbac.yaml",
        "components/doctor-tenant/rbac.yaml",
        "plain/service.yaml",
        "plain/domain-mapping.yaml",
    )
)
SERVICE_ACCOUNT = "kserve-api/kserve-api"
IMAGE = "registry.digitalocean.com/calvin-apps/shop"


async def _resolve(_: str) -> Sequence[str]:
    return ["203.0.113.7"]


async def _fetch(_: str) -> int:
    return 200


@contextmanager
def healthy_cluster() -> Iterator[RunningCluster]:
    """A cluster that the service is installed in by its own manifests, with a gateway; apps are in `default`."""
    with running_cluster(rbac=MANIFESTS) as cluster:
        kourier = "kourier.ingress.networking.knative.dev"
        cluster.call(lambda _: platform_of(cluster).set_config("config-network", ingress_class=kourier))
        cluster.call(
            lambda store: store.create(
                "pods",
                {
                    "metadata": {
                        "name": "3scale-kourier-gateway-1",
                        "namespace": "kourier-system",
                        "labels": {"app": "3scale-kourier-gateway"},
                    },
                    "spec": {"containers": [{"name": "kourier-gateway", "image": "docker.io/envoyproxy/envoy"}]},
                    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
                },
            )
        )
        cluster.settle()
        yield cluster


def controllers_of(cluster: RunningCluster) -> Controllers:
    """Its controllers; they may be called in the cluster's thread only."""
    assert cluster.controllers is not None
    return cluster.controllers


def platform_of(cluster: RunningCluster) -> Platform:
    """Its platform, likewise."""
    return controllers_of(cluster).platform


def deploy(cluster: RunningCluster, tag: str = "1.0", **fields: object) -> None:
    """Deploy `shop` through the service's own code, and let the controllers do what follows."""
    arguments: dict[str, Any] = {"name": "shop", "image": f"{IMAGE}:{tag}", **fields}

    async def work() -> None:
        settings = Settings(kubeconfig=cluster.kubeconfig(SERVICE_ACCOUNT, tls=False))
        client = await KubernetesCluster.open(settings)
        apps = Apps(client, settings)
        try:
            await apps.deploy(Deployment(**arguments, given=frozenset(arguments)), tenant="acme", actor="test")
        finally:
            await apps.close()
            await client.close()

    asyncio.run(work())
    cluster.settle()


@dataclass(frozen=True)
class Look:
    """How the doctor looks: as whom, at which check only, at its own world or a test's, how much later."""

    account: str = SERVICE_ACCOUNT
    only: str = ""
    get: bool = False
    later_s: float = 0.0
    resolve: Callable[[str], Awaitable[Sequence[str]]] = _resolve
    fetch: Callable[[str], Awaitable[int]] = _fetch
    server_time: Callable[[], Awaitable[datetime | None]] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def examine_installation(cluster: RunningCluster, look: Look | None = None) -> list[Result]:
    """What the doctor finds of the installation."""
    return asyncio.run(_examine(cluster, look or Look(), None))


def examine_app(cluster: RunningCluster, look: Look | None = None, *, name: str = "shop") -> list[Result]:
    """What the doctor finds of an app in `default`."""
    return asyncio.run(_examine(cluster, look or Look(), name))


def findings(results: Sequence[Result], check: str) -> list[Finding]:
    """What one check found."""
    return [each.finding for each in results if each.check == check]


def states(results: Sequence[Result]) -> Mapping[str, set[State]]:
    """Checks that are not ok, with their states."""
    found: dict[str, set[State]] = {}
    for each in results:
        if each.finding.state is not State.OK:
            found.setdefault(each.check, set()).add(each.finding.state)
    return found


async def _examine(cluster: RunningCluster, look: Look, app: str | None) -> list[Result]:
    settings = Settings(kubeconfig=cluster.kubeconfig(look.account, tls=False), **look.settings)
    client = await KubernetesCluster.open(settings)
    try:
        around = Surroundings(
            client,
            settings,
            look.server_time or client.server_time,
            resolve=look.resolve,
            fetch=look.fetch,
            now=lambda: _now(look.later_s),
        )
        checks = app_checks(around, "default", app, get=look.get) if app else installation_checks(around)
        chosen = [check for check in checks if not look.only or check.name == look.only]
        return [result async for result in examine(chosen)]
    finally:
        await client.close()


def _now(later_s: float) -> datetime:
    return datetime.now().astimezone() + timedelta(seconds=later_s)
