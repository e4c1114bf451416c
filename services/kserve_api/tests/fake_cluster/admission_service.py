"""Knative's webhooks for Services: defaults of the template, and what they refuse in it."""

from __future__ import annotations

import re

from kserve_api.tests.fake_cluster.admission_knative import denied, set_user
from kserve_api.tests.fake_cluster.store import Object, ObjectStore

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_IMAGE = re.compile(r"[a-z0-9]+([._\-/:][a-zA-Z0-9_]+|-+[a-z0-9]+)*(@sha256:[0-9a-f]{64})?", re.ASCII)
_DURATION = re.compile(r"(\d+(\.\d+)?(ms|h|m|s))+")
_RESERVED_ENV = ("PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION")
# queue-proxy's: HTTP, HTTP/2, HTTPS, admin, autoscaling metrics, user metrics, profiling.
RESERVED_PORTS = (8012, 8013, 8112, 8022, 9090, 9091, 8008)
_SCALING = "autoscaling.knative.dev/"
_TEMPLATE = "spec.template.spec"


def admit_service(store: ObjectStore, old: Object | None, item: Object, user: str) -> Object:
    """The Service with Knative's defaults; 400 when it is not valid."""
    set_user(old, item, user)
    spec = item["spec"]["template"]["spec"]
    spec.setdefault("containerConcurrency", 0)
    spec.setdefault("timeoutSeconds", 300)
    spec.setdefault("enableServiceLinks", False)
    for container in spec.get("containers", []):
        container.setdefault("name", "user-container")
        container.setdefault("resources", {})
        container.setdefault("readinessProbe", {"successThreshold": 1, "tcpSocket": {"port": 0}})
        for port in container.get("ports", []):
            port.setdefault("protocol", "TCP")
    item["spec"].setdefault("traffic", [{"latestRevision": True, "percent": 100}])
    problems = _name(item) + _containers(spec.get("containers") or []) + _traffic(item["spec"]["traffic"])
    found = store.find("configmaps", "knative-serving", "config-autoscaler") or {}
    zero_initial = found.get("data", {}).get("allow-zero-initial-scale", "false") == "true"
    problems += _scaling(item["spec"]["template"].get("metadata", {}).get("annotations", {}), zero_initial)
    if problems:
        raise denied(problems)
    return item


def _name(item: Object) -> list[str]:
    name = item["metadata"]["name"]
    if len(name) > 63:
        return ["not a DNS 1035 label prefix: [must be no more than 63 characters]: metadata.name"]
    return [] if _DNS_1035.fullmatch(name) else [f"not a DNS 1035 label prefix: {name}: metadata.name"]


def _containers(containers: list[Object]) -> list[str]:
    if not containers:
        return [f"missing field(s): {_TEMPLATE}.containers"]
    problems = []
    ports = [port for container in containers for port in container.get("ports", [])]
    if len(ports) > 1:
        problems.append(
            f"more than one container port is set: {_TEMPLATE}.containers[*].ports\n"
            "Only a single port is allowed across all containers"
        )
    for index, container in enumerate(containers):
        field = f"{_TEMPLATE}.containers[{index}]"
        if container["name"] == "queue-proxy":
            problems.append(f'"queue-proxy" is a reserved container name: {field}.name')
        if not container.get("image"):
            problems.append(f"missing field(s): {field}.image")
        elif not _IMAGE.fullmatch(container["image"]):
            problems.append(f'Failed to parse image reference: {field}.image\nimage: "{container["image"]}"')
        for place, variable in enumerate(container.get("env", [])):
            if variable.get("name") in _RESERVED_ENV:
                name = variable["name"]
                problems.append(f'"{name}" is a reserved environment variable: {field}.env[{place}].name')
        problems += [problem for port in container.get("ports", []) for problem in _port(port, f"{field}.ports")]
    return problems


def _port(port: Object, field: str) -> list[str]:
    number, problems = port["containerPort"], []
    if number in RESERVED_PORTS:
        problems.append(f"invalid value: {number} is a reserved port: {field}.containerPort")
    if not 0 <= number <= 65535:
        problems.append(f"expected 0 <= {number} <= 65535: {field}.containerPort")
    if port.get("name", "") not in ("", "h2c", "http1"):
        problems.append(
            f"Port name {port['name']} is not allowed: {field}\nName must be empty, or one of: 'h2c', 'http1'"
        )
    if port.get("protocol", "TCP") != "TCP":
        problems.append(f"invalid value: {port['protocol']}: {field}.protocol")
    return problems


def _traffic(targets: list[Object]) -> list[str]:
    problems = []
    for index, target in enumerate(targets):
        percent = target.get("percent", 0)
        if not 0 <= percent <= 100:
            problems.append(f"expected 0 <= {percent} <= 100: spec.traffic[{index}].percent")
    total = sum(target.get("percent", 0) for target in targets)
    if total != 100:
        problems.append(f"Traffic targets sum to {total}, want 100: spec.traffic")
    return problems


def _scaling(annotations: dict[str, str], zero_initial: bool) -> list[str]:
    where, problems, bounds = "spec.template.metadata.annotations", [], {}
    for short in ("min-scale", "max-scale", "initial-scale"):
        text = annotations.get(_SCALING + short)
        if text is None:
            continue
        if not text.isdecimal():
            problems.append(f"invalid value: {text}: {where}.{_SCALING}{short}")
        else:
            bounds[short] = int(text)
    if bounds.get("max-scale") and bounds.get("min-scale", 0) > bounds["max-scale"]:
        least, most = bounds["min-scale"], bounds["max-scale"]
        problems.append(f"max-scale={most} is less than min-scale={least}: {where}")
    if bounds.get("initial-scale") == 0 and not zero_initial:
        problems.append(f"invalid value: 0: {where}.{_SCALING}initial-scale")
    target = annotations.get(_SCALING + "target")
    if target is not None and float(target) < 0.01:
        problems.append(f"target {target} should be at least 0.01: {where}.{_SCALING}target")
    retention = annotations.get(_SCALING + "scale-to-zero-pod-retention-period")
    if retention is not None and (not _DURATION.fullmatch(retention) or _seconds(retention) > 3600):
        problems.append(f"expected 0s <= {retention} <= 1h0m0s: {where}.{_SCALING}scale-to-zero-pod-retention-period")
    return problems


def _seconds(text: str) -> float:
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return sum(float(value) * units[unit] for value, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text))
