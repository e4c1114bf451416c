"""What the manifests of the kit say of each role: autoscalers, and what pods request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from finrag_ml_tg1.operations.scaling.autoscaler.manifest import read_autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.requests import Requests, read_requests
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.planning.facts import RoleName, RoleSize

__all__ = ["Kit", "read_kit"]

_SCALED: tuple[RoleName, ...] = ("frontend", "backend", "indexer")
_WORKLOADS: dict[RoleName, str] = {
    "frontend": "frontend/deployment.yaml",
    "backend": "backend/deployment.yaml",
    "indexer": "indexer/deployment.yaml",
    "dashboards": "dashboards/deployment.yaml",
    "redis": "storage/redis.yaml",
}


@dataclass(frozen=True, slots=True)
class Kit:
    """Autoscalers and requests by role."""

    autoscalers: Mapping[RoleName, AutoscalerSpec]
    requests: Mapping[RoleName, Requests]

    def full_shares(self) -> dict[RoleName, Fraction]:
        """Return the share of its cores that a role may use when it is sized by the autoscaler's target of them."""
        return {role: _cpu_target(autoscaler) for role, autoscaler in self.autoscalers.items()}

    def requested_shares(self, sizes: Mapping[RoleName, RoleSize]) -> dict[RoleName, Fraction]:
        """Return the same as it is in a cluster: the autoscaler's target of the requests, as a share of the cores."""
        return {
            role: share * self.requests[role].cpu / Fraction(sizes[role].cpu)
            for role, share in self.full_shares().items()
        }


def read_kit(folder: Path) -> Kit:
    """Return what the kit's base says; raises `ScalingError` as its readers do."""
    base = folder / "base"
    return Kit(
        {role: read_autoscaler(base / role / "autoscaler.yaml") for role in _SCALED},
        {role: read_requests(base / path) for role, path in _WORKLOADS.items()},
    )


def _cpu_target(autoscaler: AutoscalerSpec) -> Fraction:
    for metric in autoscaler.metrics:
        if metric.name == "cpu":
            return metric.target / 100
    raise ScalingError(f"the autoscaler of {autoscaler.target} has no target for cpu, which plans are made with")
