"""One tier of the kit on one trace: its overlay's autoscaler, its pods' requests, and the speed that was measured."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.operations.scaling.autoscaler.overlay import read_overlay_autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.requests import read_requests
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec
from finrag_ml_tg1.operations.scaling.load.measured import Measured
from finrag_ml_tg1.operations.scaling.planning.replicas import PLACES, RETRIES, answering
from finrag_ml_tg1.operations.scaling.simulation.replica import Replica

__all__ = ["START_S", "tier_autoscaler", "tier_replica"]

_ROLE = "backend"
# Assumed: a node with room and the image, 2 s until it is ready (start_150k.json), and ten until a probe sees it.
START_S = 15


def tier_autoscaler(kit: Path, overlay: str) -> AutoscalerSpec:
    """Return the autoscaler of the back ends in an overlay of the kit."""
    return read_overlay_autoscaler(kit, overlay, _ROLE)


def tier_replica(
    kit: Path, measured: Measured, passages: int, *, engine_ms: int | None = None, start_s: float = START_S
) -> Replica:
    """Return one back end of the kit over so many passages; with `engine_ms` open questions are searched outside.

    It then holds no coarse vectors, and is taken to need no more memory than a tenth of the largest index measured.
    """
    requests = read_requests(kit / "base" / _ROLE / "deployment.yaml")
    return Replica(
        rate=answering(measured, passages, engine_ms).rate,
        places=PLACES,
        memory_mb=measured.memory_mb_at(passages if engine_ms is None else min(passages, measured.largest // 10)),
        requested_cpu=float(requests.cpu),
        requested_memory_mb=float(requests.memory_mb),
        start_s=start_s,
        retries=RETRIES,
    )
