"""`Apps` on the fake cluster: a scenario is an async function; it runs with both and ends with everything closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

from kserve_api.apps.app import Deployment
from kserve_api.apps.apps import Apps
from kserve_api.cluster.kubernetes_cluster import KubernetesCluster
from kserve_api.settings import Settings
from kserve_api.tests.fake_cluster.controllers.controllers import Controllers, Name
from kserve_api.tests.fake_cluster.controllers.gateway import Answer
from kserve_api.tests.fake_cluster.controllers.platform import Platform
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

__all__ = [
    "IMAGE",
    "TENANT",
    "Scenario",
    "advance",
    "answer",
    "deployment",
    "pause",
    "platform",
    "push",
    "resume",
    "run",
]

IMAGE = "registry.digitalocean.com/calvin-apps/shop:1.0"


class _Caller(TypedDict):
    tenant: str
    actor: str


TENANT = _Caller(tenant="acme", actor="acme-key-1")
Scenario = Callable[[Apps, RunningCluster], Awaitable[None]]


def deployment(**fields: object) -> Deployment:
    """A deployment of `shop` in team-a that gives these fields."""
    arguments: dict[str, Any] = {"name": "shop", "image": IMAGE, "namespace": "team-a", **fields}
    return Deployment(**arguments, given=frozenset(arguments))


def answer(cluster: RunningCluster, host: str) -> Answer:
    """What the gateway answers to one request."""
    return cluster.call(lambda _: _controllers(cluster).request(host))


def push(cluster: RunningCluster, image: str, content: str = "new") -> None:
    """Push other content under a tag."""
    cluster.call(lambda _: platform(cluster).registry.push(image, content))


def advance(cluster: RunningCluster, seconds: float) -> None:
    """Let time pass in the cluster."""
    cluster.call(lambda _: _controllers(cluster).advance(seconds))
    cluster.settle()


def pause(cluster: RunningCluster, *names: Name) -> None:
    """Hold the work of these controllers back (none named: of all)."""
    cluster.call(lambda _: _controllers(cluster).pause(*names))


def resume(cluster: RunningCluster) -> None:
    """Let all controllers work again."""
    cluster.call(lambda _: _controllers(cluster).resume())


def platform(cluster: RunningCluster) -> Platform:
    """The fake's Knative and KServe, to be changed before anything is deployed."""
    return _controllers(cluster).platform


def _controllers(cluster: RunningCluster) -> Controllers:
    assert cluster.controllers is not None
    return cluster.controllers


def run(scenario: Scenario, *, account: str = "admin", rbac: tuple[Path, ...] = (), **settings: object) -> None:
    """Run a scenario on a fresh cluster; the controllers' own faults fail it too."""
    with running_cluster(rbac=rbac) as cluster:
        arguments: dict[str, Any] = {"kubeconfig": cluster.kubeconfig(account, tls=False), **settings}
        asyncio.run(_run(scenario, cluster, Settings(**arguments)))


async def _run(scenario: Scenario, cluster: RunningCluster, settings: Settings) -> None:
    client = await KubernetesCluster.open(settings)
    apps = Apps(client, settings)
    try:
        await scenario(apps, cluster)
    finally:
        await apps.close()
        await client.close()
