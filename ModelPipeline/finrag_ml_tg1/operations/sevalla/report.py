"""The applications' states for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.operations.sevalla.deploying import told_deployment
from finrag_ml_tg1.operations.sevalla.shapes import Probe, Process
from finrag_ml_tg1.operations.sevalla.states import Status

__all__ = ["status_json", "status_lines"]


def status_lines(status: Status) -> Iterator[str]:
    """Yield the lines about one application; differences from the descriptor begin with an arrow."""
    web, application = status.web, status.application
    yield f"{status.target.name} ({status.target.role}, {status.target.id}): {status.state}"
    reach = "public" if web.is_ingress_enabled else "not public"
    deployed = "on" if application.auto_deploy else "off"
    yield f"  size {_size(web)}, {_instances(web)}, port {web.port}, {reach}, automatic deployment {deployed}"
    yield f"  probes: readiness {_probe(web.readiness_probe)}, liveness {_probe(web.liveness_probe)}"
    yield f"  internal hostname: {web.internal_hostname or 'not told'}"
    yield f"  last deployment: {told_deployment(status.last) if status.last else 'none'}"
    for difference in status.differences:
        yield f"  → {difference}"


def status_json(statuses: Sequence[Status], missing: Sequence[str], differences: Sequence[str]) -> str:
    """Return one JSON object; `differences` are those between the applications, each has its own as well."""
    content = {
        "applications": [_as_object(status) for status in statuses],
        "missing": list(missing),
        "differences": list(differences),
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def _as_object(status: Status) -> dict[str, object]:
    web, last = status.web, status.last
    return {
        "role": status.target.role,
        "name": status.target.name,
        "id": status.target.id,
        "state": status.state,
        "platform_status": status.application.status,
        "size": web.resource_type_name,
        "cpu_millicores": web.cpu_limit,
        "memory_mb": web.memory_limit,
        "instances": web.scaling_strategy.config.instance_count if web.scaling_strategy else None,
        "port": web.port,
        "public": web.is_ingress_enabled,
        "auto_deploy": status.application.auto_deploy,
        "readiness": _probe(web.readiness_probe),
        "liveness": _probe(web.liveness_probe),
        "internal_hostname": web.internal_hostname,
        "deployment": None if last is None else last.model_dump(mode="json"),
        "differences": list(status.differences),
    }


def _size(web: Process) -> str:
    name = (web.resource_type_name or "not told").upper()
    if web.cpu_limit is None or web.memory_limit is None:
        return name
    return f"{name} ({web.cpu_limit / 1000:g} CPU, {web.memory_limit} MB)"


def _instances(web: Process) -> str:
    scaling = web.scaling_strategy
    if scaling is None or scaling.config.instance_count is None:
        return "instances not told" if scaling is None else f"instances: {scaling.type} scaling"
    return f"{scaling.config.instance_count} instance" + ("" if scaling.config.instance_count == 1 else "s")


def _probe(probe: Probe | None) -> str:
    return "off" if probe is None else probe.path or "on"
