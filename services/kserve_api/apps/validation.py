"""What may be deployed; checked before the cluster is asked for anything (KS-01)."""

from __future__ import annotations

from collections.abc import Mapping

from kserve_api.apps.app import Deployment, Resources
from kserve_api.settings import Settings

__all__ = ["SIZES", "check_app_name", "check_deployment", "check_namespace"]

SIZES: Mapping[str, Resources] = {
    "sm": Resources(cpu_limit="500m", memory_limit="512Mi"),
    "md": Resources(cpu_limit="1", memory_limit="1Gi"),
    "lg": Resources(cpu_limit="1", memory_limit="2Gi"),
    "xl": Resources(cpu_limit="2", memory_limit="4Gi"),
}


def check_app_name(name: str, namespace: str) -> None:
    """Raise ApiError 422 `invalid_request` unless an app of the namespace can have this name."""
    raise NotImplementedError


def check_namespace(namespace: str) -> None:
    """Raise ApiError 422 `invalid_request` unless it is a DNS label (it goes into paths as it is)."""
    raise NotImplementedError


def check_deployment(wanted: Deployment, settings: Settings) -> None:
    """Raise ApiError 422 `invalid_request` with every mistake in `details["errors"]` as {field, message}."""
    raise NotImplementedError
