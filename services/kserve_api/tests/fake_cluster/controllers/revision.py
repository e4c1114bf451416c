"""Knative's controller of Revisions: digest of the image, PodAutoscaler, what its pods make of it."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, condition, is_true
from kserve_api.tests.fake_cluster.controllers.configuration import child_name, seconds
from kserve_api.tests.fake_cluster.controllers.platform import AUTOSCALER, REVISION, Platform, owner
from kserve_api.tests.fake_cluster.controllers.registry import ResolutionError
from kserve_api.tests.fake_cluster.controllers.route import ROUTING_STATE

Object = dict[str, Any]

_DEPENDS_ON = ("ResourcesAvailable", "ContainerHealthy")
_REACHABILITY = {"active": "Reachable", "reserve": "Unreachable", "pending": "Unknown"}


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    revision = platform.store.find(REVISION, namespace, name)
    if revision is None or "deletionTimestamp" in revision["metadata"]:
        return
    status: Object = revision.setdefault("status", {})
    status["observedGeneration"] = revision["metadata"]["generation"]
    conditions = Conditions(status, depends_on=_DEPENDS_ON, now=platform.clock.stamp())
    if "containerStatuses" not in status:
        try:
            status["containerStatuses"] = _digests(platform, revision)
        except ResolutionError as problem:
            image = revision["spec"]["containers"][0]["image"]
            why = f'Unable to fetch image "{image}": {problem}'
            conditions.mark("ContainerHealthy", "False", "ContainerMissing", why)
            platform.store.set_status(REVISION, namespace, name, status)
            return
        revision = platform.store.set_status(REVISION, namespace, name, status)
        conditions.mark("ResourcesAvailable", "Unknown", "Deploying")
        conditions.mark("ContainerHealthy", "Unknown", "Deploying")
    autoscaler = _ensure_autoscaler(platform, revision)
    _take_over(platform, revision, autoscaler, conditions, status)
    platform.store.set_status(REVISION, namespace, name, status)


def _digests(platform: Platform, revision: Object) -> list[Object]:
    namespace, spec = revision["metadata"]["namespace"], revision["spec"]
    account_name = spec.get("serviceAccountName", "default")
    account = platform.store.find("serviceaccounts", namespace, account_name)
    if account is None and account_name != "default":
        raise ResolutionError(f'failed to initialize authentication: serviceaccounts "{account_name}" not found')
    names = [item["name"] for item in [*spec.get("imagePullSecrets", []), *(account or {}).get("imagePullSecrets", [])]]
    found = any(platform.store.find("secrets", namespace, name) is not None for name in names)
    skipped = platform.config("config-deployment").get(
        "registries-skipping-tag-resolving", "kind.local,ko.local,dev.local"
    )
    made = []
    for container in spec["containers"]:
        image = container["image"]
        if image.partition("/")[0] in skipped.split(","):
            made.append({"name": container["name"], "imageDigest": image})
        else:
            made.append({"name": container["name"], "imageDigest": platform.registry.resolve(image, with_secret=found)})
    return made


def _ensure_autoscaler(platform: Platform, revision: Object) -> Object:
    """Its spec and annotations are those of the revision, whatever somebody made of them in between."""
    metadata = revision["metadata"]
    wanted: Object = {
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": {**metadata["labels"], "app": metadata["name"], "serving.knative.dev/revision": metadata["name"]},
            "annotations": dict(metadata.get("annotations", {})),
            "ownerReferences": [owner(revision)],
        },
        "spec": {
            "containerConcurrency": revision["spec"].get("containerConcurrency", 0),
            "protocolType": "http1",
            "reachability": _REACHABILITY[metadata["labels"][ROUTING_STATE]],
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": child_name(metadata["name"], "-deployment"),
            },
        },
    }
    autoscaler = platform.ensure(AUTOSCALER, wanted, "spec")
    if platform.resyncs_autoscalers and autoscaler["metadata"].get("annotations") != wanted["metadata"]["annotations"]:
        autoscaler["metadata"]["annotations"] = wanted["metadata"]["annotations"]
        autoscaler = platform.store.replace(AUTOSCALER, autoscaler)
    return autoscaler


def _take_over(
    platform: Platform, revision: Object, autoscaler: Object, conditions: Conditions, status: Object
) -> None:
    scale = autoscaler.get("status", {})
    for theirs, ours in (("actualScale", "actualReplicas"), ("desiredScale", "desiredReplicas")):
        if theirs in scale:
            status[ours] = scale[theirs]
    active = condition(autoscaler, "Active")
    conditions.copy("Active", active)
    if is_true(autoscaler, "ScaleTargetInitialized"):
        conditions.mark("ResourcesAvailable", "True")
        conditions.mark("ContainerHealthy", "True")
    elif active is not None and active.get("reason") == "TimedOut":
        _mark_unavailable(conditions, "ProgressDeadlineExceeded", "Initial scale was never achieved")
    namespace, name = revision["metadata"]["namespace"], revision["metadata"]["name"]
    pods = platform.store.list("pods", namespace, labels=f"serving.knative.dev/revision={name}")
    if not pods or any(is_true(pod) for pod in pods):
        return
    container = pods[0]["status"]["containerStatuses"][0]
    ended = container.get("lastState", {}).get("terminated")
    waiting = container["state"].get("waiting")
    if ended:
        why = f"Container failed with: {ended['message']}"
        conditions.mark("ContainerHealthy", "False", f"ExitCode{ended['exitCode']}", why)
    elif waiting and platform.clock.age_s(pods[0]["status"]["startTime"]) >= progress_deadline_s(platform):
        _mark_unavailable(conditions, waiting["reason"], waiting["message"])


def _mark_unavailable(conditions: Conditions, reason: str, message: str) -> None:
    if conditions.truth("ResourcesAvailable") != "False":
        conditions.mark("ResourcesAvailable", "False", reason, message)


def progress_deadline_s(platform: Platform) -> float:
    """How long a revision may take to its first ready pods."""
    return seconds(platform.config("config-deployment").get("progress-deadline", "600s"))
