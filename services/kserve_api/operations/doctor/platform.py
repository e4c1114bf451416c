"""Whether there is a cluster that this service can work with: API server, clocks, kinds that are served."""

from __future__ import annotations

from collections.abc import Sequence

from kserve_api.cluster.resources import (
    CLUSTER_DOMAIN_CLAIM,
    DOMAIN_MAPPING,
    INFERENCE_SERVICE,
    KNATIVE_SERVICE,
    POD_AUTOSCALER,
    REVISION,
    Resource,
)
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, unknown
from kserve_api.operations.doctor.surroundings import Surroundings

__all__ = ["api_server_check", "platform_checks"]

_LARGEST_SKEW_S = 30.0
_INSTALL = {"kserve": "install KServe (docs/kserve-api.md)", "knative": "install Knative Serving (docs/kserve-api.md)"}


def api_server_check(around: Surroundings) -> Check:
    """Return the check without which there is no other."""
    return Check("api server", lambda: _api_server(around), "kubectl version", vital=True)


def platform_checks(around: Surroundings) -> Sequence[Check]:
    """Return the checks of clocks and kinds."""
    return (
        Check("clock", lambda: _clock(around), "kubectl get --raw /version -v 8 2>&1 | grep -i '^ *date'; date -u"),
        Check("kinds", lambda: _kinds(around), "kubectl api-resources --api-group serving.knative.dev"),
    )


async def _api_server(around: Surroundings) -> Sequence[Finding]:
    if "pods" not in await around.cluster.served("", "v1"):
        return [unknown("what answers is no Kubernetes API server", "compare KSERVE_API_KUBECONFIG")]
    return [ok("it answers")]


async def _clock(around: Surroundings) -> Sequence[Finding]:
    theirs = await around.server_time()
    if theirs is None:
        return [unknown("the API server's answers have no Date")]
    ahead_s = (around.now() - theirs).total_seconds()
    if abs(ahead_s) > _LARGEST_SKEW_S:
        way = "ahead of" if ahead_s > 0 else "behind"
        return [
            fail(
                f"this clock is {abs(ahead_s):.0f} s {way} the API server's: JWTs are refused, ages are wrong",
                "let this machine keep time (NTP)",
                "timedatectl set-ntp true",
            )
        ]
    return [ok(f"within {_LARGEST_SKEW_S:.0f} s of the API server's")]


async def _kinds(around: Surroundings) -> Sequence[Finding]:
    wanted = [INFERENCE_SERVICE, KNATIVE_SERVICE, REVISION, DOMAIN_MAPPING, POD_AUTOSCALER]
    if around.settings.domain_claims == "create":
        wanted.append(CLUSTER_DOMAIN_CLAIM)
    missing = [
        resource
        for resource in wanted
        if resource.plural not in await around.cluster.served(resource.group, resource.version)
    ]
    if missing:
        return [_not_served(resource) for resource in missing]
    return [ok(f"{len(wanted)} kinds are served in the versions used")]


def _not_served(resource: Resource) -> Finding:
    platform = "kserve" if resource.group == INFERENCE_SERVICE.group else "knative"
    return fail(
        f"{resource.plural} of {resource.api_version} are not served",
        f"{_INSTALL[platform]}; an older one may serve another version",
        f"kubectl get crd {resource.plural}.{resource.group} -o jsonpath='{{.spec.versions[*].name}}'",
    )
