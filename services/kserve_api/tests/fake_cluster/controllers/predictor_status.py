"""What KServe reports of an InferenceService from its Knative Service and pods (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, condition

Object = dict[str, Any]


def component_status(before: Object, service: Object) -> Object:
    """`status.components.predictor`: revisions, traffic and addresses, remembering what was rolled out in full."""
    status = service.get("status", {})
    ready, created = status.get("latestReadyRevisionName", ""), status.get("latestCreatedRevisionName", "")
    after = dict(before)
    shares: dict[str, int] = {}
    for target in status.get("traffic", []):
        shares[target["revisionName"]] = shares.get(target["revisionName"], 0) + target.get("percent", 0)
    for target in status.get("traffic", []):
        if target["revisionName"] != ready or not target.get("latestRevision"):
            continue
        percent = target.get("percent", 0)
        if after.get("latestRolledoutRevision", "") != ready:
            if percent == 100:
                _put(after, "previousRolledoutRevision", after.get("latestRolledoutRevision", ""))
                after["latestRolledoutRevision"] = ready
        elif ready == created and percent < 100 and shares[ready] == 100 and after.get("previousRolledoutRevision"):
            # Fully rolled out, then rolled back: both targets name the same revision, so the one before takes over.
            after["latestRolledoutRevision"] = after["previousRolledoutRevision"]
    _put(after, "latestReadyRevision", ready)
    _put(after, "latestCreatedRevision", created)
    after["traffic"] = status.get("traffic", [])
    found = condition(service, "Ready")
    if found is not None and found["status"] == "True":
        after["url"] = status["url"]
        after["address"] = status["address"]
    return after


def _put(status: Object, field: str, value: str) -> None:
    if value:
        status[field] = value
    else:
        status.pop(field, None)


def copy_service_conditions(conditions: Conditions, service: Object) -> None:
    """PredictorReady, PredictorRouteReady, PredictorConfigurationReady, and the two that sum up all components."""
    conditions.copy("PredictorReady", condition(service, "Ready"))
    conditions.copy("PredictorRouteReady", condition(service, "RoutesReady"))
    conditions.copy("PredictorConfigurationReady", condition(service, "ConfigurationsReady"))
    for total, part in (
        ("RoutesReady", "PredictorRouteReady"),
        ("LatestDeploymentReady", "PredictorConfigurationReady"),
    ):
        truth = conditions.truth(part)
        conditions.mark(total, truth, "" if truth == "True" else f"{part} not ready")


def model_status(status: Object, pods: Sequence[Object], service: Object | None) -> Object:
    """`status.modelStatus` from the pods of the latest revision; `service` is None in Standard mode."""
    before = status.get("modelStatus", {})
    states = dict(before.get("states", {}))
    made: Object = {"transitionStatus": before.get("transitionStatus", "InProgress")}
    made["copies"] = {"failedCopies": 0, "totalCopies": sum(1 for pod in pods if _pod_ready(pod))}
    component = status.get("components", {}).get("predictor", {})
    target, failure = "Pending", None
    if not pods:
        if service is not None and any(
            item["status"] == "False" for item in service.get("status", {}).get("conditions", [])
        ):
            target = "FailedToLoad"
    elif _ready(status) and component.get("latestCreatedRevision") == component.get("latestReadyRevision"):
        target = "Loaded"
    else:
        failure = _crash(pods[0])
        target = "FailedToLoad" if failure else "Pending"
    states["targetModelState"] = target
    if target == "Loaded":
        states["activeModelState"] = "Loaded"
    states.setdefault("activeModelState", "")
    made["transitionStatus"] = {"Loaded": "UpToDate", "FailedToLoad": "BlockedByFailedLoad"}.get(target, "InProgress")
    made["states"] = states
    if failure or "lastFailureInfo" in before:
        made["lastFailureInfo"] = failure or before["lastFailureInfo"]
    return made


def _ready(status: Object) -> bool:
    found = condition({"status": status}, "Ready")
    return found is not None and found["status"] == "True"


def _pod_ready(pod: Object) -> bool:
    found = condition(pod, "Ready")
    return found is not None and found["status"] == "True"


def _crash(pod: Object) -> Object | None:
    for container in pod.get("status", {}).get("containerStatuses", []):
        ended = container.get("lastState", {}).get("terminated")
        if container["name"] == "kserve-container" and ended:
            return {
                "reason": "ModelLoadFailed",
                "message": ended.get("message", ""),
                "exitCode": ended["exitCode"],
            }
    return None
