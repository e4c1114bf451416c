"""What all controllers share: the store, the clock, the registry, the platform's ConfigMaps, pods' logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kserve_api.tests.fake_cluster.controllers.clock import Clock
from kserve_api.tests.fake_cluster.controllers.registry import Registry
from kserve_api.tests.fake_cluster.kinds import KINDS
from kserve_api.tests.fake_cluster.store import ObjectStore

Object = dict[str, Any]
Logs = dict[tuple[str, str, str], list[str]]  # By namespace, pod and container.

ISVC = "inferenceservices.serving.kserve.io"
SERVICE = "services.serving.knative.dev"
CONFIGURATION = "configurations.serving.knative.dev"
ROUTE = "routes.serving.knative.dev"
REVISION = "revisions.serving.knative.dev"
AUTOSCALER = "podautoscalers.autoscaling.internal.knative.dev"
DOMAIN_MAPPING = "domainmappings.serving.knative.dev"
DOMAIN_CLAIM = "clusterdomainclaims.networking.internal.knative.dev"
DEPLOYMENT = "deployments.apps"

KNATIVE_NAMESPACE = "knative-serving"
KSERVE_NAMESPACE = "kserve"
KOURIER_NAMESPACE = "kourier-system"

# What a cluster is set up with for this service; a test replaces ConfigMaps to change it.
KNATIVE_CONFIG: Mapping[str, Mapping[str, str]] = {
    "config-autoscaler": {"enable-scale-to-zero": "true", "allow-zero-initial-scale": "false"},
    "config-network": {"autocreate-cluster-domain-claims": "true"},
    "config-domain": {"knative.internal.test": ""},
    "config-deployment": {},
    "config-gc": {},
}
KSERVE_CONFIG: Mapping[str, Mapping[str, object]] = {
    "deploy": {"defaultDeploymentMode": "Serverless"},
    "ingress": {"disableIstioVirtualHost": True, "urlScheme": "http", "ingressDomain": "knative.internal.test"},
    "inferenceService": {
        "resource": {"cpuLimit": "1", "memoryLimit": "2Gi", "cpuRequest": "1", "memoryRequest": "2Gi"}
    },
}


@dataclass(slots=True)
class Platform:
    """The cluster's own software and state. `kserve_version` and the two flags make it older than it is."""

    store: ObjectStore
    clock: Clock = field(default_factory=Clock)
    registry: Registry = field(default_factory=Registry)
    kserve_version: tuple[int, int] = (0, 16)
    drops_zero_min_replicas: bool = False  # An old KServe that takes minReplicas 0 for none.
    resyncs_autoscalers: bool = True  # An old Knative compares only the spec of a PodAutoscaler, not its annotations.
    logs: Logs = field(default_factory=dict)  # Of the running containers.
    previous_logs: Logs = field(default_factory=dict)  # Of those before them.
    last_request: dict[tuple[str, str], datetime] = field(default_factory=dict)  # By namespace and revision.
    load: dict[tuple[str, str], float] = field(default_factory=dict)  # Requests at the same time, likewise.
    pods_made: int = 0

    def install(self) -> None:
        """Namespaces and ConfigMaps of Knative, KServe and Kourier, where they are not there yet."""
        for namespace in (KNATIVE_NAMESPACE, KSERVE_NAMESPACE, KOURIER_NAMESPACE):
            if self.store.find("namespaces", None, namespace) is None:
                self.store.create("namespaces", {"metadata": {"name": namespace}, "status": {"phase": "Active"}})
        for name, data in KNATIVE_CONFIG.items():
            self._create_config(KNATIVE_NAMESPACE, name, data)
        texts = {section: json.dumps(values) for section, values in KSERVE_CONFIG.items()}
        self._create_config(KSERVE_NAMESPACE, "inferenceservice-config", texts)

    def _create_config(self, namespace: str, name: str, data: Mapping[str, str]) -> None:
        if self.store.find("configmaps", namespace, name) is None:
            self.store.create("configmaps", {"metadata": {"namespace": namespace, "name": name}, "data": dict(data)})

    def config(self, name: str) -> Mapping[str, str]:
        """Data of one of Knative's ConfigMaps."""
        found = self.store.find("configmaps", KNATIVE_NAMESPACE, name)
        return found.get("data", {}) if found else {}

    def kserve_config(self, section: str) -> Mapping[str, Any]:
        """One section of KServe's ConfigMap."""
        found = self.store.find("configmaps", KSERVE_NAMESPACE, "inferenceservice-config")
        text = (found or {}).get("data", {}).get(section)
        section_values: Mapping[str, Any] = json.loads(text) if text else {}
        return section_values

    def set_config(self, name: str, **data: str) -> None:
        """Change keys of one of Knative's ConfigMaps; underscores stand for hyphens."""
        found = self.store.get("configmaps", KNATIVE_NAMESPACE, name)
        found["data"] = {**found.get("data", {}), **{key.replace("_", "-"): value for key, value in data.items()}}
        self.store.replace("configmaps", found)

    def set_kserve_config(self, section: str, **values: object) -> None:
        """Change values of one section of KServe's ConfigMap."""
        found = self.store.get("configmaps", KSERVE_NAMESPACE, "inferenceservice-config")
        found["data"][section] = json.dumps({**self.kserve_config(section), **values})
        self.store.replace("configmaps", found)

    def ensure(self, key: str, wanted: Object, *fields: str) -> Object:
        """The object in the store: made when it is not there, else these top-level fields (and labels) set."""
        metadata = wanted["metadata"]
        present = self.store.find(key, metadata.get("namespace"), metadata["name"])
        if present is None:
            return self.store.create(key, wanted)
        for name in fields:
            present[name] = wanted[name]
        if "labels" in metadata:
            present["metadata"]["labels"] = metadata["labels"]
        return self.store.replace(key, present)

    def event(self, item: Object, reason: str, message: str) -> None:
        """A Warning about an object, once for the same message."""
        metadata = item["metadata"]
        name = f"{metadata['name']}.{metadata['uid'][:8]}.{reason.lower()}"
        present = self.store.find("events", metadata["namespace"], name)
        if present is not None and present["message"] == message:
            return
        if present is not None:
            self.store.delete("events", metadata["namespace"], name)
        self.store.create(
            "events",
            {
                "metadata": {"name": name, "namespace": metadata["namespace"]},
                "involvedObject": {
                    "apiVersion": item["apiVersion"],
                    "kind": item["kind"],
                    "name": metadata["name"],
                    "namespace": metadata["namespace"],
                    "uid": metadata["uid"],
                },
                "type": "Warning",
                "reason": reason,
                "message": message,
                "count": 1,
                "firstTimestamp": self.clock.stamp(),
                "lastTimestamp": self.clock.stamp(),
            },
        )


def owner(item: Object) -> Object:
    """An ownerReference to the controller of an object."""
    return {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "name": item["metadata"]["name"],
        "uid": item["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owned_by(item: Object, kind_key: str) -> str | None:
    """Name of the owner of this kind."""
    kind = KINDS[kind_key]
    for reference in item["metadata"].get("ownerReferences", []):
        if reference["kind"] == kind.kind and reference["apiVersion"] == kind.api_version:
            name: str = reference["name"]
            return name
    return None
