"""Can the service be reached: its pods, its Service, its DomainMapping, the gateway, the name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.operations.doctor.finding import Check, Finding, fail, ok, unknown, warn
from scheduler.operations.doctor.kubectl import Kubectl, KubectlError, Object

__all__ = ["Platform", "dns_check", "platform_checks"]

_GATEWAY = "app=3scale-kourier-gateway"
_KIT = "deploy/kubernetes/scheduler"


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the service runs, and under which name."""

    kubectl: Kubectl
    namespace: str
    host: str
    kourier_namespace: str = "kourier-system"


def platform_checks(platform: Platform) -> Iterator[Check]:
    """Yield the checks of the cluster, in the order of a request's way back: pods, Service, mapping, gateway."""
    for role in ("api", "worker"):
        name = f"scheduler-{role}"
        yield Check(f"{role} pods", _told(_pods, platform, name), _pods_command(platform, name))
    slices = f"kubectl get endpointslices -n {platform.namespace} -l kubernetes.io/service-name=scheduler-api"
    yield Check("service", _told(_service, platform, "scheduler-api"), slices)
    mapping = f"kubectl describe domainmapping {platform.host} -n {platform.namespace}"
    yield Check("domain mapping", _told(_mapping, platform, mapping), mapping)
    gateway = f"kubectl get pods -n {platform.kourier_namespace} -l {_GATEWAY}"
    yield Check("gateway", _told(_gateway, platform, gateway), gateway)


def dns_check(host: str) -> Check:
    """Return the check of the service's name."""
    return Check("dns", lambda: _dns(host), f"nslookup {host}")


def _told(
    look: Callable[[Platform, str], Awaitable[Sequence[Finding]]], platform: Platform, about: str
) -> Callable[[], Awaitable[Sequence[Finding]]]:
    async def looked() -> Sequence[Finding]:
        try:
            return await look(platform, about)
        except KubectlError as error:
            return [unknown(str(error), "look with an account that may, or with --kubeconfig")]

    return looked


async def _pods(platform: Platform, name: str) -> Sequence[Finding]:
    pods = await platform.kubectl.all("pods", platform.namespace, f"app={name}")
    command = _pods_command(platform, name)
    if not pods:
        return [fail(f"{name} has no pods in {platform.namespace}", f"apply an overlay of {_KIT}", command)]
    ready = [pod for pod in pods if _condition(pod, "Ready") == "True"]
    if not ready:
        fix = f"see why they are not ready: kubectl logs -n {platform.namespace} -l app={name} --tail 50"
        return [fail(f"none of the {len(pods)} pods of {name} is ready{_waits(pods)}", fix, command)]
    if len(ready) < len(pods):
        return [warn(f"{len(ready)} of {len(pods)} pods are ready{_waits(pods)}", "see what keeps the others", command)]
    return [ok(f"pods: {len(pods)}, all ready")]


async def _service(platform: Platform, name: str) -> Sequence[Finding]:
    try:
        await platform.kubectl.get("service", name, platform.namespace)
    except KubectlError as error:
        if not error.missing:
            raise
        return [
            fail(
                f"there is no Service {name} in {platform.namespace}",
                f"apply an overlay of {_KIT}",
                f"kubectl get services -n {platform.namespace}",
            )
        ]
    slices = await platform.kubectl.all("endpointslices", platform.namespace, f"kubernetes.io/service-name={name}")
    count = sum(_is_ready(endpoint) for found in slices for endpoint in _list(found, "endpoints"))
    if not count:
        return [
            fail(
                f"the Service {name} has no ready endpoints: its selector finds no ready pod",
                "see the check of the pods, and the Service's selector",
                f"kubectl describe service {name} -n {platform.namespace}",
            )
        ]
    return [ok(f"{name}: {count} ready endpoints")]


async def _mapping(platform: Platform, command: str) -> Sequence[Finding]:
    host = platform.host
    try:
        mapping = await platform.kubectl.get("domainmapping", host, platform.namespace)
    except KubectlError as error:
        if not error.missing:
            raise
        return [
            fail(
                f"there is no DomainMapping {host} in {platform.namespace}: the service is not reached from outside",
                f"apply an overlay of {_KIT} for this host, or name the host: --host",
                f"kubectl get domainmappings -n {platform.namespace}",
            )
        ]
    reference = _object(mapping, "spec", "ref")
    if (reference.get("kind"), reference.get("name"), reference.get("apiVersion")) != (
        "Service",
        "scheduler-api",
        "v1",
    ):
        return [
            fail(
                f"{host} leads to {reference.get('kind')} {reference.get('name')} of {reference.get('apiVersion')}",
                "let it lead to the Service scheduler-api of v1: a Deployment's Service, not one of Knative",
                command,
            )
        ]
    if _condition(mapping, "Ready") != "True":
        return [fail(f"{host} is not ready{_said(mapping, 'Ready')}", "see its conditions", command)]
    return [ok(f"{host} is ready")]


async def _gateway(platform: Platform, command: str) -> Sequence[Finding]:
    pods = await platform.kubectl.all("pods", platform.kourier_namespace, _GATEWAY)
    ready = [pod for pod in pods if _condition(pod, "Ready") == "True"]
    if not ready:
        return [
            fail(
                f"no gateway pod of Kourier is ready in {platform.kourier_namespace} (pods: {len(pods)})",
                "install Kourier, or see what keeps its pods",
                command,
            )
        ]
    if len(ready) < len(pods):
        return [warn(f"{len(ready)} of {len(pods)} gateway pods are ready", "see what keeps the others", command)]
    return [ok(f"pods: {len(pods)}, all ready")]


async def _dns(host: str) -> Sequence[Finding]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return [
            fail(
                f"{host} has no address",
                "let its record (or the wildcard's) lead to the address of Kourier's load balancer",
                "kubectl get service kourier -n kourier-system -o jsonpath='{.status.loadBalancer.ingress}'",
            )
        ]
    return [ok(f"{host}: {', '.join(sorted({str(address[4][0]) for address in found}))}")]


def _pods_command(platform: Platform, name: str) -> str:
    return f"kubectl describe pods -n {platform.namespace} -l app={name}"


def _waits(pods: Sequence[Object]) -> str:
    """Why containers wait, in Kubernetes' own words: `: ImagePullBackOff`."""
    reasons = {
        str(_object(status, "state", "waiting").get("reason"))
        for pod in pods
        for status in _list(_object(pod, "status"), "containerStatuses")
        if _object(status, "state", "waiting")
    }
    return f": {', '.join(sorted(reasons))}" if reasons else ""


def _condition(of: Object, kind: str) -> str:
    for condition in _list(_object(of, "status"), "conditions"):
        if condition.get("type") == kind:
            return str(condition.get("status"))
    return ""


def _said(of: Object, kind: str) -> str:
    for condition in _list(_object(of, "status"), "conditions"):
        if condition.get("type") == kind and (condition.get("reason") or condition.get("message")):
            return f": {condition.get('reason', '')} {condition.get('message', '')}".rstrip()
    return ""


def _is_ready(endpoint: Object) -> bool:
    return _object(endpoint, "conditions").get("ready") is not False


def _object(of: Object, *path: str) -> Object:
    for name in path:
        inner = of.get(name)
        if not isinstance(inner, dict):
            return {}
        of = inner
    return of


def _list(of: Object, name: str) -> Sequence[Object]:
    found = of.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
