"""Waiting for the cluster to do what was asked for, by a watch of the InferenceService."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing

from kserve_api.apps.app import AppSummary, Condition, Deployed
from kserve_api.apps.errors import app_not_found, cluster_errors
from kserve_api.apps.manifest import stamp_of
from kserve_api.apps.revisions import revision_selector
from kserve_api.apps.views import (
    conditions_of,
    is_ready,
    latest_created_revision,
    latest_ready_revision,
    summary_of,
)
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import INFERENCE_SERVICE, REVISION
from kserve_api.errors import ApiError, ClusterError
from kserve_api.settings import Settings

__all__ = ["wait_until_gone", "wait_until_ready"]

_LOOK_AGAIN_S = 5.0


async def wait_until_ready(
    cluster: Cluster, settings: Settings, namespace: str, name: str, *, deployed: Deployed, timeout_s: float
) -> AppSummary:
    """Return the app once the revision of this deployment, or of a later one, is ready and serves.

    504 `not_ready_in_time`; 422 `app_failed` when the revision has failed; 404 when the app is deleted.
    """
    conditions: Sequence[Condition] = ()
    watch = cluster.watch(INFERENCE_SERVICE, namespace, name=name, timeout_s=timeout_s)
    with cluster_errors():
        async with aclosing(watch) as changes:
            async for change in changes:
                if change.type == "DELETED":
                    raise app_not_found(namespace, name)
                conditions = conditions_of(change.object)
                revision = await _revision(cluster, change.object, deployed.stamp)
                if revision is None:
                    continue
                _raise_if_failed(revision, conditions)
                if is_ready(change.object) and latest_ready_revision(change.object) == revision["metadata"]["name"]:
                    return summary_of(change.object, settings)
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


async def _revision(cluster: Cluster, service: Object, stamp: str) -> Object | None:
    """The newest revision, if it was made of the deployment with this stamp or of a later one."""
    newest = latest_created_revision(service)
    if not newest:
        return None
    metadata = service["metadata"]
    page = await cluster.list(REVISION, metadata["namespace"], labels=revision_selector(metadata["name"]))
    found = next((revision for revision in page.items if revision["metadata"]["name"] == newest), None)
    return found if found and stamp_of(found) >= stamp else None


def _raise_if_failed(revision: Object, conditions: Sequence[Condition]) -> None:
    ready = next((one for one in conditions_of(revision) if one.type == "Ready"), None)
    if ready and ready.status == "False":
        details = _told([*conditions, ready])
        raise ApiError(422, "app_failed", f"The app does not start: {ready.message or ready.reason}", details=details)


def _told(conditions: Sequence[Condition]) -> dict[str, object]:
    return {
        "conditions": [
            {"type": one.type, "status": one.status, "reason": one.reason, "message": one.message} for one in conditions
        ]
    }
