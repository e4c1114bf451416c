"""Which checks there are and in which order they are made: from what all others need to who can reach an app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kserve_api.operations.doctor.app_access import app_access_checks, url_check
from kserve_api.operations.doctor.app_pods import app_pod_checks
from kserve_api.operations.doctor.app_scale import app_scale_check
from kserve_api.operations.doctor.app_start import app_start_checks
from kserve_api.operations.doctor.app_target import AppTarget
from kserve_api.operations.doctor.config_maps import config_map_checks
from kserve_api.operations.doctor.entrance import entrance_checks
from kserve_api.operations.doctor.finding import Check
from kserve_api.operations.doctor.permissions import permission_checks
from kserve_api.operations.doctor.platform import api_server_check, platform_checks
from kserve_api.operations.doctor.surroundings import Surroundings
from kserve_api.operations.doctor.tenants import app_namespaces, tenants_check

__all__ = ["APP_CHECKS", "INSTALLATION_CHECKS", "app_checks", "installation_checks"]

# What each check looks at; docs/kserve-api.md has the same tables, and names the checks in its table of troubles.
INSTALLATION_CHECKS: Mapping[str, str] = {
    "api server": "the API server answers",
    "clock": "this machine's clock against the API server's",
    "kinds": "KServe's and Knative's kinds are served in the versions that are used",
    "tenants": "the tenants file can be read, and who is in it",
    "namespaces": "the namespaces of apps are there",
    "permissions": "RBAC allows this account every verb that the service uses",
    "deployment mode": "KServe's default mode, which apps of ours do not depend on",
    "ingress": "KServe does not wait for Istio",
    "ingress class": "Knative gives its routes to Kourier",
    "scale to zero": "Knative lets apps go to no pods",
    "initial scale": "with how many pods a new revision starts",
    "domain claims": "who makes ClusterDomainClaims",
    "knative domain": "Knative's own routes do not take the names of apps",
    "gateway": "Kourier's pods are ready",
    "own domain": "the DomainMapping of the service itself is ready",
    "wildcard dns": "any name under the base domain has an address",
}
APP_CHECKS: Mapping[str, str] = {
    "app": "it is there, and of this service",
    "conditions": "what KServe says of it",
    "revision": "its newest revision is ready",
    "traffic": "the newest revision gets all requests",
    "pods": "it has pods, and they have a node",
    "image": "its image can be pulled",
    "container": "its container goes on running: exit code and reason of the last end",
    "port": "something answers on its port",
    "events": "the last warnings about its objects",
    "log": "its last 50 lines, those of the container before too",
    "scale": "it can go to no pods, if it should",
    "knative service": "its Knative Service is ready",
    "domain": "its DomainMappings are ready, lead to it, and are not claimed elsewhere",
    "dns": "its hosts have addresses",
    "url": "GET of its URL is answered (with --get: starts a pod)",
}


def installation_checks(around: Surroundings) -> Iterator[Check]:
    """Yield the checks of an installation."""
    namespaces = app_namespaces(around.settings)
    yield api_server_check(around)
    yield from platform_checks(around)
    yield tenants_check(around.settings)
    yield from permission_checks(around, namespaces)
    yield from config_map_checks(around)
    yield from entrance_checks(around)


def app_checks(around: Surroundings, namespace: str, name: str, *, get: bool) -> Sequence[Check]:
    """Return the checks of one app."""
    app = AppTarget(around, namespace, name)
    return (
        api_server_check(around),
        *app_start_checks(app),
        *app_pod_checks(app),
        app_scale_check(app),
        *app_access_checks(app),
        *([url_check(app)] if get else []),
    )
