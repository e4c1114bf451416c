"""Fields and types: Kubernetes' own schemas for its kinds, compact ones of ours for the kinds that others define.

Ours know the fields that we write, and no other: a field that somebody begins to use is added there, where it is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from kubernetes_validate.utils import all_versions, schema_contents
from referencing import Registry, Resource

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


# Overlays have most objects in common, and each takes some milliseconds.
@lru_cache(maxsize=4096)
def _validated(text: str) -> tuple[str, ...]:
    body = json.loads(text)
    kind, version = body["kind"], body["apiVersion"]
    try:
        error = best_match(_core_validator(kind, version).iter_errors(body))
    except FileNotFoundError:
        return (f"Kubernetes {OLDEST_KUBERNETES} has no {kind} in {version}: see its versions",)
    return () if error is None else (_told(error),)


@cache
def _core_validator(kind: str, api_version: str) -> Draft202012Validator:
    """The validator of the library's strict schema; its own `validate` reads all definitions again for each object.

    Raises FileNotFoundError for a kind that Kubernetes has not.
    """
    group, _, version = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part)
    schema = schema_contents(f"{_strict_schemas()}/{name}.json", OLDEST_KUBERNETES)
    return Draft202012Validator(schema, registry=_definitions())


@cache
def _definitions() -> Registry:
    content = schema_contents(f"{_strict_schemas()}/_definitions.json", OLDEST_KUBERNETES)
    return Resource.from_contents(content) @ Registry()


@cache
def _strict_schemas() -> str:
    newest = [version for version in all_versions() if f"{version}.".startswith(f"{OLDEST_KUBERNETES}.")][-1]
    return f"kubernetes-json-schema/v{newest}-local-strict"


def _told(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "the object"
    return f"{place}: {' '.join(error.message.split())[:300]}"


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((_SCHEMAS / name).read_text("utf-8")))
