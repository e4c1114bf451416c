"""Exactly the verbs that the code uses, per feature: for readiness, the doctor, and the test of the manifests."""

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

    `scope`: `apps` = in every namespace that holds apps; `knative`, `kserve` = in those platform namespaces, only the
    objects in `names`; `cluster` = cluster-wide. `needed_if` names the setting without which it is not used.
    """

    feature: str
    resource: Resource
    verbs: Sequence[str]
    scope: Literal["apps", "knative", "kserve", "cluster"] = "apps"
    subresource: str = ""
    names: Sequence[str] = ()
    needed_if: Literal["", "domain_claims", "patch_old_kserve"] = ""


REQUIRED: tuple[Permission, ...] = (
    Permission("apps", INFERENCE_SERVICE, ("get", "list", "watch", "create", "patch", "delete")),
    Permission("revisions and traffic", REVISION, ("get", "list")),
    Permission("scale to zero", POD_AUTOSCALER, ("get",)),
    Permission("domains", DOMAIN_MAPPING, ("get", "list", "create", "patch", "delete")),
    Permission("secret variables", SECRET, ("get", "list", "create", "patch", "delete")),
    Permission("logs", POD, ("list",)),
    Permission("logs", POD, ("get",), subresource="log"),
    Permission("scale to zero", CONFIG_MAP, ("get",), scope="knative", names=("config-autoscaler", "config-network")),
    Permission("scale to zero", CONFIG_MAP, ("get",), scope="kserve", names=("inferenceservice-config",)),
    Permission("domains", CLUSTER_DOMAIN_CLAIM, ("get", "create"), scope="cluster", needed_if="domain_claims"),
    Permission("scale to zero", POD_AUTOSCALER, ("patch",), needed_if="patch_old_kserve"),
)


def required_permissions(settings: Settings) -> tuple[Permission, ...]:
    """The permissions that this configuration uses."""
    used = {
        "": True,
        "domain_claims": settings.domain_claims == "create",
        "patch_old_kserve": settings.patch_old_kserve,
    }
    return tuple(permission for permission in REQUIRED if used[permission.needed_if])
