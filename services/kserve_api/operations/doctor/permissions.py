"""Whether RBAC lets this account do what the service does, verb by verb, and whether the namespaces are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kserve_api.apps.permissions import required_permissions
from kserve_api.cluster.resources import (
    CONFIG_MAP,
    DOMAIN_MAPPING,
    EVENT,
    INFERENCE_SERVICE,
    KNATIVE_SERVICE,
    NAMESPACE,
    POD,
    Resource,
)
from kserve_api.errors import ClusterError
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, warn
from kserve_api.operations.doctor.surroundings import Surroundings

__all__ = ["permission_checks"]

_FORBIDDEN, _NOT_FOUND = 403, 404
_UNTOLD = "the service works without it, and says in its answers what it could not find out"
_UNKNOWN = "only the doctor needs it (components doctor and doctor-tenant of the manifests): else its check is unknown"


@dataclass(frozen=True, slots=True)
class _Right:
    """One verb on one resource; without what is not `needed` something is not told: `then` says what."""

    verb: str
    resource: Resource
    namespace: str | None
    subresource: str = ""
    name: str = ""
    then: str = ""

    @property
    def needed(self) -> bool:
        """Whether the service does not work without it."""
        return not self.then


def permission_checks(around: Surroundings, namespaces: Sequence[str]) -> Sequence[Check]:
    """Return the checks of what this account may do in the namespaces of apps and of the platform."""
    return (
        Check("namespaces", lambda: _namespaces(around, namespaces), "kubectl get namespaces"),
        Check("permissions", lambda: _permissions(around, namespaces), "kubectl auth can-i --list"),
    )


async def _namespaces(around: Surroundings, namespaces: Sequence[str]) -> Sequence[Finding]:
    return [await _namespace(around, namespace) for namespace in namespaces]


async def _namespace(around: Surroundings, namespace: str) -> Finding:
    try:
        found = await around.cluster.get(NAMESPACE, namespace)
    except ClusterError as error:
        if error.status == _NOT_FOUND:
            return fail(
                f"there is no namespace {namespace}",
                "make it with its Role and quota: an overlay of deploy/kubernetes/kserve-api/tenant",
                f"kubectl create namespace {namespace}",
            )
        if error.status == _FORBIDDEN and await around.cluster.may("list", INFERENCE_SERVICE, namespace):
            # The service's own account may not read namespaces, but its Role lies in this one.
            return ok(f"{namespace}: apps may be listed there")
        raise
    if (found.get("metadata") or {}).get("deletionTimestamp"):
        return fail(
            f"{namespace} is being deleted, with every app in it",
            "wait until it is gone, then make it again",
            f"kubectl get namespace {namespace} -o yaml",
        )
    return ok(namespace)


async def _permissions(around: Surroundings, namespaces: Sequence[str]) -> Sequence[Finding]:
    rights = [*_of_the_service(around, namespaces), *_of_the_doctor(around, namespaces)]
    refused = [
        right
        for right in rights
        if not await around.cluster.may(
            right.verb, right.resource, right.namespace, subresource=right.subresource, name=right.name
        )
    ]
    whose = "the account of this kubeconfig" if around.settings.kubeconfig else "the service's account"
    return [_refused(around, right) for right in refused] or [ok(f"{len(rights)} verbs, each allowed to {whose}")]


def _of_the_service(around: Surroundings, namespaces: Sequence[str]) -> Iterator[_Right]:
    settings = around.settings
    places: dict[str, Sequence[str | None]] = {
        "apps": namespaces,
        "knative": [settings.knative_namespace],
        "cluster": [None],
    }
    for each in required_permissions(settings):
        for place in places[each.scope]:
            for name in each.names or ("",):
                for verb in each.verbs:
                    yield _Right(verb, each.resource, place, each.subresource, name, _UNTOLD if each.optional else "")


def _of_the_doctor(around: Surroundings, namespaces: Sequence[str]) -> Iterator[_Right]:
    settings = around.settings
    for namespace in namespaces:
        yield _Right("get", KNATIVE_SERVICE, namespace, then=_UNKNOWN)
        yield _Right("list", EVENT, namespace, then=_UNKNOWN)
    yield _Right("list", POD, settings.kourier_namespace, then=_UNKNOWN)
    for name in ("config-network", "config-domain"):
        yield _Right("get", CONFIG_MAP, settings.knative_namespace, name=name, then=_UNKNOWN)
    yield _Right("get", CONFIG_MAP, settings.kserve_namespace, name="inferenceservice-config", then=_UNKNOWN)
    yield _Right("get", DOMAIN_MAPPING, around.service_namespace, name=around.own_host, then=_UNKNOWN)


def _refused(around: Surroundings, right: _Right) -> Finding:
    what = right.resource.plural + (f"/{right.subresource}" if right.subresource else "")
    of = f" {right.name}" if right.name else ""
    where = f" in {right.namespace}" if right.namespace else ""
    command = (
        f"kubectl auth can-i {right.verb} {_kubectl_name(right)}"
        + (f" --subresource {right.subresource}" if right.subresource else "")
        + (f" -n {right.namespace}" if right.namespace else "")
        + f" --as system:serviceaccount:{around.service_namespace}:kserve-api"
    )
    text = f"this account may not {right.verb} {what}{of}{where}"
    if right.needed:
        fix = "apply the manifests (deploy/kubernetes/kserve-api), in each namespace of apps the part tenant"
        return fail(text, fix, command)
    return warn(text, right.then, command)


def _kubectl_name(right: _Right) -> str:
    kind = f"{right.resource.plural}.{right.resource.group}" if right.resource.group else right.resource.plural
    return f"{kind}/{right.name}" if right.name else kind
