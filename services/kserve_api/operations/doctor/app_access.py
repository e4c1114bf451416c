"""Why an app is not reached: Knative Service, domains, DNS, gateway, and the URL itself."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from kserve_api.cluster.resources import CLUSTER_DOMAIN_CLAIM, DOMAIN_MAPPING, KNATIVE_SERVICE
from kserve_api.errors import ClusterError
from kserve_api.operations.doctor.app_target import AppTarget
from kserve_api.operations.doctor.conditions import condition, said
from kserve_api.operations.doctor.entrance import gateway_check, host_findings
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, unknown, warn

__all__ = ["app_access_checks", "url_check"]

_FORBIDDEN, _NOT_FOUND = 403, 404
_SERVER_ERROR = 500


def app_access_checks(app: AppTarget) -> Sequence[Check]:
    """Return the checks of a request's way to the app."""
    where = f"-n {app.namespace}"
    return (
        Check("knative service", lambda: _knative_service(app), f"kubectl get ksvc {app.name}-predictor {where}"),
        Check("domain", lambda: _domains(app), f"kubectl get domainmappings {where}"),
        Check("dns", lambda: _dns(app), f"nslookup {app.name}.{app.around.settings.base_domain}"),
        gateway_check(app.around),
    )


def url_check(app: AppTarget) -> Check:
    """Return the check that asks the app itself; a pod is started for it when there is none."""
    url = f"https://{app.name}.{app.around.settings.base_domain}/"
    return Check("url", lambda: _url(app, url), f"curl -sS -o /dev/null -w '%{{http_code}}\\n' {url}")


async def _knative_service(app: AppTarget) -> Sequence[Finding]:
    name = f"{app.name}-predictor"
    try:
        found = await app.around.cluster.get(KNATIVE_SERVICE, name, app.namespace)
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return [
            fail(
                f"there is no Knative Service {name}: KServe has not made one (mode not Knative?)",
                "see what KServe's controller says",
                f"kubectl logs deployment/kserve-controller-manager -n {app.around.settings.kserve_namespace} "
                "-c manager --tail 50",
            )
        ]
    ready = condition(found, "Ready")
    if ready.get("status") == "True":
        return [ok(f"{name} is ready")]
    command = f"kubectl describe ksvc {name} -n {app.namespace}"
    return [fail(f"{name} is not ready{said(ready)}", "see the checks above", command)]


async def _domains(app: AppTarget) -> Sequence[Finding]:
    return [await _domain(app, host) for host in await app.hosts()]


async def _domain(app: AppTarget, host: str) -> Finding:
    try:
        mapping = await app.around.cluster.get(DOMAIN_MAPPING, host, app.namespace)
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return fail(
            f"there is no DomainMapping {host} in {app.namespace}{await _claimed_by_other(app, host)}",
            "deploy the app again: that makes it",
            f"kubectl get domainmappings -A | grep -F {host}",
        )
    target = (mapping.get("spec") or {}).get("ref") or {}
    if target.get("name") != f"{app.name}-predictor":
        return fail(
            f"{host} leads to {target.get('kind')} {target.get('name')}, not to {app.name}-predictor",
            "deploy the app again: that sets it",
            f"kubectl get domainmapping {host} -n {app.namespace} -o jsonpath='{{.spec.ref}}'",
        )
    ready, claimed = condition(mapping, "Ready"), condition(mapping, "DomainClaimed")
    if ready.get("status") == "True":
        return ok(f"{host} is ready")
    if claimed.get("status") == "False":
        return fail(
            f"{host} is not this namespace's{said(claimed)}{await _claimed_by_other(app, host)}",
            "give the other app another name or domain and remove its claim; or set autocreate-cluster-domain-claims, "
            "if nobody has claimed it",
            f"kubectl get clusterdomainclaim {host} -o jsonpath='{{.spec.namespace}}'",
        )
    return fail(
        f"{host} is not ready{said(ready)}",
        "see its conditions; CertificateProvisioned concerns Knative's own TLS, not the edge's",
        f"kubectl describe domainmapping {host} -n {app.namespace}",
    )


async def _claimed_by_other(app: AppTarget, host: str) -> str:
    """Whose the domain is, to be put after a sentence; empty when it is nobody else's or may not be read."""
    try:
        claim = await app.around.cluster.get(CLUSTER_DOMAIN_CLAIM, host)
    except ClusterError as error:
        if error.status in (_FORBIDDEN, _NOT_FOUND):
            return ""  # Then what the mapping itself says has to do.
        raise
    owner = (claim.get("spec") or {}).get("namespace", "")
    return f"; it is claimed by namespace {owner}" if owner != app.namespace else ""


async def _dns(app: AppTarget) -> Sequence[Finding]:
    base = f".{app.around.settings.base_domain}"
    found: list[Finding] = []
    for host in await app.hosts():
        if host.endswith(base):
            found.extend(await host_findings(app.around, host))
        elif addresses := await app.around.resolve(host):
            found.append(ok(f"{host}: {', '.join(addresses)}"))
        else:
            fix = f"let a CNAME record of {host} lead to {app.name}{base}"
            found.append(fail(f"{host} has no address", fix, f"nslookup {host}"))
    return found


async def _url(app: AppTarget, url: str) -> Sequence[Finding]:
    try:
        status = await app.around.fetch(url)
    except httpx.TimeoutException:
        return [fail(f"GET {url} was not answered in time", "see pods and port above: the pod does not start")]
    except httpx.HTTPError as error:
        kind = type(error).__name__
        fix = f"see dns and gateway above; is the edge's certificate for *.{app.around.settings.base_domain}?"
        return [unknown(f"GET {url} had no answer ({kind})", fix, f"curl -v {url}")]
    if status >= _SERVER_ERROR:
        return [fail(f"GET {url} answers {status}", "503 is the gateway without a pod; else see the log above")]
    if status == _NOT_FOUND:
        return [warn(f"GET {url} answers 404", "if not the app itself says so, the gateway does not know the host")]
    return [ok(f"GET {url} answers {status}")]
