"""`docker-compose.yml`: the same two applications on one machine, in the same sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from checks.deploy_kit.files import Files
from checks.deploy_kit.sizes import read_sizes
from finrag_ml_tg1.operations.cost.prices import Size
from finrag_ml_tg1.operations.deployment.descriptor import Application, Descriptor

__all__ = ["compose_mistakes"]

NAME = "docker-compose.yml"
# A name that is looked up when the file is read, and what it is without.
_DEFAULTED = re.compile(r"\$\{[A-Z_]+:-([^}]*)\}")

Service = Mapping[str, Any]


def compose_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the file, with the service's name."""
    try:
        services = _services(files[NAME])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        yield f"{NAME}: no services can be read: {' '.join(str(error).split())}"
        return
    sizes = read_sizes(files["deploy/pricing.yaml"])
    if set(services) != {"backend", "frontend"}:
        yield f"{NAME}: its services are {' '.join(services)}, not backend and frontend"
        return
    for role, service in services.items():
        application: Application = getattr(descriptor.applications, role)
        found = [
            *_build(service, application),
            *_limits(service, sizes.get(application.size)),
            *_ports(service, application),
            *_environment(service, application, descriptor.applications.backend.port),
            *_health(service, application),
            *_harm(service),
            *_end(service, application),
        ]
        yield from (f"{NAME}: {role}: {mistake}" for mistake in found)
    if services["frontend"].get("depends_on") != {"backend": {"condition": "service_healthy"}}:
        yield f"{NAME}: frontend: it does not wait until the back end is healthy"


@cache
def _services(text: str) -> Mapping[str, Service]:
    services: Mapping[str, Service] = yaml.safe_load(text)["services"]
    return services


def _build(service: Service, application: Application) -> Iterator[str]:
    if service.get("build") != {"context": ".", "dockerfile": application.build.file}:
        yield f"it is not built from {application.build.file} in this folder"
    for option in ("command", "entrypoint"):
        if option in service:
            yield f"it has a {option} of its own: the image's is the right one"


def _limits(service: Service, size: Size | None) -> Iterator[str]:
    if size is None:
        return  # said of the descriptor
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    if Decimal(str(limits.get("cpus", 0))) != size.cpu:
        yield f"its limit is {limits.get('cpus')} CPUs, its size has {size.cpu}"
    for name, limit in (("memory", limits.get("memory")), ("memswap_limit", service.get("memswap_limit"))):
        if limit != f"{size.memory_mb}m":
            yield f"{name} is {limit}, its size has {size.memory_mb}m"


def _ports(service: Service, application: Application) -> Iterator[str]:
    published = [str(port).rpartition(":")[2] for port in service.get("ports", [])]
    if application.public and published != [str(application.port)]:
        yield f"it publishes {' '.join(published) or 'nothing'}, not port {application.port}"
    if not application.public and published:
        yield "it is reached from outside: ports, where expose is meant"
    exposed = [str(port) for port in service.get("expose", [])]
    if not application.public and exposed != [str(application.port)]:
        yield f"it exposes {' '.join(exposed) or 'nothing'}, not port {application.port}"


def _environment(service: Service, application: Application, backend_port: int) -> Iterator[str]:
    environment: Mapping[str, object] = service.get("environment", {})
    for variable in application.variables:
        if variable.name not in environment:
            yield f"{variable.name} is not passed on"
            continue
        value = environment[variable.name]
        default = None if value is None else _DEFAULTED.sub(r"\1", str(value))
        if variable.secret and value is not None:
            yield f"{variable.name} has a value: it is a secret, and passed on by its name alone"
        if variable.value is not None and default != variable.value:
            yield f"{variable.name} is {default!r}, not {variable.value!r} as in sevalla.yml"
    if "BACKEND_URL" in environment and environment["BACKEND_URL"] != f"http://backend:{backend_port}":
        yield f"BACKEND_URL is not http://backend:{backend_port}"
    for name, value in application.threads.items():
        if str(environment.get(name, value)) != value:
            yield f"{name} is {environment[name]}, not {value} as in sevalla.yml"


def _health(service: Service, application: Application) -> Iterator[str]:
    probe = application.probes.readiness
    health = service.get("healthcheck", {})
    asked = " ".join(map(str, health.get("test", [])))
    if f"'http://127.0.0.1:{application.port}{probe.path}'" not in asked:
        yield f"its health check does not ask {probe.path} on port {application.port}"
    if probe.body is not None and f"b'{probe.body}'" not in asked:
        yield f"its health check does not look for the body {probe.body}"
    expected = {"interval": f"{probe.period_s}s", "timeout": f"{probe.timeout_s}s", "retries": probe.failures}
    for name, value in expected.items():
        if health.get(name) != value:
            yield f"its health check has {name} {health.get(name)}, the readiness probe {value}"


def _harm(service: Service) -> Iterator[str]:
    if service.get("read_only") is not True:
        yield "its file system can be written: read_only"
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
        yield "it has rights that it does not need: cap_drop and no-new-privileges"
    if service.get("privileged") or service.get("network_mode") == "host":
        yield "it is not contained"
    places = [str(place).partition(":")[0] for place in service.get("tmpfs", [])]
    places += [str(volume).split(":")[1] for volume in service.get("volumes", []) if isinstance(volume, str)]
    if "/tmp" not in places:
        yield "nothing can be written at /tmp, where its cache and its home are"


def _end(service: Service, application: Application) -> Iterator[str]:
    grace = re.fullmatch(r"(\d+)s", str(service.get("stop_grace_period")))
    needed = re.search(r"--timeout-graceful-shutdown (\d+)", application.start)
    if grace is None or int(grace[1]) < (int(needed[1]) if needed else 0) + 5:
        yield "stop_grace_period leaves the server no time to end by itself: 30s"
