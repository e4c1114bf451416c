"""Checks of the descriptor itself: valid, its schema of today, and in agreement with what the servers do."""

from __future__ import annotations

import re
from pathlib import Path

from finrag_ml_tg1.operations.deployment.descriptor import descriptor_schema
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.sevalla.dashboard import BY_HAND
from finrag_ml_tg1.operations.doctor.sevalla.plan import ROLES, Plan, Role

__all__ = ["PROBE_PATHS", "check_descriptor", "check_location", "check_ports", "check_probes", "left_to_look_at"]

SCHEMA_FILE = Path("deploy", "sevalla", "sevalla.schema.json")
# The routes that each server has for being asked how it is: readiness, liveness.
PROBE_PATHS: dict[Role, tuple[str, str]] = {
    "backend": ("/readyz", "/livez"),
    "frontend": ("/_stcore/health", "/_stcore/health"),
}
_HEALTHY = "ok"


def check_descriptor(plan: Plan) -> Finding:
    """Look whether the descriptor is valid, and its schema that of this program."""
    descriptor = plan.descriptor
    schema = plan.file.parent / SCHEMA_FILE
    if schema.is_file() and schema.read_text("utf-8") != descriptor_schema():
        return warning(f"{plan.file} is valid; {SCHEMA_FILE} is not of today", "python -m docs.generate")
    sizes = ", ".join(f"{plan.application(role).name} {plan.application(role).size}" for role in ROLES)
    return ok(f"{plan.file} is valid: {sizes}, {descriptor.location}; no deployment by a push")


def check_ports(plan: Plan) -> Finding:
    """Look whether each start command, and the example of BACKEND_URL, have the port of their application."""
    wrong = []
    for role in ROLES:
        application = plan.application(role)
        ports = re.findall(r"\$\{PORT:-(\d+)\}", application.start)
        if ports != [str(application.port)]:
            wrong.append(
                f"{role}: port is {application.port}, its start command has {' '.join(ports) or 'no ${PORT:-…}'}"
            )
    port = plan.application("backend").port
    for variable in plan.application("frontend").variables:
        if variable.name == "BACKEND_URL" and variable.example and not variable.example.endswith(f":{port}"):
            wrong.append(f"frontend: the example of BACKEND_URL does not end with the back end's port {port}")
    if wrong:
        return failed("; ".join(wrong), "write one number in all of them, and the same under Networking > Update port")
    numbers = ", ".join(f"{role} {plan.application(role).port}" for role in ROLES)
    return ok(f"{numbers}: legal, not reserved, and the same in the start commands")


def check_probes(plan: Plan) -> Finding:
    """Look whether the probes ask routes that the servers have for it."""
    wrong = []
    for role in ROLES:
        probes = plan.application(role).probes
        for name, probe, path in zip(
            ("readiness", "liveness"), (probes.readiness, probes.liveness), PROBE_PATHS[role], strict=True
        ):
            if probe.path != path:
                wrong.append(f"{role}: {name} asks {probe.path} instead of {path}")
            elif role == "frontend" and probe.body != _HEALTHY:
                wrong.append(f"{role}: {name} has no `body: {_HEALTHY}`, and every path answers 200 there")
    if wrong:
        return failed("; ".join(wrong), "mend the descriptor, and Processes > ⋯ > Update process > Health checks")
    return ok("readiness and liveness ask the routes that are there for it")


def check_location(plan: Plan) -> Finding:
    """Look whether pods and bucket are in the same part of the world, by the names of both."""
    location, config = plan.descriptor.location, plan.settings("backend").config
    if config.aws_endpoint_url_s3 is not None:
        return skipped(f"where the bucket of another service lies is not known; the pods are in {location}")
    region = config.aws_region or ""
    if _part_of_world(location) != _part_of_world(region):
        return warning(
            f"the pods are in {location}, the bucket in {region or 'no named region'}",
            "choose for both the location nearest to the bucket, it cannot be changed afterwards: the first "
            "question about each company reads from the bucket",
        )
    return ok(f"pods in {location}, bucket in {region}")


def left_to_look_at() -> Finding:
    """Return what only the dashboard shows."""
    return skipped("cannot be seen from here, look at it in the dashboard:", *BY_HAND)


def _part_of_world(place: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z]+", place.lower())[:2])
