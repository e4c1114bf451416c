"""Probes: they ask a port that is there, and a path that answers."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field
from finrag_ml_tg1.operations.scaling.manifests.pods import KSERVE, Container, containers_of

__all__ = ["RULES"]

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_ACTIONS = ("httpGet", "tcpSocket", "exec", "grpc")
_RANGES = {
    "initialDelaySeconds": 0,
    "periodSeconds": 1,
    "timeoutSeconds": 1,
    "successThreshold": 1,
    "failureThreshold": 1,
}
_SERVING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Service"})


def probes_ask_declared_ports(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """The port of a probe (and of a hook) is one that the container declares."""
    for container, name, probe in _asked(manifest):
        for action in ("httpGet", "tcpSocket", "grpc"):
            port = field(probe, action, "port")
            if port is not None and not any(
                port in (known.get("name"), known.get("containerPort")) for known in container.ports
            ):
                yield f"container {container.name}: {name} asks port {port}, which it does not declare: see its ports"


def probes_ask_real_routes(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """The path of a probe is a route of the program in the image, where its routes are known."""
    for container, name, probe in _asked(manifest):
        path = field(probe, "httpGet", "path")
        if not isinstance(path, str):
            continue
        program = container.program
        routes = kit.routes.get(program)
        if not path.startswith("/"):
            yield f"container {container.name}: {name} asks {path!r}: a path begins with /"
        elif routes is not None and path.partition("?")[0] not in routes:
            yield f"container {container.name}: {name} asks {path}, which is no route of {program}: see its routes"


def probes_are_there(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """What serves says when it is ready and when it hangs; apps of tenants may leave that to Knative."""
    if manifest.kind not in _SERVING or manifest.is_a("InferenceService", KSERVE):
        return
    for container in containers_of(manifest):
        if container.initial or not container.ports:
            continue
        for name in ("readinessProbe", "livenessProbe"):
            if container.body.get(name) is None:
                yield f"container {container.name} has no {name}: add one"


def liveness_asks_no_more_than_the_process(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A liveness probe on the readiness path restarts pods because something else is down."""
    for container in containers_of(manifest):
        alive, ready = (field(container.body, name, "httpGet", "path") for name in ("livenessProbe", "readinessProbe"))
        if alive is not None and alive == ready:
            yield f"container {container.name}: both probes ask {alive}: let livenessProbe ask the process alone"


def probes_have_one_action(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A probe asks in exactly one way."""
    for container, name, probe in _asked(manifest):
        count = sum(action in probe for action in _ACTIONS)
        if name in _PROBES and count != 1:
            yield f"container {container.name}: {name} has {count} of {', '.join(_ACTIONS)}: write one"


def probe_numbers_are_in_range(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Seconds and thresholds are at least what Kubernetes takes, and an answer is awaited no longer than a period."""
    for container, name, probe in _asked(manifest):
        for key, least in _RANGES.items():
            value = probe.get(key)
            if isinstance(value, int) and value < least:
                yield f"container {container.name}: {name}.{key} is {value}: at least {least}"
        period, timeout = probe.get("periodSeconds", 10), probe.get("timeoutSeconds", 1)
        if isinstance(period, int) and isinstance(timeout, int) and timeout > period > 0:
            yield f"container {container.name}: {name} waits {timeout} s and asks every {period} s: wait less"
        if name in {"livenessProbe", "startupProbe"} and probe.get("successThreshold", 1) != 1:
            yield f"container {container.name}: {name}.successThreshold has to be 1"


def _asked(manifest: Manifest) -> Iterator[tuple[Container, str, Body]]:
    for container in containers_of(manifest):
        for name in _PROBES:
            if isinstance(probe := container.body.get(name), dict):
                yield container, name, probe
        for name in ("postStart", "preStop"):
            if isinstance(hook := field(container.body, "lifecycle", name), dict):
                yield container, name, hook


RULES: tuple[Rule, ...] = (
    probes_ask_declared_ports,
    probes_ask_real_routes,
    probes_are_there,
    liveness_asks_no_more_than_the_process,
    probes_have_one_action,
    probe_numbers_are_in_range,
)
