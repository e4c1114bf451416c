"""Knative's controller of Routes: who gets the traffic, under which host."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, is_false, is_true
from kserve_api.tests.fake_cluster.controllers.platform import CONFIGURATION, REVISION, ROUTE, Platform

Object = dict[str, Any]

_DEPENDS_ON = ("AllTrafficAssigned", "IngressReady", "CertificateProvisioned")
ROUTING_STATE = "serving.knative.dev/routingState"


def host(platform: Platform, namespace: str, name: str) -> str:
    """Host of a Route: ConfigMap config-network has the template, config-domain the domain."""
    template = platform.config("config-network").get("domain-template", "{{.Name}}.{{.Namespace}}.{{.Domain}}")
    domain = next(iter(platform.config("config-domain")), "svc.cluster.local")
    values = {"{{.Name}}": name, "{{.Namespace}}": namespace, "{{.Domain}}": domain}
    for place, value in values.items():
        template = template.replace(place, value)
    return template


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    route = platform.store.find(ROUTE, namespace, name)
    if route is None or "deletionTimestamp" in route["metadata"]:
        return
    status: Object = route.setdefault("status", {})
    status["observedGeneration"] = route["metadata"]["generation"]
    conditions = Conditions(status, depends_on=_DEPENDS_ON, now=platform.clock.stamp())
    conditions.mark("CertificateProvisioned", "True", "TLSNotEnabled", "external-domain-tls is not enabled")
    status["url"] = f"http://{host(platform, namespace, name)}"
    status["address"] = {"url": f"http://{name}.{namespace}.svc.cluster.local"}
    assigned = _assign(platform, route, conditions)
    if assigned is not None:
        status["traffic"] = assigned
        conditions.mark("AllTrafficAssigned", "True")
        conditions.mark("IngressReady", "True")
        _label_revisions(platform, route)
    platform.store.set_status(ROUTE, namespace, name, status)


def _assign(platform: Platform, route: Object, conditions: Conditions) -> list[Object] | None:
    """The targets with their revisions; None (and the reason as a condition) when one cannot have traffic."""
    namespace, name = route["metadata"]["namespace"], route["metadata"]["name"]
    configuration = platform.store.find(CONFIGURATION, namespace, name) or {}
    assigned = []
    for target in route["spec"]["traffic"]:
        made = {key: value for key, value in target.items() if key != "configurationName"}
        if target.get("latestRevision"):
            ready = configuration.get("status", {}).get("latestReadyRevisionName")
            if ready is None:
                failed = is_false(configuration)
                wait = "does not have any ready Revision" if failed else "is waiting for a Revision to become ready"
                why = f'Configuration "{name}" {wait}.'
                conditions.mark("AllTrafficAssigned", "False" if failed else "Unknown", "RevisionMissing", why)
                return None
            made["revisionName"] = ready
        else:
            revision = platform.store.find(REVISION, namespace, target["revisionName"])
            if revision is None:
                why = f'Revision "{target["revisionName"]}" referenced in traffic not found.'
                conditions.mark("AllTrafficAssigned", "False", "RevisionMissing", why)
                return None
            if not is_true(revision):
                failed = is_false(revision)
                what = "failed to become ready" if failed else "is not yet ready"
                why = f'Revision "{target["revisionName"]}" {what}.'
                conditions.mark("AllTrafficAssigned", "False" if failed else "Unknown", "RevisionMissing", why)
                return None
        if "tag" in target:
            made["url"] = "http://" + host(platform, namespace, f"{target['tag']}-{name}")
        assigned.append(made)
    return assigned


def _label_revisions(platform: Platform, route: Object) -> None:
    """routingState `active` on what the route names, `reserve` on what it named before."""
    namespace, name = route["metadata"]["namespace"], route["metadata"]["name"]
    routed = {target["revisionName"] for target in route["status"]["traffic"]}
    for revision in platform.store.list(REVISION, namespace, labels=f"serving.knative.dev/configuration={name}"):
        labels = revision["metadata"]["labels"]
        if revision["metadata"]["name"] in routed:
            state = "active"
        else:
            state = "reserve" if labels[ROUTING_STATE] == "active" else labels[ROUTING_STATE]
        if labels[ROUTING_STATE] == "pending" and state == "pending" and (is_true(revision) or is_false(revision)):
            state = "reserve"
        if labels[ROUTING_STATE] != state:
            labels[ROUTING_STATE] = state
            platform.store.replace(REVISION, revision)
