"""SelfSubjectAccessReview and SelfSubjectRulesReview: what the asker may do."""

from __future__ import annotations

from kserve_api.tests.fake_cluster.entry import Object
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.rbac import Access, User

__all__ = ["review"]


def review(access: Access, user: User, kind: Kind, item: Object) -> Object:
    """The review with its status."""
    spec = item.get("spec") or {}
    answered = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"creationTimestamp": None},
        "spec": spec,
    }
    if kind.kind == "SelfSubjectRulesReview":
        return answered | {"status": _rules(access, user, spec.get("namespace", ""))}
    if (path := spec.get("nonResourceAttributes")) is not None:
        allowed = access.allowed_path(user, path.get("verb", "get"), path.get("path", ""))
    else:
        wanted = spec.get("resourceAttributes") or {}
        resource = wanted.get("resource", "")
        if wanted.get("subresource"):
            resource = f"{resource}/{wanted['subresource']}"
        allowed = access.allowed(
            user,
            wanted.get("verb", ""),
            wanted.get("group", ""),
            resource,
            wanted.get("namespace", ""),
            wanted.get("name", ""),
        )
    return answered | {"status": {"allowed": allowed}}


def _rules(access: Access, user: User, namespace: str) -> Object:
    rules = list(access.rules(user, namespace))
    if "system:masters" in user.groups:
        rules = [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
        ]
    return {
        "resourceRules": [rule for rule in rules if "resources" in rule],
        "nonResourceRules": [rule for rule in rules if "nonResourceURLs" in rule],
        "incomplete": False,
    }
