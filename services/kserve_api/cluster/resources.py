"""The kinds of objects that the service touches: group, served version, plural."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ACCESS_REVIEW",
    "CLUSTER_DOMAIN_CLAIM",
    "CONFIG_MAP",
    "DOMAIN_MAPPING",
    "EVENT",
    "INFERENCE_SERVICE",
    "KNATIVE_SERVICE",
    "NAMESPACE",
    "POD",
    "POD_AUTOSCALER",
    "REVISION",
    "SECRET",
    "Resource",
]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind; `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """Value of `apiVersion` in its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Path of the collection, or of one object; names must have been validated (they are put in as they are)."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{place}/{self.plural}" + (f"/{name}" if name else "")


INFERENCE_SERVICE = Resource("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService")
KNATIVE_SERVICE = Resource("serving.knative.dev", "v1", "services", "Service")
REVISION = Resource("serving.knative.dev", "v1", "revisions", "Revision")
DOMAIN_MAPPING = Resource("serving.knative.dev", "v1beta1", "domainmappings", "DomainMapping")
POD_AUTOSCALER = Resource("autoscaling.internal.knative.dev", "v1alpha1", "podautoscalers", "PodAutoscaler")
CLUSTER_DOMAIN_CLAIM = Resource(
    "networking.internal.knative.dev", "v1alpha1", "clusterdomainclaims", "ClusterDomainClaim", namespaced=False
)
SECRET = Resource("", "v1", "secrets", "Secret")
POD = Resource("", "v1", "pods", "Pod")
CONFIG_MAP = Resource("", "v1", "configmaps", "ConfigMap")
EVENT = Resource("", "v1", "events", "Event")
NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
ACCESS_REVIEW = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)
