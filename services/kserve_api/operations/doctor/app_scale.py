"""Whether an app really can go to no pods: what the service itself reports as its condition ScaleToZero."""

from __future__ import annotations

from collections.abc import Sequence

from kserve_api.apps.manifest import state_of
from kserve_api.apps.revisions import revision_selector
from kserve_api.apps.scale_to_zero import ScaleToZeroGuard
from kserve_api.cluster.resources import REVISION
from kserve_api.operations.doctor.app_target import AppTarget
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, unknown

__all__ = ["app_scale_check"]

_AS_ASKED = "MinScale"
_FIXES = {
    "DeploymentMode": "set its mode: see the check app",
    "DisabledInCluster": "set enable-scale-to-zero to true in config-autoscaler",
    "MinScaleNotCarried": "update KServe; until then KSERVE_API_PATCH_OLD_KSERVE=true with the component old-kserve",
}


def app_scale_check(app: AppTarget) -> Check:
    """Return the check of the guard against apps that never stop."""
    return Check(
        "scale",
        lambda: _scale(app),
        f"kubectl get revisions -n {app.namespace} -l {revision_selector(app.name)} -o "
        "custom-columns='NAME:.metadata.name,MIN:.metadata.annotations.autoscaling\\.knative\\.dev/min-scale'",
    )


async def _scale(app: AppTarget) -> Sequence[Finding]:
    around = app.around
    service = await app.inference_service()
    revisions = (await around.cluster.list(REVISION, app.namespace, labels=revision_selector(app.name))).items
    guard = ScaleToZeroGuard(around.cluster, around.settings)
    found = await guard.condition(service, state_of(service), revisions)
    match found.status:
        case "True":
            return [ok(found.message or "it goes to no pods when it is idle")]
        case "False" if found.reason == _AS_ASKED:
            return [ok(found.message)]
        case "False":
            command = f"kubectl get configmap config-autoscaler -n {around.settings.knative_namespace} -o yaml"
            return [fail(f"{found.reason}: {found.message}", _FIXES.get(found.reason, "see its reason"), command)]
        case _:
            return [unknown(f"{found.reason}: {found.message}", "see the check revision")]
