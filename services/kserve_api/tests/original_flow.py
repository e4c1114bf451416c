"""What the service before this one did, in our own words: a client with the same steps, for tests that show its faults.

Facts: SERVICES.md 4.1. Only its effects on the cluster are kept: the requests, their order and their bodies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Object = dict[str, Any]

_ISVC = "/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices"
_MAPPING = "/apis/serving.knative.dev/v1beta1/namespaces/{namespace}/domainmappings"
_AUTOSCALER = "/apis/autoscaling.internal.knative.dev/v1alpha1/namespaces/{namespace}/podautoscalers"
_PODS = "/api/v1/namespaces/{namespace}/pods"
_POLLS = 30

# The permissions it was given: nothing of pods or their logs, and all of it in every namespace.
RBAC = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: original, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: original}
rules:
  - apiGroups: [serving.kserve.io]
    resources: [inferenceservices]
    verbs: [get, list, watch, create, update, patch, delete]
  - apiGroups: [serving.kserve.io]
    resources: [inferenceservices/status, servingruntimes, clusterservingruntimes]
    verbs: [get, list, watch]
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [get, list]
  - apiGroups: [serving.knative.dev]
    resources: [domainmappings]
    verbs: [get, list, watch, create, update, patch, delete]
  - apiGroups: [autoscaling.internal.knative.dev]
    resources: [podautoscalers]
    verbs: [get, list, watch, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: original}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: original}
subjects: [{kind: ServiceAccount, name: original, namespace: default}]
"""


@dataclass(slots=True)
class OriginalFlow:
    """Blocking, as it was; `sleep` stands for its one-second pauses and may let the cluster go on meanwhile."""

    url: str
    token: str
    sleep: Callable[[], None] = lambda: None
    domain: str = "calvinruntime.net"
    sleeps: int = 0
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def close(self) -> None:
        self._client.close()

    def manifest(self, name: str, image: str, namespace: str, envs: Mapping[str, str]) -> Object:
        """Bounds as annotations only, no minReplicas."""
        return {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "annotations": {
                    "autoscaling.knative.dev/min-scale": "0",
                    "autoscaling.knative.dev/max-scale": "10",
                    "autoscaling.knative.dev/initial-scale": "0",
                    "serving.kserve.io/enable-prometheus-scraping": "true",
                },
            },
            "spec": {
                "predictor": {
                    "containers": [
                        {
                            "name": "kserve-container",
                            "image": image,
                            "ports": [{"containerPort": 8080}],
                            "env": [{"name": key, "value": value} for key, value in envs.items()],
                            "resources": {
                                "requests": {"cpu": "100m", "memory": "128Mi"},
                                "limits": {"cpu": "1", "memory": "512Mi"},
                            },
                        }
                    ]
                }
            },
        }

    def manifest_of_the_notes(self, name: str, image: str, namespace: str) -> Object:
        """As it was written down: the port as a field of the container, which has no such field."""
        made = self.manifest(name, image, namespace, {})
        container = made["spec"]["predictor"]["containers"][0]
        del container["ports"]
        container["port"] = 8080
        return made

    def deploy(
        self,
        name: str,
        image: str,
        *,
        namespace: str = "default",
        envs: Mapping[str, str] | None = None,
        custom_domain: str | None = None,
    ) -> Object:
        """Create or merge-patch, then the scale-to-zero patch, then the domains."""
        item, place = self.manifest(name, image, namespace, envs or {}), _ISVC.format(namespace=namespace)
        present = self._client.get(f"{place}/{name}").status_code == httpx.codes.OK
        if present:
            self._patch(f"{place}/{name}", item)
        else:
            self.create(place, item)
        self.patch_scale_to_zero(name, namespace)
        for domain in (f"{name}.{self.domain}", custom_domain):
            if domain:
                self.map_domain(domain, name, namespace, api_version="serving.knative.dev/v1")
        return {"name": name, "action": "updated" if present else "created"}

    def create(self, place: str, item: Object, *, strict: bool = False) -> httpx.Response:
        query = {"fieldValidation": "Strict"} if strict else {}
        response = self._client.post(place, json=item, params=query)
        response.raise_for_status()
        return response

    def apply_notes(self, name: str, image: str, namespace: str = "default", *, strict: bool) -> httpx.Response:
        """Create the InferenceService of the notes, as `kubectl create --validate=strict` (or `=warn`) does."""
        place = _ISVC.format(namespace=namespace)
        return self.create(place, self.manifest_of_the_notes(name, image, namespace), strict=strict)

    def patch_scale_to_zero(self, name: str, namespace: str) -> str:
        """Wait for `latestCreatedRevision`, whichever that is, and set min-scale 0 on its PodAutoscaler."""
        for _ in range(_POLLS):
            status = self._isvc(name, namespace).get("status", {})
            revision: str = status.get("components", {}).get("predictor", {}).get("latestCreatedRevision", "")
            if revision:
                patch = {"metadata": {"annotations": {"autoscaling.knative.dev/min-scale": "0"}}}
                self._patch(f"{_AUTOSCALER.format(namespace=namespace)}/{revision}", patch)
                return revision
            self.sleeps += 1
            self.sleep()
        return ""

    def map_domain(self, domain: str, name: str, namespace: str, *, api_version: str | None = None) -> None:
        """Create the DomainMapping; one that is there already is left as it is."""
        reference = {"kind": "Service", "name": f"{name}-predictor"}
        if api_version:
            reference["apiVersion"] = api_version
        mapping = {
            "apiVersion": "serving.knative.dev/v1beta1",
            "kind": "DomainMapping",
            "metadata": {"name": domain, "namespace": namespace},
            "spec": {"ref": reference},
        }
        response = self._client.post(_MAPPING.format(namespace=namespace), json=mapping)
        if response.status_code != httpx.codes.CONFLICT:
            response.raise_for_status()

    def delete(self, name: str, namespace: str = "default") -> None:
        """The InferenceService first, then the one domain it knows of by the name."""
        self._client.delete(f"{_ISVC.format(namespace=namespace)}/{name}").raise_for_status()
        mapping = f"{_MAPPING.format(namespace=namespace)}/{name}.{self.domain}"
        self._client.delete(mapping).raise_for_status()

    def is_ready(self, name: str, namespace: str = "default") -> bool:
        """Whether the last condition in the list is true."""
        conditions = self._isvc(name, namespace).get("status", {}).get("conditions", [])
        return bool(conditions) and bool(conditions[-1]["status"] == "True")

    def logs(self, name: str, namespace: str = "default") -> str:
        selector = {"labelSelector": f"serving.kserve.io/inferenceservice={name}"}
        pods = self._client.get(_PODS.format(namespace=namespace), params=selector).raise_for_status().json()["items"]
        path = f"{_PODS.format(namespace=namespace)}/{pods[0]['metadata']['name']}/log"
        return self._client.get(path, params={"container": "kserve-container"}).raise_for_status().text

    def _isvc(self, name: str, namespace: str) -> Object:
        item: Object = self._client.get(f"{_ISVC.format(namespace=namespace)}/{name}").raise_for_status().json()
        return item

    def _patch(self, path: str, patch: Object) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        self._client.patch(path, content=json.dumps(patch), headers=headers).raise_for_status()
