"""Knative's autoscaler: how many pods a revision has, from its bounds, its load and how long it has been idle."""

from __future__ import annotations

import math
from typing import Any

from kserve_api.tests.fake_cluster.controllers import pods
from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, is_true
from kserve_api.tests.fake_cluster.controllers.configuration import seconds
from kserve_api.tests.fake_cluster.controllers.platform import AUTOSCALER, REVISION, Platform
from kserve_api.tests.fake_cluster.controllers.revision import progress_deadline_s
from kserve_api.tests.fake_cluster.controllers.service_template import (
    INITIAL_SCALE,
    MAX_SCALE,
    MIN_SCALE,
    SCALE_TARGET,
)

Object = dict[str, Any]

RETENTION = "autoscaling.knative.dev/scale-to-zero-pod-retention-period"
_DEPENDS_ON = ("Active", "ScaleTargetInitialized", "SKSReady")


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    autoscaler = platform.store.find(AUTOSCALER, namespace, name)
    revision = platform.store.find(REVISION, namespace, name)
    if autoscaler is None or revision is None or "containerStatuses" not in revision.get("status", {}):
        return
    if "deletionTimestamp" in autoscaler["metadata"] or "deletionTimestamp" in revision["metadata"]:
        return
    running = platform.store.list("pods", namespace, labels=f"serving.knative.dev/revision={name}")
    desired = _desired(platform, autoscaler, running)
    for pod in running[desired:]:
        platform.store.delete("pods", namespace, pod["metadata"]["name"])
    running = [pods.refresh(platform, pod) for pod in running[:desired]]
    running += [pods.start_of_revision(platform, revision) for _ in range(desired - len(running))]
    ready = sum(1 for pod in running if is_true(pod))
    if ready:
        platform.last_request.setdefault((namespace, name), platform.clock.now())
    status: Object = autoscaler.setdefault("status", {})
    _report(platform, autoscaler, desired, ready)
    status |= {
        "observedGeneration": autoscaler["metadata"]["generation"],
        "desiredScale": desired,
        "actualScale": ready,
        "serviceName": name,
        "metricsServiceName": f"{name}-private",
    }
    platform.store.set_status(AUTOSCALER, namespace, name, status)


def _report(platform: Platform, autoscaler: Object, desired: int, ready: int) -> None:
    conditions = Conditions(autoscaler["status"], depends_on=_DEPENDS_ON, now=platform.clock.stamp())
    if conditions.truth("ScaleTargetInitialized") != "True" and ready >= _initial(platform, autoscaler):
        conditions.mark("ScaleTargetInitialized", "True")
    initialized = conditions.truth("ScaleTargetInitialized") == "True"
    if desired == 0 and not initialized:
        conditions.mark("Active", "False", "TimedOut", "The target could not be activated.")
    elif desired == 0:
        conditions.mark("Active", "False", "NoTraffic", "The target is not receiving traffic.")
    elif ready:
        conditions.mark("Active", "True")
    else:
        why = "Requests to the target are being buffered as resources are provisioned."
        conditions.mark("Active", "Unknown", "Queued", why)
    conditions.mark("SKSReady", "True" if ready or initialized else "Unknown", "" if ready else "NotReady")


def _number(autoscaler: Object, key: str, default: str) -> int:
    return int(autoscaler["metadata"].get("annotations", {}).get(key, default))


def minimum(platform: Platform, autoscaler: Object) -> int:
    """Effective min-scale: a revision that no route names has none."""
    if autoscaler["spec"]["reachability"] == "Unreachable":
        return 0
    return _number(autoscaler, MIN_SCALE, platform.config("config-autoscaler").get("min-scale", "0"))


def _initial(platform: Platform, autoscaler: Object) -> int:
    settings = platform.config("config-autoscaler")
    initial = _number(autoscaler, INITIAL_SCALE, settings.get("initial-scale", "1"))
    return max(initial, minimum(platform, autoscaler))


def _desired(platform: Platform, autoscaler: Object, running: list[Object]) -> int:
    settings = platform.config("config-autoscaler")
    if not is_true(autoscaler, "ScaleTargetInitialized"):
        age_s = platform.clock.age_s(autoscaler["metadata"]["creationTimestamp"])
        return 0 if age_s >= progress_deadline_s(platform) else _initial(platform, autoscaler)
    place = (autoscaler["metadata"]["namespace"], autoscaler["metadata"]["name"])
    default_target = float(settings.get("container-concurrency-target-default", "100"))
    target = float(autoscaler["metadata"].get("annotations", {}).get(SCALE_TARGET, default_target))
    usable = target * float(settings.get("container-concurrency-target-percentage", "70")) / 100
    wanted = math.ceil(platform.load.get(place, 0.0) / usable)
    if wanted == 0 and _kept(platform, autoscaler, place, bool(running)):
        wanted = 1
    wanted = max(wanted, minimum(platform, autoscaler))
    if wanted == 0 and settings.get("enable-scale-to-zero", "true") == "false":
        wanted = 1
    most = _number(autoscaler, MAX_SCALE, settings.get("max-scale", "0"))
    return min(wanted, most) if most else wanted


def _kept(platform: Platform, autoscaler: Object, place: tuple[str, str], running: bool) -> bool:
    """Whether the last pod still stays: through the stable window, then the grace period or, if longer, the retention
    period. A request that came while there was none brings one back."""
    settings = platform.config("config-autoscaler")
    last = platform.last_request.get(place)
    if last is None:
        return running
    retention = autoscaler["metadata"].get("annotations", {}).get(RETENTION)
    retention = retention or settings.get("scale-to-zero-pod-retention-period", "0s")
    stays_s = seconds(settings.get("stable-window", "60s")) + max(
        seconds(settings.get("scale-to-zero-grace-period", "30s")), seconds(retention)
    )
    return (platform.clock.now() - last).total_seconds() < stays_s
