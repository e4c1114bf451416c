"""Whether an app really can go to no pods, and if not, why (KS-03).

The number that counts is the min-scale of the newest ready revision: KServe writes it there, and Knative copies it to
the PodAutoscaler again and again. So a patch of the PodAutoscaler does not last; the optional patch for an old KServe
changes the revision.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from kserve_api.apps.app import Condition
from kserve_api.apps.manifest import AppState, stamp_of, state_of
from kserve_api.apps.revisions import is_revision_ready, newest_first
from kserve_api.apps.views import latest_created_revision
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import CONFIG_MAP, INFERENCE_SERVICE, POD_AUTOSCALER, REVISION
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

__all__ = ["CONDITION", "ScaleToZeroGuard", "effective_min_scale"]

CONDITION = "ScaleToZero"
_MIN_SCALE = "autoscaling.knative.dev/min-scale"
_OLD_MIN_SCALE = "autoscaling.knative.dev/minScale"
_INITIAL_SCALE = "autoscaling.knative.dev/initial-scale"
_MODE = "serving.kserve.io/deploymentMode"
_KNATIVE_MODES = ("Knative", "Serverless")
_CONFIG_FOR_S = 10.0
_PATCH_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class _Config:
    """Data of config-autoscaler; `readable` is False when RBAC forbids it."""

    data: dict[str, str]
    readable: bool = True


def effective_min_scale(revision: Object, config: dict[str, str]) -> int:
    """The least number of pods that Knative keeps for a revision (its annotation, else the cluster's `min-scale`)."""
    annotations = revision["metadata"].get("annotations") or {}
    text = annotations.get(_MIN_SCALE) or annotations.get(_OLD_MIN_SCALE) or config.get("min-scale") or "0"
    return int(text) if text.isdecimal() else 0


class ScaleToZeroGuard:
    """Computes the condition `ScaleToZero`; reads config-autoscaler at most every 10 s. Raises ClusterError."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._lock = asyncio.Lock()
        self._config = _Config({})
        self._config_until = 0.0

    async def condition(self, service: Object, state: AppState, revisions: Sequence[Object]) -> Condition:
        """True: it goes to no pods when idle. False or Unknown: the reason names the cause."""
        if state.min_scale:
            return _no("MinScale", f"min_scale is {state.min_scale}: that many pods always run, as was asked for.")
        mode = _mode(service)
        if mode not in _KNATIVE_MODES:
            message = (
                f"KServe runs the app in mode {mode}, which keeps a pod; it must be Knative (Serverless before 0.16)."
            )
            return _no("DeploymentMode", message)
        config = await self._autoscaler_config()
        if config.data.get("enable-scale-to-zero", "true").lower() != "true":
            message = "The cluster's ConfigMap config-autoscaler has enable-scale-to-zero false."
            return _no("DisabledInCluster", message)
        return await self._of_newest_revision(revisions, config)

    async def patch_new_revision(self, namespace: str, name: str, *, stamp: str) -> None:
        """Set min-scale 0 on the revision that was made of this deployment, if that wants it, once it is there.

        For a KServe that does not carry `minReplicas: 0`. Touches no other revision; doing it twice changes nothing.
        Gives up after two minutes.
        """
        seen = ""
        async with aclosing(
            self._cluster.watch(INFERENCE_SERVICE, namespace, name=name, timeout_s=_PATCH_WITHIN_S)
        ) as changes:
            async for change in changes:
                created = latest_created_revision(change.object)
                if change.type == "DELETED" or stamp_of(change.object) != stamp or state_of(change.object).min_scale:
                    return
                if created in ("", seen):
                    continue
                seen = created
                revision = await self._cluster.get(REVISION, created, namespace)
                if stamp_of(revision) == stamp:
                    await self._patch(revision)
                    return

    async def _patch(self, revision: Object) -> None:
        if effective_min_scale(revision, {}):
            metadata = revision["metadata"]
            patch: Object = {"metadata": {"annotations": {_MIN_SCALE: "0"}}}
            await self._cluster.merge_patch(REVISION, metadata["name"], patch, metadata["namespace"])

    async def _of_newest_revision(self, revisions: Sequence[Object], config: _Config) -> Condition:
        ordered = newest_first(revisions)
        revision = next((one for one in ordered if is_revision_ready(one)), None)
        if revision is None:
            return Condition(CONDITION, "Unknown", "NoReadyRevision", "No revision is ready yet.")
        min_scale = effective_min_scale(revision, config.data)
        if min_scale and revision is not ordered[0]:
            message = f"The newest revision is not ready; {revision['metadata']['name']} before it keeps {min_scale}."
            return Condition(CONDITION, "Unknown", "NoReadyRevision", message)
        if min_scale:
            return await self._not_carried(revision, min_scale)
        if not config.readable:
            message = f"This service may not read config-autoscaler in {self._settings.knative_namespace}."
            return Condition(CONDITION, "Unknown", "ConfigNotReadable", message)
        return Condition(CONDITION, "True", "", _first_pods(revision))

    async def _not_carried(self, revision: Object, min_scale: int) -> Condition:
        name, namespace = revision["metadata"]["name"], revision["metadata"]["namespace"]
        message = (
            f"Revision {name} has min-scale {min_scale} though min_scale is 0: this KServe does not carry "
            "minReplicas 0 to Knative (too old, or its defaults are changed)."
        )
        try:
            autoscaler = await self._cluster.get(POD_AUTOSCALER, name, namespace)
        except ClusterError as error:
            if error.status not in (403, 404):
                raise
            return _no("MinScaleNotCarried", message)
        if not effective_min_scale(autoscaler, {}):
            message += " Its PodAutoscaler was patched to 0, which Knative will undo."
        return _no("MinScaleNotCarried", message)

    async def _autoscaler_config(self) -> _Config:
        async with self._lock:
            if time.monotonic() >= self._config_until:
                self._config = await self._read_config()
                self._config_until = time.monotonic() + _CONFIG_FOR_S
            return self._config

    async def _read_config(self) -> _Config:
        try:
            found = await self._cluster.get(CONFIG_MAP, "config-autoscaler", self._settings.knative_namespace)
        except ClusterError as error:
            if error.status not in (403, 404):
                raise
            return _Config({}, readable=error.status == 404)
        return _Config(found.get("data") or {})


def _mode(service: Object) -> str:
    """The mode that KServe says it uses; older ones do not say, then the one asked for."""
    annotations = service["metadata"].get("annotations") or {}
    status = service.get("status") or {}
    return str(status.get("deploymentMode") or annotations.get(_MODE) or "Standard")


def _first_pods(revision: Object) -> str:
    """KServe asks for no first pod only where config-autoscaler has allow-zero-initial-scale true."""
    if (revision["metadata"].get("annotations") or {}).get(_INITIAL_SCALE) == "0":
        return "New revisions start without pods, so a broken image shows only at its first request."
    return (
        "Each new revision starts a pod to show that it works (allow-zero-initial-scale is false), then it stops too."
    )


def _no(reason: str, message: str) -> Condition:
    return Condition(CONDITION, "False", reason, message)
