"""How an application is at the platform, and what of it differs from the descriptor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from finrag_ml_tg1.operations.deployment.descriptor import Application as Described
from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.shapes import Application, Deployment, Probe, Process
from finrag_ml_tg1.operations.sevalla.targets import Target

__all__ = ["State", "Status", "differences_between", "read_state", "read_status"]

State = Literal["suspended", "deploying", "running", "never deployed", "not running"]


@dataclass(frozen=True, slots=True)
class Status:
    """An application with its web process, its last deployment, and its differences from the descriptor."""

    target: Target
    application: Application
    web: Process
    state: State
    last: Deployment | None
    differences: tuple[str, ...]


def read_status(client: SevallaClient, target: Target) -> Status:
    """Return how an application is; raises PlatformError, also when it has not one web process."""
    application = client.application(target.id)
    webs = [process for process in client.processes(target.id) if process.type == "web"]
    if len(webs) != 1:
        raise PlatformError(f"{target.name} has {len(webs)} web processes instead of one: look at Processes")
    deployments = client.deployments(target.id)
    differences = tuple(_differences(target.described, application, webs[0]))
    last = deployments[0] if deployments else None
    return Status(target, application, webs[0], _state(application.is_suspended, deployments), last, differences)


def read_state(client: SevallaClient, target: Target) -> State:
    """Return an application's state alone; raises PlatformError."""
    return _state(client.application(target.id).is_suspended, client.deployments(target.id))


def differences_between(statuses: Sequence[Status]) -> list[str]:
    """Return what does not fit between the applications, a line each."""
    clusters = {status.application.cluster_id for status in statuses}
    if len(clusters) > 1:
        return ["the applications are not in the same location: an internal connection needs that"]
    return []


def _state(is_suspended: bool, deployments: Sequence[Deployment]) -> State:
    """Whether it runs is inferred: the platform says whether it is suspended, and how deployments ended."""
    if is_suspended:
        return "suspended"
    if any(deployment.is_under_way for deployment in deployments[:1]):
        return "deploying"
    if any(deployment.status == "success" for deployment in deployments):
        return "running"
    return "not running" if deployments else "never deployed"


def _differences(described: Described, application: Application, web: Process) -> Iterator[str]:
    if application.auto_deploy:
        yield "automatic deployment is on, the descriptor says off: Settings > Source"
    if application.hibernation_enabled:
        yield "hibernation is on, the descriptor has none: Settings > Hibernation"
    yield from _differing("size", (web.resource_type_name or "not told").upper(), described.size)
    yield from _differing("number of instances", _instances(web), str(described.instances))
    yield from _differing("port", str(web.port), str(described.port))
    if web.is_ingress_enabled != described.public:
        here, there = ("public", "not") if web.is_ingress_enabled else ("not public", "public")
        yield f"it is {here}, the descriptor says {there}: Networking > Expose HTTP traffic"
    yield from _differing("build strategy", application.build_type or "not told", described.build.strategy)
    if application.build_type == described.build.strategy == "dockerfile":
        yield from _differing("Dockerfile", _relative(application.dockerfile_path), _relative(described.build.file))
    if web.entrypoint and web.entrypoint.split() != described.start.split():
        yield "the start command is not the descriptor's: Processes"
    yield from _differing_probe("readiness", web.readiness_probe, described.probes.readiness.path)
    yield from _differing_probe("liveness", web.liveness_probe, described.probes.liveness.path)


def _differing(what: str, found: str, described: str) -> Iterator[str]:
    if found != described:
        yield f"{what} is {found}, the descriptor says {described}"


def _differing_probe(what: str, probe: Probe | None, path: str) -> Iterator[str]:
    if probe is None:
        yield f"the {what} probe is off, the descriptor says {path}"
    elif probe.path != path:
        yield f"the {what} probe asks for {probe.path or 'no address'}, the descriptor says {path}"


def _instances(web: Process) -> str:
    scaling = web.scaling_strategy
    if scaling is None or scaling.type != "manual" or scaling.config.instance_count is None:
        return "not fixed" if scaling else "not told"
    return str(scaling.config.instance_count)


def _relative(path: str | None) -> str:
    return (path or "not told").removeprefix("./").lstrip("/")
