"""KServe's Standard (RawDeployment) mode: a Deployment under a HorizontalPodAutoscaler, which never reach 0 pods."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.controllers import pods
from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, is_true
from kserve_api.tests.fake_cluster.controllers.platform import DEPLOYMENT, Platform, owner
from kserve_api.tests.fake_cluster.controllers.service_template import NOT_HANDED_ON, predictor_name

Object = dict[str, Any]

AUTOSCALER = "horizontalpodautoscalers.autoscaling"
_SPEC_FIELDS = ("containers", "imagePullSecrets", "serviceAccountName", "volumes")


def reconcile(platform: Platform, isvc: Object, conditions: Conditions) -> None:
    """Deployment, Service, autoscaler and pods; marks PredictorReady and IngressReady and sets the addresses."""
    metadata, predictor, name = isvc["metadata"], isvc["spec"]["predictor"], predictor_name(isvc)
    labels = {
        **metadata.get("labels", {}),
        "app": f"isvc.{name}",
        "component": "predictor",
        "serving.kserve.io/inferenceservice": metadata["name"],
    }
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key not in NOT_HANDED_ON}
    minimum = max(1, predictor.get("minReplicas", 1))
    common = {"name": name, "namespace": metadata["namespace"], "labels": labels, "ownerReferences": [owner(isvc)]}
    pod_spec = {field: predictor[field] for field in _SPEC_FIELDS if field in predictor}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod_spec}
    spec = {"replicas": minimum, "selector": {"matchLabels": {"app": labels["app"]}}, "template": template}
    deployment = platform.ensure(DEPLOYMENT, {"metadata": common, "spec": spec}, "spec")
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    service = {"metadata": common, "spec": {"selector": {"app": labels["app"]}, "ports": ports}}
    platform.ensure("services", service, "spec")
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    most = max(minimum, predictor.get("maxReplicas", minimum))
    scaling = {"minReplicas": minimum, "maxReplicas": most, "scaleTargetRef": target}
    platform.ensure(AUTOSCALER, {"metadata": common, "spec": scaling}, "spec")
    ready = _run_pods(platform, deployment, labels)
    isvc["status"]["observedGeneration"] = deployment["metadata"]["generation"]
    if ready >= minimum:
        conditions.mark("PredictorReady", "True")
        conditions.mark("IngressReady", "True")
        domain = platform.kserve_config("ingress").get("ingressDomain", "example.com")
        host = f"{metadata['name']}-{metadata['namespace']}.{domain}"
        isvc["status"]["url"] = f"http://{host}"
        isvc["status"]["components"] = {"predictor": {"url": f"http://{name}-{metadata['namespace']}.{domain}"}}
        isvc["status"]["address"] = {"url": f"http://{name}.{metadata['namespace']}.svc.cluster.local"}
    else:
        why = "Deployment does not have minimum availability."
        conditions.mark("PredictorReady", "False", "MinimumReplicasUnavailable", why)


def _run_pods(platform: Platform, deployment: Object, labels: dict[str, str]) -> int:
    """Pods of the present template (others go), as many as replicas; returns how many are ready."""
    namespace, template = deployment["metadata"]["namespace"], deployment["spec"]["template"]
    generation = str(deployment["metadata"]["generation"])
    current = []
    for pod in platform.store.list("pods", namespace, labels=f"app={labels['app']}"):
        if pod["metadata"]["labels"].get("pod-generation") == generation:
            current.append(pods.refresh(platform, pod))
        else:
            platform.store.delete("pods", namespace, pod["metadata"]["name"])
    for _ in range(deployment["spec"]["replicas"] - len(current)):
        pod_labels = {**labels, "pod-generation": generation}
        current.append(pods.start(platform, deployment, pod_labels, template["spec"], deployment["metadata"]["name"]))
    ready = sum(1 for pod in current if is_true(pod))
    status = {"replicas": len(current), "readyReplicas": ready, "availableReplicas": ready}
    platform.store.set_status(DEPLOYMENT, namespace, deployment["metadata"]["name"], status)
    return ready
