"""One tier of the kit on one trace: its overlay's autoscaler, its pods' requests, and the speed that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from finrag_ml_tg1.operations.scaling.autoscaler.overlay import read_overlay_autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.measured import Measured
from finrag_ml_tg1.operations.scaling.manifests.manifest import field, read_documents
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity
from finrag_ml_tg1.operations.scaling.planning.replicas import PLACES, RETRIES, answering
from finrag_ml_tg1.operations.scaling.simulation.replica import Replica

__all__ = ["START_S", "tier_autoscaler", "tier_replica"]

_ROLE = "backend"
_BYTES_PER_MB = 2**20
# Assumed: a node with room and the image, 2 s until it is ready (start_150k.json), and ten until a probe finds that out.
START_S = 15


def tier_autoscaler(kit: Path, overlay: str) -> AutoscalerSpec:
    """Return the autoscaler of the back ends in an overlay of the kit."""
    return read_overlay_autoscaler(kit, overlay, _ROLE)


def tier_replica(
    kit: Path, measured: Measured, passages: int, *, engine_ms: int | None = None, start_s: float = START_S
) -> Replica:
    """Return one back end of the kit over so many passages; with `engine_ms` open questions are searched outside."""
    requests = _requests(kit / "base" / _ROLE / "deployment.yaml")
    return Replica(
        rate=answering(measured, passages, engine_ms).rate,
        places=PLACES,
        memory_mb=measured.memory_mb_at(passages if engine_ms is None else min(passages, measured.largest // 10)),
        requested_cpu=float(requests["cpu"]),
        requested_memory_mb=float(requests["memory"] / _BYTES_PER_MB),
        start_s=start_s,
        retries=RETRIES,
    )


def _requests(path: Path) -> Mapping[str, Decimal]:
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
    if not requests or any(not isinstance(one, Mapping) for one in requests):
        raise ScalingError(f"{path}: every container needs resources.requests")
    return {name: sum((parse_quantity(one[name]) for one in requests), Decimal()) for name in ("cpu", "memory")}
