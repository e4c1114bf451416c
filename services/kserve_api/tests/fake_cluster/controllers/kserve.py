"""KServe's controller of InferenceServices: deployment mode, Knative Service, conditions, addresses."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.admission import admit
from kserve_api.tests.fake_cluster.controllers import standard
from kserve_api.tests.fake_cluster.controllers.conditions import Conditions
from kserve_api.tests.fake_cluster.controllers.platform import ISVC, SERVICE, Platform, owner
from kserve_api.tests.fake_cluster.controllers.predictor_status import (
    component_status,
    copy_service_conditions,
    model_status,
)
from kserve_api.tests.fake_cluster.controllers.service_template import knative_service, predictor_name
from kserve_api.tests.fake_cluster.status_error import StatusError

Object = dict[str, Any]

FINALIZER = "inferenceservice.finalizers"
MODE = "serving.kserve.io/deploymentMode"
_USER = "system:serviceaccount:kserve:kserve-controller-manager"
_DEPENDS_ON = ("PredictorReady", "IngressReady")


def deployment_mode(platform: Platform, isvc: Object) -> str:
    """As recorded in the status, else as annotated when this version knows the word, else KServe's default.

    KServe 0.16 renamed Serverless and RawDeployment to Knative and Standard and still reads the old words; before it,
    the new ones are unknown words and the default holds.
    """
    renamed = platform.kserve_version >= (0, 16)
    knative, standard_mode = ("Knative", "Standard") if renamed else ("Serverless", "RawDeployment")
    words = {"Serverless": knative, "RawDeployment": standard_mode, knative: knative, standard_mode: standard_mode}
    recorded: str = isvc.get("status", {}).get("deploymentMode", "")
    if recorded:
        return recorded
    annotated = isvc["metadata"].get("annotations", {}).get(MODE, "")
    default = str(platform.kserve_config("deploy").get("defaultDeploymentMode", standard_mode))
    return words.get(annotated) or words.get(default, standard_mode)


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    isvc = platform.store.find(ISVC, namespace, name)
    if isvc is None:
        return
    finalizers = isvc["metadata"].setdefault("finalizers", [])
    if "deletionTimestamp" in isvc["metadata"]:
        if FINALIZER in finalizers:
            finalizers.remove(FINALIZER)
            platform.store.replace(ISVC, isvc)
        return
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)
        isvc = platform.store.replace(ISVC, isvc)
    mode = deployment_mode(platform, isvc)
    status: Object = isvc.setdefault("status", {})
    status["deploymentMode"] = mode
    conditions = Conditions(status, depends_on=_DEPENDS_ON, now=platform.clock.stamp())
    if mode in ("Standard", "RawDeployment"):
        standard.reconcile(platform, isvc, conditions)
    else:
        _reconcile_knative(platform, isvc, conditions)
    if platform.kserve_version >= (0, 15):
        conditions.mark("Stopped", "False")
    platform.store.set_status(ISVC, namespace, name, status)


def _reconcile_knative(platform: Platform, isvc: Object, conditions: Conditions) -> None:
    namespace, status = isvc["metadata"]["namespace"], isvc["status"]
    components = status.setdefault("components", {})
    try:
        service = _ensure_service(platform, isvc)
        before = components.get("predictor", {})
        components["predictor"] = component_status(before, service)
        if components["predictor"] != before:
            # What was rolled out decides the traffic, so KServe looks at it again.
            service = _ensure_service(platform, isvc)
    except StatusError as refusal:
        # Knative's webhook refused it. All that KServe tells of that is an event.
        why = f"fails to reconcile predictor: fails to reconcile knative service: {refusal.message}"
        platform.event(isvc, "InternalError", why)
        return
    # KServe reports the generation that Knative has observed of the Service, not that of the InferenceService.
    if "observedGeneration" in service.get("status", {}):
        status["observedGeneration"] = service["status"]["observedGeneration"]
    copy_service_conditions(conditions, service)
    _expose(platform, isvc, conditions)
    revision = components["predictor"].get("latestCreatedRevision", "")
    pods = platform.store.list("pods", namespace, labels=f"serving.knative.dev/revision={revision}")
    status["modelStatus"] = model_status(status, pods, service)


def _ensure_service(platform: Platform, isvc: Object) -> Object:
    wanted = knative_service(isvc, platform.config("config-autoscaler"), drops_zero=platform.drops_zero_min_replicas)
    present = platform.store.find(SERVICE, isvc["metadata"]["namespace"], predictor_name(isvc))
    if present is None:
        wanted["metadata"]["ownerReferences"] = [owner(isvc)]
        wanted = admit("CREATE", SERVICE, None, wanted, None, store=platform.store, user=_USER)
        return platform.store.create(SERVICE, wanted)
    changed = {**present, "spec": wanted["spec"]}
    changed["metadata"] = {**present["metadata"], "labels": wanted["metadata"]["labels"]}
    changed = admit("UPDATE", SERVICE, present, changed, None, store=platform.store, user=_USER)
    return platform.store.replace(SERVICE, changed)


def _expose(platform: Platform, isvc: Object, conditions: Conditions) -> None:
    """IngressReady, status.url and status.address; without Istio KServe must be told so, or it never gets there."""
    status, ingress = isvc["status"], platform.kserve_config("ingress")
    predictor = status["components"]["predictor"]
    if conditions.truth("PredictorReady") != "True":
        conditions.mark("IngressReady", "Unknown", "Predictor ingress not created")
        return
    if not ingress.get("disableIstioVirtualHost"):
        platform.event(
            isvc,
            "InternalError",
            'fails to reconcile ingress: no matches for kind "VirtualService" in version "networking.istio.io/v1beta1"',
        )
        return
    scheme = ingress.get("urlScheme", "http")
    status["url"] = f"{scheme}://{predictor['url'].partition('://')[2]}"
    status["address"] = {"url": predictor["address"]["url"]}
    conditions.mark("IngressReady", "True")
