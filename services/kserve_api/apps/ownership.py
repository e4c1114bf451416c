"""Whose an InferenceService is, and what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kserve_api.apps.app import MANAGED_BY
from kserve_api.apps.errors import app_not_found
from kserve_api.apps.manifest import APP_LABEL, MANAGED_BY_LABEL, TENANT_LABEL
from kserve_api.cluster.cluster import Object
from kserve_api.cluster.resources import INFERENCE_SERVICE
from kserve_api.errors import ApiError

__all__ = ["app_selector", "check_owner", "of_tenant", "owner_reference", "tenant_selector"]

_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def tenant_selector(tenant: str) -> str:
    """Label selector of a tenant's objects. Raises ValueError for a name that is no label value: a setting is wrong."""
    if not _LABEL_VALUE.fullmatch(tenant):
        raise ValueError(f"The tenant name {tenant!r} is not the value of a Kubernetes label.")
    return f"{MANAGED_BY_LABEL}={MANAGED_BY},{TENANT_LABEL}={tenant}"


def app_selector(name: str, tenant: str) -> str:
    """Label selector of what we made for a tenant's app of this name."""
    return f"{tenant_selector(tenant)},{APP_LABEL}={name}"


def of_tenant(things: Sequence[Object], tenant: str) -> list[Object]:
    """Those revisions or pods of an app's name that are the tenant's: KServe hands our label on to them.

    An app of the same name may have been another tenant's a moment ago, and what it was made of goes after it.
    """
    return [thing for thing in things if (thing["metadata"].get("labels") or {}).get(TENANT_LABEL, tenant) == tenant]


def check_owner(service: Object, tenant: str) -> None:
    """Raise ApiError 409 `not_managed` when it was not deployed here, 404 when it is another tenant's."""
    metadata = service["metadata"]
    labels = metadata.get("labels") or {}
    if labels.get(MANAGED_BY_LABEL) != MANAGED_BY:
        message = f"{metadata['name']} in namespace {metadata['namespace']} was not deployed by this service."
        raise ApiError(409, "not_managed", message)
    if labels.get(TENANT_LABEL) != tenant:
        raise app_not_found(metadata["namespace"], metadata["name"])


def owner_reference(service: Object) -> Object:
    """With it an object is deleted when the InferenceService is."""
    return {
        "apiVersion": INFERENCE_SERVICE.api_version,
        "kind": INFERENCE_SERVICE.kind,
        "name": service["metadata"]["name"],
        "uid": service["metadata"]["uid"],
    }
