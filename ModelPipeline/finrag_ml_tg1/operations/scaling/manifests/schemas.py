"""Fields and types: Kubernetes' own schemas for its kinds, compact ones of ours for the kinds that others define.

Ours know the fields that we write, and no other: a field that somebody begins to use is added there, where it is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import kubernetes_validate
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest
from finrag_ml_tg1.operations.scaling.manifests.pods import KNATIVE, KSERVE, pod_template

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
    yield from (_told(error) for error in _validator(ours).iter_errors(dict(manifest.body)))
    yield from _core_mistakes({"apiVersion": "v1", "kind": "ConfigMap", "metadata": manifest.body.get("metadata")})
    template = pod_template(manifest)
    if template and isinstance(template.spec.get("containers"), list):
        place = "spec.predictor." if manifest.kind == "InferenceService" else "spec.template.spec."
        spec = {key: value for key, value in template.spec.items() if key not in _NOT_OF_PODS}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}
        yield from (place + mistake.removeprefix("spec.") for mistake in _core_mistakes(pod))


def _core_mistakes(body: Body) -> list[str]:
    # The library looks at the first part of a group only, and would take apps.example.com for apps.
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io"):
        return [f"no schema for {body.get('kind')} of {group}: add a compact one to manifests/custom_kinds"]
    return list(_validated(json.dumps(body, default=str)))


# Overlays have most objects in common, and each takes 10 ms.
@lru_cache(maxsize=4096)
def _validated(text: str) -> tuple[str, ...]:
    body = json.loads(text)
    try:
        kubernetes_validate.validate(body, OLDEST_KUBERNETES, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        kind, version = body["kind"], body["apiVersion"]
        return (f"Kubernetes {OLDEST_KUBERNETES} has no {kind} in {version}: see its versions",)
    except ValidationError as error:
        return (_told(error),)
    return ()


def _told(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "the object"
    return f"{place}: {' '.join(error.message.split())[:300]}"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((_SCHEMAS / name).read_text("utf-8")))
