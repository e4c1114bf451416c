"""What the pods of a workload request: utilisation is a share of it, and nodes are filled by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.manifests.manifest import field, read_documents
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity

__all__ = ["Requests", "read_requests"]

_BYTES_PER_MB = 2**20


@dataclass(frozen=True, slots=True)
class Requests:
    """Cores and megabytes (2²⁰ bytes) of all containers of a pod."""

    cpu: Fraction
    memory_mb: Fraction


def read_requests(path: Path) -> Requests:
    """Return what the pods of a file's workload request; raises `ScalingError` when a container requests nothing."""
    try:
        documents, _ = read_documents(path.read_text("utf-8"))
    except OSError as error:
        raise ScalingError(f"{path} cannot be read: {error.strerror}") from None
    containers = [
        container
        for document in documents
        for container in field(document, "spec", "template", "spec", "containers") or ()
    ]
    requests = [field(container, "resources", "requests") for container in containers]
    if not requests or any(not isinstance(one, Mapping) or not {"cpu", "memory"} <= set(one) for one in requests):
        raise ScalingError(f"{path}: every container has to request cpu and memory")
    cpu = sum((Fraction(parse_quantity(one["cpu"])) for one in requests), Fraction())
    memory = sum((Fraction(parse_quantity(one["memory"])) for one in requests), Fraction())
    return Requests(cpu, memory / _BYTES_PER_MB)
