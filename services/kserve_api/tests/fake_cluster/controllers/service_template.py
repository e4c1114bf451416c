"""KServe's half of a deployment: from an InferenceService to the Knative Service of its predictor (pure)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]

MIN_SCALE = "autoscaling.knative.dev/min-scale"
MAX_SCALE = "autoscaling.knative.dev/max-scale"
INITIAL_SCALE = "autoscaling.knative.dev/initial-scale"
SCALE_TARGET = "autoscaling.knative.dev/target"
SCALE_METRIC = "autoscaling.knative.dev/metric"
SCALING_CLASS = "autoscaling.knative.dev/class"
ROLLOUT_DURATION = "serving.knative.dev/rollout-duration"

# KServe never hands these on from an InferenceService: the first two it makes anew from minReplicas and maxReplicas.
NOT_HANDED_ON = frozenset(
    {
        MIN_SCALE,
        MAX_SCALE,
        "internal.serving.kserve.io/storage-initializer-sourceuri",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
LABELS_NOT_HANDED_ON = frozenset({"networking.knative.dev/visibility"})
_POD_FIELDS = ("containers", "imagePullSecrets", "serviceAccountName", "volumes", "nodeSelector", "tolerations")


def predictor_name(isvc: Object) -> str:
    return f"{isvc['metadata']['name']}-predictor"


def knative_service(isvc: Object, autoscaler: Mapping[str, str], *, drops_zero: bool = False) -> Object:
    """The Knative Service that KServe wants; `autoscaler` is the data of ConfigMap config-autoscaler.

    `drops_zero`: an old KServe, to which minReplicas 0 is as good as none.
    """
    predictor = isvc["spec"]["predictor"]
    metadata = isvc["metadata"]
    annotations = {
        key: value
        for key, value in {**metadata.get("annotations", {}), **predictor.get("annotations", {})}.items()
        if key not in NOT_HANDED_ON
    }
    _set_scaling(annotations, predictor, autoscaler, drops_zero=drops_zero)
    service_annotations = {}
    if ROLLOUT_DURATION in annotations:
        service_annotations[ROLLOUT_DURATION] = annotations.pop(ROLLOUT_DURATION)
    labels = {
        **metadata.get("labels", {}),
        **predictor.get("labels", {}),
        "serving.kserve.io/inferenceservice": metadata["name"],
        "component": "predictor",
    }
    spec: Object = {field: copy.deepcopy(predictor[field]) for field in _POD_FIELDS if field in predictor}
    if "timeout" in predictor:
        spec["timeoutSeconds"] = predictor["timeout"]
    if "containerConcurrency" in predictor:
        spec["containerConcurrency"] = predictor["containerConcurrency"]
    template_labels = {key: value for key, value in labels.items() if key not in LABELS_NOT_HANDED_ON}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": predictor_name(isvc),
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": service_annotations,
        },
        "spec": {
            "template": {"metadata": {"labels": template_labels, "annotations": annotations}, "spec": spec},
            "traffic": traffic_targets(isvc),
        },
    }


def _set_scaling(
    annotations: dict[str, str], predictor: Object, autoscaler: Mapping[str, str], *, drops_zero: bool
) -> None:
    annotations.setdefault(SCALING_CLASS, "kpa.autoscaling.knative.dev")
    if "scaleTarget" in predictor:
        annotations[SCALE_TARGET] = str(predictor["scaleTarget"])
    if "scaleMetric" in predictor:
        annotations[SCALE_METRIC] = str(predictor["scaleMetric"])
    minimum = predictor.get("minReplicas")
    if minimum is None or (drops_zero and minimum == 0):
        minimum = 1
    annotations[MIN_SCALE] = str(minimum)
    if predictor.get("maxReplicas"):
        annotations[MAX_SCALE] = str(predictor["maxReplicas"])
    zero_allowed = autoscaler.get("allow-zero-initial-scale", "false") == "true"
    if zero_allowed and minimum == 0:
        annotations[INITIAL_SCALE] = "0"
    elif annotations.get(INITIAL_SCALE) == "0":
        del annotations[INITIAL_SCALE]


def traffic_targets(isvc: Object) -> list[Object]:
    """All traffic to the latest revision, or split between it and the one that was last rolled out in full."""
    percent = isvc["spec"]["predictor"].get("canaryTrafficPercent")
    status = isvc.get("status", {}).get("components", {}).get("predictor", {})
    rolled_out = status.get("latestRolledoutRevision", "")
    if percent is None or not rolled_out:
        return [{"latestRevision": True, "percent": 100}]
    targets: list[Object] = [{"latestRevision": True, "percent": percent}]
    if percent < 100:
        targets.append({"revisionName": rolled_out, "latestRevision": False, "percent": 100 - percent, "tag": "prev"})
    return targets
