"""What the webhooks of KServe and Knative fill in and refuse.

KServe's webhook denies with 403 Forbidden, Knative's with 400 BadRequest, the schema of a CRD with 422 Invalid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from kserve_api.tests.fake_cluster.admission_isvc import admit_isvc
from kserve_api.tests.fake_cluster.admission_knative import denied, set_user
from kserve_api.tests.fake_cluster.admission_service import admit_service
from kserve_api.tests.fake_cluster.store import Object, ObjectStore

__all__ = ["admit"]

Operation = Literal["CREATE", "UPDATE"]
Admit = Callable[[ObjectStore, "Object | None", Object, str], Object]
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def admit(
    operation: Operation,
    key: str,
    old: Object | None,
    item: Object,
    namespace: str | None,
    *,
    store: ObjectStore,
    user: str = "",
) -> Object:
    """The object with defaults; StatusError when a webhook denies it. `old` is None on CREATE."""
    if operation == "UPDATE" and old is not None and "deletionTimestamp" in old["metadata"]:
        return item
    if namespace:
        item["metadata"].setdefault("namespace", namespace)
    by_kind: dict[str, Admit] = {
        "inferenceservices.serving.kserve.io": admit_isvc,
        "services.serving.knative.dev": admit_service,
        "domainmappings.serving.knative.dev": _admit_domain_mapping,
        "clusterdomainclaims.networking.internal.knative.dev": _admit_domain_claim,
    }
    return by_kind[key](store, old, item, user) if key in by_kind else item


def _admit_domain_mapping(store: ObjectStore, old: Object | None, item: Object, user: str) -> Object:
    metadata, reference = item["metadata"], item.get("spec", {}).get("ref", {})
    set_user(old, item, user)
    if reference:
        reference.setdefault("namespace", metadata["namespace"])
    problems = [] if "generateName" not in metadata else ["must not set the field(s): metadata.generateName"]
    problems += _name_problems(metadata.get("name", ""))
    missing = [f"spec.ref.{field}" for field in ("apiVersion", "kind", "name") if not reference.get(field)]
    if missing:
        problems.append(f"missing field(s): {', '.join(missing)}")
    if reference.get("namespace", metadata["namespace"]) != metadata["namespace"]:
        problems.append(
            f'mismatched namespaces: spec.ref.namespace\nparent namespace: "{metadata["namespace"]}" '
            f'does not match ref: "{reference["namespace"]}"'
        )
    if problems:
        raise denied(problems)
    return item


def _admit_domain_claim(store: ObjectStore, old: Object | None, item: Object, user: str) -> Object:
    problems = _name_problems(item["metadata"].get("name", ""))
    if not item.get("spec", {}).get("namespace"):
        problems.append("missing field(s): spec.namespace")
    if problems:
        raise denied(problems, hook="validation.webhook.serving.knative.dev")
    return item


def _name_problems(name: str) -> list[str]:
    labels = name.split(".")
    if len(labels) < 2:
        why = "should be a domain with at least two segments separated by dots"
        return [f'invalid name "{name}": name: Invalid value: "{name}": {why}: metadata.name']
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        why = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
        return [f'invalid name "{name}": name: Invalid value: "{name}": {why}: metadata.name']
    if name.endswith(".cluster.local"):
        why = 'must not be a subdomain of cluster local domain "cluster.local"'
        return [f'invalid name "{name}": {why}: metadata.name']
    return []
