"""KServe's webhooks for InferenceServices, and what the schema of its CRD says of quantities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kserve_api.tests.fake_cluster.kinds import KINDS
from kserve_api.tests.fake_cluster.status_error import StatusError, invalid
from kserve_api.tests.fake_cluster.store import Object, ObjectStore

_KEY = "inferenceservices.serving.kserve.io"
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NUMBER = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_QUANTITY = re.compile(rf"[+-]?{_NUMBER}([KMGTPE]i|[numkMGTPE]|[eE][+-]?{_NUMBER})?")
MODE = "serving.kserve.io/deploymentMode"
_RESOURCES = (
    ("limits", "cpu", "cpuLimit"),
    ("limits", "memory", "memoryLimit"),
    ("requests", "cpu", "cpuRequest"),
    ("requests", "memory", "memoryRequest"),
)


def admit_isvc(store: ObjectStore, old: Object | None, item: Object, user: str) -> Object:
    """Defaults, then the CRD's schema, then the validating webhook."""
    _default(store, item)
    _check_quantities(item)
    problem = next(_problems(old, item), None)
    if problem is not None:
        hook = "inferenceservice.kserve-webhook-server.validator"
        raise StatusError(403, "Forbidden", f'admission webhook "{hook}" denied the request: {problem}')
    return item


def _settings(store: ObjectStore, section: str) -> dict[str, Any]:
    found = store.find("configmaps", "kserve", "inferenceservice-config") or {}
    values: dict[str, Any] = json.loads(found.get("data", {}).get(section, "{}"))
    return values


def _default(store: ObjectStore, item: Object) -> None:
    annotations = item["metadata"].get("annotations", {})
    default_mode = _settings(store, "deploy").get("defaultDeploymentMode", "Standard")
    if MODE not in annotations and default_mode in ("Standard", "RawDeployment", "ModelMesh"):
        item["metadata"].setdefault("annotations", {})[MODE] = default_mode
    containers = item.get("spec", {}).get("predictor", {}).get("containers") or []
    if containers:
        containers[0].setdefault("name", "kserve-container")
        resources = containers[0].setdefault("resources", {})
        for part, what, setting in _RESOURCES:
            default = _settings(store, "inferenceService").get("resource", {}).get(setting)
            if default:
                resources.setdefault(part, {}).setdefault(what, default)


def _check_quantities(item: Object) -> None:
    for index, container in enumerate(item.get("spec", {}).get("predictor", {}).get("containers") or []):
        for part in ("requests", "limits"):
            for what, value in container.get("resources", {}).get(part, {}).items():
                if not _QUANTITY.fullmatch(str(value)):
                    field = f"spec.predictor.containers[{index}].resources.{part}.{what}"
                    why = f'Invalid value: "{value}": {field} in body should match the form of a quantity'
                    raise invalid(KINDS[_KEY], item["metadata"].get("name", ""), (field, "FieldValueInvalid", why))


def _problems(old: Object | None, item: Object) -> Iterator[str]:
    """What is wrong, in the order in which KServe looks; it tells only the first."""
    name, predictor = item["metadata"].get("name", ""), item.get("spec", {}).get("predictor", {})
    mode = item["metadata"].get("annotations", {}).get(MODE, "")
    recorded = (old or {}).get("status", {}).get("deploymentMode", "")
    if recorded and mode not in ("", recorded):
        yield f"update rejected: deploymentMode cannot be changed from '{recorded}' to '{mode}'"
    if not _NAME.fullmatch(name):
        yield (
            f'The InferenceService "{name}" is invalid: a InferenceService name must consist of lower case '
            f"alphanumeric characters or '-', and must start with alphabetical character. (regex: '{_NAME.pattern}')"
        )
    if not (predictor.get("containers") or predictor.get("model")):
        yield "Exactly one of [Custom, Model] must be specified in PredictorSpec"
    least, most = predictor.get("minReplicas") or 0, predictor.get("maxReplicas", 0)
    if least < 0:
        yield "MinReplicas cannot be less than 0."
    if most < 0:
        yield "MaxReplicas cannot be less than 0."
    if most != 0 and least > most:
        yield "MinReplicas cannot be greater than MaxReplicas."
    if predictor.get("containerConcurrency", 0) < 0:
        yield "Parallelism cannot be less than 0."
    metric = predictor.get("scaleMetric", "concurrency")
    if mode not in ("Standard", "RawDeployment") and metric not in ("concurrency", "rps"):
        yield f"[{metric}] is not a supported metric"
    if metric == "rps" and predictor.get("scaleTarget", 1) < 1:
        yield "the target for rps should be greater than 1"
