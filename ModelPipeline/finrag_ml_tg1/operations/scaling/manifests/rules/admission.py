"""Admission policies: bound, and with something to say."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field, mappings

__all__ = ["RULES"]

_GROUP = "admissionregistration.k8s.io"


def policy_is_bound(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A policy does nothing until a binding names it."""
    if manifest.is_a("ValidatingAdmissionPolicy", _GROUP):
        bindings = kit.of("ValidatingAdmissionPolicyBinding", _GROUP)
        if not any(field(binding.body, "spec", "policyName") == manifest.name for binding in bindings):
            yield "no ValidatingAdmissionPolicyBinding beside it names it, so it does nothing: add one"


def policy_says_something(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A policy has expressions, each with a message for whoever it refuses, and says what they are asked of."""
    if not manifest.is_a("ValidatingAdmissionPolicy", _GROUP):
        return
    validations = mappings(field(manifest.body, "spec", "validations"))
    if not validations:
        yield "spec.validations is empty: write an expression"
    for validation in validations:
        if not validation.get("message") and not validation.get("messageExpression"):
            yield "a validation has no message: say what is wrong and what to do"
    if not mappings(field(manifest.body, "spec", "matchConstraints", "resourceRules")):
        yield "spec.matchConstraints.resourceRules is empty: name what it is asked of"


def binding_has_its_policy(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A binding names a policy that is there, and what happens."""
    if not manifest.is_a("ValidatingAdmissionPolicyBinding", _GROUP):
        return
    name = str(field(manifest.body, "spec", "policyName") or "")
    if not kit.has("ValidatingAdmissionPolicy", _GROUP, name, ""):
        yield f"there is no ValidatingAdmissionPolicy {name} beside it: see spec.policyName"
    actions = field(manifest.body, "spec", "validationActions") or []
    if not actions:
        yield "spec.validationActions is empty: write Deny, Warn or Audit"
    elif "Deny" in actions and "Warn" in actions:
        yield "Deny and Warn together are refused by the API server: write one"


RULES: tuple[Rule, ...] = (policy_is_bound, policy_says_something, binding_has_its_policy)
