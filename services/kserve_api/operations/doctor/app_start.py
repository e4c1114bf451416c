"""Why an app does not start: what KServe and Knative say of it, and its newest revision."""

from __future__ import annotations

from collections.abc import Sequence

from kserve_api.apps.app import MANAGED_BY
from kserve_api.errors import ClusterError
from kserve_api.operations.doctor.app_target import AppTarget
from kserve_api.operations.doctor.conditions import condition, conditions, said
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, warn

__all__ = ["app_start_checks"]

_NOT_FOUND = 404
_KNATIVE_MODES = ("Knative", "Serverless")
_STOPPED = "Stopped"  # The only condition whose False is the good answer.
_IMAGE_REASONS = frozenset({"ContainerMissing", "RevisionMissing", "ResolvingDigests"})


def app_start_checks(app: AppTarget) -> Sequence[Check]:
    """Return the checks of the InferenceService and its newest revision; the first is vital."""
    where = f"-n {app.namespace}"
    show = f"kubectl get inferenceservice {app.name} {where} -o yaml"
    revisions = f"kubectl get revisions {where} -l serving.knative.dev/service={app.name}-predictor"
    return (
        Check("app", lambda: _app(app), show, vital=True),
        Check("conditions", lambda: _conditions(app), show),
        Check("revision", lambda: _revision(app), revisions),
        Check("traffic", lambda: _traffic(app), revisions),
    )


async def _app(app: AppTarget) -> Sequence[Finding]:
    try:
        found = await app.inference_service()
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        command = "kubectl get inferenceservices -A -l app.kubernetes.io/managed-by=kserve-api"
        return [fail(f"there is no app {app.name} in {app.namespace}", "compare name and namespace", command)]
    metadata = found["metadata"]
    if metadata.get("deletionTimestamp"):
        command = f"kubectl get inferenceservice {app.name} -n {app.namespace} -o jsonpath='{{.metadata.finalizers}}'"
        return [warn("it is being deleted", "wait; if it stays, see which finalizer holds it", command)]
    if (metadata.get("labels") or {}).get("app.kubernetes.io/managed-by") != MANAGED_BY:
        command = f"kubectl get inferenceservice {app.name} -n {app.namespace} --show-labels"
        return [warn("it was not deployed by this service, which never changes it", "see to it by hand", command)]
    asked = (metadata.get("annotations") or {}).get("serving.kserve.io/deploymentMode", "not set")
    mode = (found.get("status") or {}).get("deploymentMode", asked)  # Older ones do not say which they use.
    if mode in _KNATIVE_MODES:
        return [ok(f"deployed in mode {mode}")]
    return [
        fail(
            f"KServe runs it in mode {mode} (asked for: {asked}), which has no revisions and cannot scale to zero",
            "before KServe 0.16 the word is Serverless: KSERVE_API_DEPLOYMENT_MODE; then delete the app and deploy it "
            "anew, since KServe changes no app's mode",
            f"kubectl get deployment kserve-controller-manager -n {app.around.settings.kserve_namespace} "
            "-o jsonpath='{.spec.template.spec.containers[*].image}'",
        )
    ]


async def _conditions(app: AppTarget) -> Sequence[Finding]:
    found = await app.inference_service()
    shown = f"kubectl describe inferenceservice {app.name} -n {app.namespace}"
    if not conditions(found):
        kserve = app.around.settings.kserve_namespace
        return [
            fail("KServe has not looked at it yet", "see whether its controller runs", f"kubectl get pods -n {kserve}")
        ]
    start = f"kubectl annotate inferenceservice {app.name} -n {app.namespace} serving.kserve.io/stop-"
    wrong: list[Finding] = []
    for each in sorted(conditions(found), key=lambda one: one.get("type") == "Ready"):
        if each.get("type") == _STOPPED:
            if each.get("status") == "True":
                wrong.append(warn("it was stopped on purpose (annotation serving.kserve.io/stop)", "start it", start))
            continue
        if each.get("status") == "True" or each.get("severity") == "Info":
            continue
        if each.get("type") == "Ready" and wrong:
            continue  # It only says again what the others have said.
        text = f"{each.get('type')} is {each.get('status')}{said(each)}"
        if each.get("status") == "False":
            wrong.append(fail(text, "see the checks below", shown))
        else:
            wrong.append(warn(text, "it is not decided yet: wait, then see the checks below", shown))
    return wrong or [ok(f"{len(conditions(found))} conditions, all as they should be")]


async def _revision(app: AppTarget) -> Sequence[Finding]:
    revision = await app.newest_revision()
    if revision is None:
        return [
            fail(
                "KServe has made no revision",
                "see what the Knative Service says",
                f"kubectl describe ksvc {app.name}-predictor -n {app.namespace}",
            )
        ]
    name, ready = revision["metadata"]["name"], condition(revision, "Ready")
    if ready.get("status") == "True":
        return [ok(f"{name} is ready")]
    command = f"kubectl describe revision {name} -n {app.namespace}"
    if ready.get("reason") in _IMAGE_REASONS:
        fix = "see whether registry and tag are right, and whether the app has its image_pull_secret"
    else:
        fix = "see image, container and port below"
    state = fail if ready.get("status") == "False" else warn
    return [state(f"{name} is not ready{said(ready)}", fix, command)]


async def _traffic(app: AppTarget) -> Sequence[Finding]:
    percent = ((await app.inference_service()).get("spec") or {}).get("predictor", {}).get("canaryTrafficPercent")
    if percent is None or percent == 100:
        return [ok("the newest revision that is ready gets all requests")]
    return [
        warn(
            f"the newest revision gets {percent} % of requests only: what is deployed now may not be what is seen",
            "give it all",
            f'curl -X PUT "$KSERVE_API_URL/models/{app.namespace}/{app.name}/traffic" -H "X-API-Key: $KSERVE_API_KEY" '
            "-H 'Content-Type: application/json' -d '{\"latest_percent\": 100}'",
        )
    ]
