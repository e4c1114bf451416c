"""Fields and types: Kubernetes' own schemas for its kinds, compact ones of ours for the kinds that others define.

Ours know the fields that we write, and no other: a field that somebody begins to use is added there, where it is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from checks.kubernetes.kit import Kit
from checks.kubernetes.manifest import Body, Manifest
from checks.kubernetes.pods import KNATIVE, KSERVE, pod_template

__all__ = ["OLDEST_KUBERNETES", "schema_mistakes"]

OLDEST_KUBERNETES = "1.32"

_SCHEMAS = Path(__file__).parent / "custom_kinds"
_OURS = {
    (KSERVE, "InferenceService"): "inferenceservice.json",
    (KNATIVE, "Service"): "knative-service.json",
    (KNATIVE, "DomainMapping"): "domainmapping.json",
    ("networking.internal.knative.dev", "ClusterDomainClaim"): "clusterdomainclaim.json",
    ("keda.sh", "ScaledObject"): "scaledobject.json",
}
# What such a kind has of a pod, and what only it has.
_NOT_OF_PODS = frozenset(
    "annotations canaryTrafficPercent containerConcurrency idleTimeoutSeconds labels maxReplicas minReplicas "
    "responseStartTimeoutSeconds scaleMetric scaleTarget timeout timeoutSeconds".split()
)


def schema_mistakes(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Yield the fields that do not exist, are missing, or have a wrong type."""
    ours = _OURS.get((manifest.group, manifest.kind))
    if ours is None:
        yield from _core_mistakes(manifest.body)
        return
    for error in _validator(ours).iter_errors(_plain(manifest.body)):
        yield _told(error)
    yield from _core_mistakes({"apiVersion": "v1", "kind": "ConfigMap", "metadata": manifest.body.get("metadata")})
    template = pod_template(manifest)
    if template and isinstance(template.spec.get("containers"), list):
        spec = {key: value for key, value in template.spec.items() if key not in _NOT_OF_PODS}
        yield from _core_mistakes({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec})


def _core_mistakes(body: Body) -> Iterator[str]:
    # The library looks at the first part of a group only, and would take apps.example.com for apps.
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io"):
        yield f"no schema for {body.get('kind')} of {group}: add a compact one to checks/kubernetes/custom_kinds"
        return
    try:
        kubernetes_validate.validate(_plain(body), OLDEST_KUBERNETES, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        yield f"Kubernetes {OLDEST_KUBERNETES} has no {body.get('kind')} in {body.get('apiVersion')}: see its versions"
    except ValidationError as error:
        yield _told(error)


def _told(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "the object"
    return f"{place}: {' '.join(error.message.split())[:300]}"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((_SCHEMAS / name).read_text("utf-8")))


def _plain(body: Body) -> dict[str, Any]:
    return dict(body)
