"""Storage that has one writer: one pod, not scaled, and an admission policy that keeps it so; claims that are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import pod_template
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity
from finrag_ml_tg1.operations.scaling.manifests.rules.scaling import scaled_by

__all__ = ["RULES", "SINGLE_WRITER"]

SINGLE_WRITER = "finrag/single-writer"
"""The label that says so, of a StatefulSet, its selector and its pods."""

_COMPONENT = "app.kubernetes.io/component"
_ADMISSION = "admissionregistration.k8s.io"


def single_writer_has_one_pod(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Two pods that write to one storage damage it; a Deployment has two at each rollout."""
    if not _is_single_writer(manifest):
        return
    if manifest.kind != "StatefulSet":
        yield f"it has one writer, and a {manifest.kind} may have two pods for a while: make it a StatefulSet"
    elif field(manifest.body, "spec", "replicas") != 1:
        yield f"it has one writer and {field(manifest.body, 'spec', 'replicas')} replicas: set spec.replicas: 1"
    for claim in mappings(field(manifest.body, "spec", "volumeClaimTemplates")):
        if "ReadWriteMany" in (field(claim, "spec", "accessModes") or ()):
            yield "it has one writer, and ReadWriteMany lets others write: claim ReadWriteOnce"


def single_writer_is_said_everywhere(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """The policy sees the object's label, and of a scaling only the selector."""
    if manifest.group != "apps":
        return
    if _is_single_writer(manifest):
        missing = [place for place, labels in _places(manifest) if field(labels, SINGLE_WRITER) != "true"]
        if missing:
            yield f'{" and ".join(missing)} lack {SINGLE_WRITER}: "true", which the admission policy looks for: add it'
    elif manifest.kind == "StatefulSet" and manifest.labels.get(_COMPONENT) == "storage":
        yield f'it is storage, and nothing keeps it at one pod: label it {SINGLE_WRITER}: "true"'


def single_writer_is_guarded(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """The API server refuses a second pod, from whichever side it is asked for."""
    if not _is_single_writer(manifest):
        return
    policies = [
        policy for policy in kit.of("ValidatingAdmissionPolicy", _ADMISSION) if SINGLE_WRITER in json.dumps(policy.body)
    ]
    guarded = {
        resource
        for policy in policies
        for rule in mappings(field(policy.body, "spec", "matchConstraints", "resourceRules"))
        if "UPDATE" in (rule.get("operations") or ())
        for resource in rule.get("resources") or ()
    }
    for resource in ("statefulsets", "statefulsets/scale"):
        if resource not in guarded:
            yield f"no ValidatingAdmissionPolicy beside it keeps {resource} with its label at one: add it"


def single_writer_is_not_scaled(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """No autoscaler is for storage with one writer."""
    target = scaled_by(manifest)
    found = kit.find(target[1], target[0], target[2], manifest.namespace) if target else None
    if found is not None and _is_single_writer(found):
        yield f"{found.kind} {found.name} has one writer and is not scaled: remove the autoscaler"


def claims_are_whole(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A claim says how much, and who may mount it."""
    claims = mappings(field(manifest.body, "spec", "volumeClaimTemplates"))
    for claim in [*claims, *([manifest.body] if manifest.is_a("PersistentVolumeClaim") else [])]:
        name = str(field(claim, "metadata", "name"))
        size = field(claim, "spec", "resources", "requests", "storage")
        try:
            if size is None or parse_quantity(size) <= 0:
                yield f"the claim {name} asks for no storage: set resources.requests.storage"
        except ValueError as error:
            yield f"the claim {name}: {error}"
        if not field(claim, "spec", "accessModes"):
            yield f"the claim {name} has no accessModes: write [ReadWriteOnce]"


def _is_single_writer(manifest: Manifest) -> bool:
    return manifest.group == "apps" and any(field(labels, SINGLE_WRITER) == "true" for _, labels in _places(manifest))


def _places(manifest: Manifest) -> Iterator[tuple[str, Body | None]]:
    template = pod_template(manifest)
    yield "metadata.labels", manifest.labels
    yield "spec.selector.matchLabels", field(manifest.body, "spec", "selector", "matchLabels")
    yield "the template's labels", template.labels if template else None


RULES: tuple[Rule, ...] = (
    single_writer_has_one_pod,
    single_writer_is_said_everywhere,
    single_writer_is_guarded,
    single_writer_is_not_scaled,
    claims_are_whole,
)
