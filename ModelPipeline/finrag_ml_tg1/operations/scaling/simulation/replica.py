"""One replica as the simulation sees it, and what the autoscaler reads of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.scaling.autoscaler.desired import Reading
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec, MetricTarget, TargetKind
from finrag_ml_tg1.operations.scaling.errors import ScalingError

__all__ = ["Load", "Replica", "readings_of"]

# Exact enough for a metric, and small enough to count with.
_STEPS = 10**6
_BYTES_PER_MB = 2**20


@dataclass(frozen=True, slots=True)
class Replica:
    """What one replica does and asks for.

    `rate` is in answers a second while always busy, which uses `cpu` cores; `places` are those at work or waiting;
    `memory_mb` (2²⁰ bytes) is used whatever the load. `start_s` passes from being wanted to serving. Who is refused
    asks again `retries` times. Utilisation is a share of the requests.
    """

    rate: float
    places: int = 4
    memory_mb: float = 512
    cpu: float = 1
    requested_cpu: float = 1
    requested_memory_mb: float = 2048
    start_s: float = 30
    retries: int = 1

    def __post_init__(self) -> None:
        positive = (self.rate, self.places, self.memory_mb, self.cpu, self.requested_cpu, self.requested_memory_mb)
        if min(positive) <= 0 or self.start_s < 0 or self.retries < 0:
            raise ScalingError("a replica's rate, places, memory, processors and requests are more than nothing")


@dataclass(frozen=True, slots=True)
class Load:
    """What one replica had since the autoscaler last looked: shares and means of that time."""

    busy: float
    requests_per_s: float
    p95_s: float


_Measure = Callable[[Replica, Load], float]
# Metrics of Kubernetes by their name: the share of the request, and the amount of a pod (cores, bytes).
_SHARES: dict[str, _Measure] = {
    "cpu": lambda replica, load: 100 * load.busy * replica.cpu / replica.requested_cpu,
    "memory": lambda replica, _: 100 * replica.memory_mb / replica.requested_memory_mb,
}
_AMOUNTS: dict[str, _Measure] = {
    "cpu": lambda replica, load: load.busy * replica.cpu,
    "memory": lambda replica, _: replica.memory_mb * _BYTES_PER_MB,
    "requests_per_second": lambda _, load: load.requests_per_s,
    "query_duration_p95_seconds": lambda _, load: load.p95_s,
}


def readings_of(
    spec: AutoscalerSpec, replica: Replica, load: Load, ready: int, unready: int
) -> dict[str, Reading | None]:
    """Return each of the autoscaler's metrics over the pods, all of which have the same load.

    Raises `ScalingError` for a metric that is not known here, naming those that are.
    """
    return {
        metric.name: Reading(ready * _measured(metric, replica, load), ready, unready=unready)
        for metric in spec.metrics
    }


def _measured(metric: MetricTarget, replica: Replica, load: Load) -> Fraction:
    measures = _SHARES if metric.kind is TargetKind.UTILIZATION else _AMOUNTS
    if metric.name not in measures:
        raise ScalingError(f"the metric {metric.name} is not simulated: known are {', '.join(measures)}")
    return Fraction(round(measures[metric.name](replica, load) * _STEPS), _STEPS)
