"""Waiting for the cluster to do what was asked for, by a watch of the InferenceService."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing

from kserve_api.apps.app import AppSummary, Condition, Deployed
from kserve_api.apps.errors import app_not_found, cluster_errors
from kserve_api.apps.views import (
    conditions_of,
    is_ready,
    latest_created_revision,
    latest_ready_revision,
    summary_of,
)
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import INFERENCE_SERVICE
from kserve_api.errors import ApiError, ClusterError
from kserve_api.settings import Settings

__all__ = ["wait_until_gone", "wait_until_ready"]

_LOOK_AGAIN_S = 5.0
_GIVEN_UP = "RevisionFailed"  # Knative's reason when a new revision will not become ready by itself.


async def wait_until_ready(
    cluster: Cluster, settings: Settings, namespace: str, name: str, *, deployed: Deployed, timeout_s: float
) -> AppSummary:
    """Return the app once the revision that was deployed is ready and serves.

    504 `not_ready_in_time`; 422 `app_failed` when the cluster has given up on the new revision; 404 when it is deleted.
    """
    conditions: Sequence[Condition] = ()
    watch = cluster.watch(INFERENCE_SERVICE, namespace, name=name, timeout_s=timeout_s)
    with cluster_errors():
        async with aclosing(watch) as changes:
            async for change in changes:
                if change.type == "DELETED":
                    raise app_not_found(namespace, name)
                conditions = conditions_of(change.object)
                if not _is_newer(change.object, deployed):
                    continue
                if _is_served(change.object):
                    return summary_of(change.object, settings)
                _raise_if_given_up(conditions)
    message = f"The app is deployed but was not ready within {timeout_s:.0f} s; its conditions say why."
    raise ApiError(504, "not_ready_in_time", message, details=_told(conditions))


async def wait_until_gone(cluster: Cluster, namespace: str, name: str, *, uid: str, timeout_s: float) -> bool:
    """Return True once the InferenceService with this uid is no longer there, False after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    with cluster_errors():
        while (left := deadline - time.monotonic()) > 0:
            # A watch of what is not there any more would wait in vain.
            if await _uid(cluster, namespace, name) != uid:
                return True
            watch = cluster.watch(INFERENCE_SERVICE, namespace, name=name, timeout_s=min(left, _LOOK_AGAIN_S))
            async with aclosing(watch) as changes:
                async for change in changes:
                    if change.type == "DELETED" or change.object["metadata"]["uid"] != uid:
                        return True
        return await _uid(cluster, namespace, name) != uid


async def _uid(cluster: Cluster, namespace: str, name: str) -> str:
    try:
        return str((await cluster.get(INFERENCE_SERVICE, name, namespace))["metadata"]["uid"])
    except ClusterError as error:
        if error.status == 404:
            return ""
        raise


def _is_newer(service: Object, deployed: Deployed) -> bool:
    """Whether its status speaks of what was deployed: until KServe has seen it, it is still of the one before."""
    observed = (service.get("status") or {}).get("observedGeneration", deployed.generation)
    if service["metadata"].get("generation", 0) < deployed.generation or observed < deployed.generation:
        return False
    return not deployed.changed or latest_created_revision(service) not in ("", deployed.previous_revision)


def _is_served(service: Object) -> bool:
    return is_ready(service) and latest_ready_revision(service) == latest_created_revision(service)


def _raise_if_given_up(conditions: Sequence[Condition]) -> None:
    failure = next((one for one in conditions if one.status == "False" and one.reason == _GIVEN_UP), None)
    if failure:
        raise ApiError(422, "app_failed", f"The app does not start: {failure.message}", details=_told(conditions))


def _told(conditions: Sequence[Condition]) -> dict[str, object]:
    return {
        "conditions": [
            {"type": one.type, "status": one.status, "reason": one.reason, "message": one.message} for one in conditions
        ]
    }
