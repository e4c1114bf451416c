"""Addresses in settings: a host of the cluster is a Service that is there, at a port that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import containers_of

__all__ = ["RULES"]

_ADDRESS = re.compile(
    r"(?:https?|qdrant\+https?|rediss?)://(?:[^@/]*@)?(?P<host>[a-z0-9-]+)"
    r"(?:\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local)?)?(?::(?P<port>[0-9]+))?(?:/.*)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def addresses_reach_services(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A name without dots (or one that ends in .svc, of the same namespace) is a Service's; overlays may rename it."""
    for name, value in _values(manifest):
        found = _ADDRESS.fullmatch(value)
        if not kit.final or found is None or found["host"] == "localhost":
            continue
        if found["namespace"] not in {None, manifest.namespace}:
            continue
        service = kit.find("Service", "", found["host"], manifest.namespace)
        port = int(found["port"] or _DEFAULT_PORTS.get(value.partition("://")[0], 0))
        if service is None:
            yield f"{name} names the host {found['host']}, and there is no such Service: write its name"
        elif port and port not in {known.get("port") for known in mappings(field(service.body, "spec", "ports"))}:
            yield f"{name} names port {port}, which Service {found['host']} does not have: see its ports"


def _values(manifest: Manifest) -> Iterator[tuple[str, str]]:
    if manifest.is_a("ConfigMap"):
        yield from ((str(name), str(value)) for name, value in (manifest.body.get("data") or {}).items())
    for container in containers_of(manifest):
        for variable in mappings(container.body.get("env")):
            yield str(variable.get("name")), str(variable.get("value", ""))


RULES: tuple[Rule, ...] = (addresses_reach_services,)
