"""The way in: the gateway's pods, this service's own domain, and the names under the base domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kserve_api.cluster.resources import DOMAIN_MAPPING, POD
from kserve_api.errors import ClusterError
from kserve_api.operations.doctor.conditions import condition, has_condition, said
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, warn
from kserve_api.operations.doctor.surroundings import Surroundings

__all__ = ["entrance_checks", "gateway_check", "host_findings"]

_GATEWAY_LABEL = "app=3scale-kourier-gateway"
_NOT_FOUND = 404


def entrance_checks(around: Surroundings) -> Sequence[Check]:
    """Return the checks of the way in."""
    probe = f"kserve-api-doctor.{around.settings.base_domain}"
    own = around.own_host
    return (
        gateway_check(around),
        Check(
            "own domain",
            lambda: _own_domain(around, own),
            f"kubectl get domainmapping {own} -n {around.service_namespace} -o yaml",
        ),
        Check("wildcard dns", lambda: host_findings(around, probe), f"nslookup {probe}"),
    )


def gateway_check(around: Surroundings) -> Check:
    """Return the check of Kourier's pods, through which every request goes."""
    namespace = around.settings.kourier_namespace
    return Check("gateway", lambda: _gateway(around), f"kubectl get pods -n {namespace} -l {_GATEWAY_LABEL}")


async def host_findings(around: Surroundings, host: str) -> Sequence[Finding]:
    """Whether a name under the base domain has an address."""
    addresses = await around.resolve(host)
    if not addresses:
        return [
            fail(
                f"{host} has no address",
                f"let a wildcard record *.{around.settings.base_domain} lead to the address of Kourier's load balancer",
                f"kubectl get service kourier -n {around.settings.kourier_namespace} "
                "-o jsonpath='{.status.loadBalancer.ingress}'",
            )
        ]
    return [ok(f"{host}: {', '.join(addresses)}")]


async def _gateway(around: Surroundings) -> Sequence[Finding]:
    namespace = around.settings.kourier_namespace
    pods = (await around.cluster.list(POD, namespace, labels=_GATEWAY_LABEL)).items
    if not pods:
        return [
            fail(
                f"Kourier has no gateway pod in {namespace}: no app can be reached",
                "install Kourier, or see why its deployment has no pods",
                f"kubectl describe deployment 3scale-kourier-gateway -n {namespace}",
            )
        ]
    ready = [pod for pod in pods if has_condition(pod, "Ready", "True")]
    if not ready:
        return [
            fail(
                f"no gateway pod of Kourier is ready (pods: {len(pods)}): no app can be reached",
                "see what keeps them",
                f"kubectl describe pods -n {namespace} -l {_GATEWAY_LABEL}",
            )
        ]
    if len(ready) < len(pods):
        return [
            warn(
                f"{len(ready)} of {len(pods)} gateway pods are ready",
                "see what keeps the others",
                f"kubectl describe pods -n {namespace} -l {_GATEWAY_LABEL}",
            )
        ]
    return [ok(f"pods: {len(pods)}, all ready")]


async def _own_domain(around: Surroundings, host: str) -> Sequence[Finding]:
    namespace = around.service_namespace
    try:
        mapping: Mapping[str, Any] = await around.cluster.get(DOMAIN_MAPPING, host, namespace)
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return [
            fail(
                f"there is no DomainMapping {host} in {namespace}: the service is not reached from outside",
                "apply an overlay of deploy/kubernetes/kserve-api for this base domain",
                f"kubectl get domainmappings -n {namespace}",
            )
        ]
    ready = condition(mapping, "Ready")
    if ready.get("status") == "True":
        return [ok(f"{host} is ready")]
    return [fail(f"{host} is not ready{said(ready)}", "see its conditions", _describe(host, namespace))]


def _describe(host: str, namespace: str) -> str:
    return f"kubectl describe domainmapping {host} -n {namespace}"
