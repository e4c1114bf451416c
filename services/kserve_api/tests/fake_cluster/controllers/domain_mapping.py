"""Knative's controller of DomainMappings, with Kourier's word on hosts that two routes want."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.controllers import route
from kserve_api.tests.fake_cluster.controllers.conditions import Conditions
from kserve_api.tests.fake_cluster.controllers.platform import (
    DOMAIN_CLAIM,
    DOMAIN_MAPPING,
    ROUTE,
    SERVICE,
    Platform,
)

Object = dict[str, Any]

FINALIZER = "domainmappings.serving.knative.dev"
_DEPENDS_ON = ("CertificateProvisioned", "DomainClaimed", "IngressReady", "ReferenceResolved")


def _autocreates(platform: Platform) -> bool:
    return platform.config("config-network").get("autocreate-cluster-domain-claims", "false") == "true"


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    mapping = platform.store.find(DOMAIN_MAPPING, namespace, name)
    if mapping is None:
        return
    finalizers = mapping["metadata"].setdefault("finalizers", [])
    if "deletionTimestamp" in mapping["metadata"]:
        if FINALIZER in finalizers:
            _release(platform, namespace, name)
            finalizers.remove(FINALIZER)
            platform.store.replace(DOMAIN_MAPPING, mapping)
        return
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)
        mapping = platform.store.replace(DOMAIN_MAPPING, mapping)
    status: Object = mapping.setdefault("status", {})
    status["observedGeneration"] = mapping["metadata"]["generation"]
    status["url"] = f"http://{name}"
    status["address"] = {"url": f"http://{name}"}
    conditions = Conditions(status, depends_on=_DEPENDS_ON, now=platform.clock.stamp())
    conditions.mark("CertificateProvisioned", "True", "TLSNotEnabled", "external-domain-tls is not enabled")
    if not (_claim(platform, mapping, conditions) and _resolve(platform, mapping, conditions)):
        conditions.mark("IngressReady", "Unknown", "IngressNotConfigured", "Ingress has not yet been reconciled.")
    elif name in _hosts_of_routes(platform):
        why = "ingress has a conflicting domain with another ingress"
        conditions.mark("IngressReady", "False", "DomainConflict", why)
    else:
        conditions.mark("IngressReady", "True")
    platform.store.set_status(DOMAIN_MAPPING, namespace, name, status)


def _claim(platform: Platform, mapping: Object, conditions: Conditions) -> bool:
    namespace, name = mapping["metadata"]["namespace"], mapping["metadata"]["name"]
    claim = platform.store.find(DOMAIN_CLAIM, None, name)
    if claim is None and _autocreates(platform):
        claim = platform.store.create(DOMAIN_CLAIM, {"metadata": {"name": name}, "spec": {"namespace": namespace}})
    if claim is not None and claim["spec"]["namespace"] == namespace:
        conditions.mark("DomainClaimed", "True")
        return True
    why = f'namespace "{namespace}" does not own ClusterDomainClaim for "{name}"'
    if claim is None:
        why = (
            f'no ClusterDomainClaim found for domain "{name}" '
            "(and autocreate-cluster-domain-claims property is not true)"
        )
    in_use = "The domain name is already in use by another DomainMapping"
    conditions.mark("DomainClaimed", "False", "DomainAlreadyClaimed", in_use)
    conditions.mark("ReferenceResolved", "Unknown")
    platform.event(mapping, "InternalError", why)
    return False


def _resolve(platform: Platform, mapping: Object, conditions: Conditions) -> bool:
    reference, namespace = mapping["spec"]["ref"], mapping["metadata"]["namespace"]
    target, name = (reference["apiVersion"], reference["kind"]), reference["name"]
    why = f"failed to get lister for {target[0]}, Kind={target[1]}"
    if target == ("serving.knative.dev/v1", "Service"):
        service = platform.store.find(SERVICE, namespace, name)
        why = f'services.serving.knative.dev "{name}" not found'
        if service is not None:
            why = "" if "address" in service.get("status", {}) else f"address not set for {namespace}/{name}"
    elif target == ("v1", "Service"):
        why = "" if platform.store.find("services", namespace, name) else f'services "{name}" not found'
    if why:
        conditions.mark("ReferenceResolved", "False", "ResolveFailed", why)
        return False
    conditions.mark("ReferenceResolved", "True")
    return True


def _hosts_of_routes(platform: Platform) -> set[str]:
    places = [entry.object["metadata"] for entry in platform.store.entries(ROUTE)]
    return {route.host(platform, metadata["namespace"], metadata["name"]) for metadata in places}


def _release(platform: Platform, namespace: str, name: str) -> None:
    """A claim goes with its mapping only where Knative makes claims itself; else they are the administrator's."""
    claim = platform.store.find(DOMAIN_CLAIM, None, name)
    if claim is not None and claim["spec"]["namespace"] == namespace and _autocreates(platform):
        platform.store.delete(DOMAIN_CLAIM, None, name)
