"""Exactly the verbs that the operations on apps use, per feature: for readiness, the doctor, the manifests' test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kserve_api.cluster.resources import (
    CLUSTER_DOMAIN_CLAIM,
    CONFIG_MAP,
    DOMAIN_MAPPING,
    INFERENCE_SERVICE,
    POD,
    POD_AUTOSCALER,
    REVISION,
    SECRET,
    Resource,
)
from kserve_api.settings import Settings

__all__ = ["REQUIRED", "Permission", "required_permissions"]


@dataclass(frozen=True, slots=True)
class Permission:
    """One resource and the verbs used on it.

    `scope`: `apps` = in every namespace that holds apps; `knative` = in that platform namespace, only the objects in
    `names`; `cluster` = cluster-wide. `needed_if` names the setting without which it is not used. `optional`: without
    it the service works and says in its answers what it could not find out.
    """

    feature: str
    resource: Resource
    verbs: Sequence[str]
    scope: Literal["apps", "knative", "cluster"] = "apps"
    subresource: str = ""
    names: Sequence[str] = ()
    needed_if: Literal["", "domain_claims", "patch_old_kserve"] = ""
    optional: bool = False


REQUIRED: tuple[Permission, ...] = (
    Permission("apps", INFERENCE_SERVICE, ("get", "list", "watch", "create", "patch", "delete")),
    Permission("revisions and rollback", REVISION, ("list",)),
    Permission("domains", DOMAIN_MAPPING, ("get", "list", "create", "patch", "delete")),
    Permission("domains of other namespaces", CLUSTER_DOMAIN_CLAIM, ("get",), scope="cluster", optional=True),
    Permission("secret variables", SECRET, ("get", "list", "create", "patch", "delete")),
    Permission("logs", POD, ("list",)),
    Permission("logs", POD, ("get",), subresource="log"),
    Permission("scale to zero", POD_AUTOSCALER, ("get",), optional=True),
    Permission("scale to zero", CONFIG_MAP, ("get",), scope="knative", names=("config-autoscaler",), optional=True),
    Permission(
        "domain claims", CLUSTER_DOMAIN_CLAIM, ("get", "create", "delete"), scope="cluster", needed_if="domain_claims"
    ),
    Permission("patch of an old KServe", REVISION, ("get", "patch"), needed_if="patch_old_kserve"),
)


def required_permissions(settings: Settings) -> tuple[Permission, ...]:
    """The permissions that this configuration uses."""
    used = {
        "": True,
        "domain_claims": settings.domain_claims == "create",
        "patch_old_kserve": settings.patch_old_kserve,
    }
    return tuple(permission for permission in REQUIRED if used[permission.needed_if])
