"""The kinds that the fake serves. A kind's key, `plural.group` (core: `plural`), names it in calls of the store."""

from __future__ import annotations

from dataclasses import dataclass

from kserve_api.tests.fake_cluster.schemas import SCHEMAS, Schema

__all__ = ["KINDS", "KINDS_BY_PATH", "Column", "Kind", "kind_of"]

_ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`: a dotted path, or `condition:Ready` for a condition's status; `wide`: only -o wide."""

    title: str
    path: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One served kind. `custom`: a CRD (errors and patches differ); `status`: has the status subresource."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    custom: bool = False
    status: bool = True
    short_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    verbs: tuple[str, ...] = _ALL_VERBS

    @property
    def key(self) -> str:
        """`plural.group`, or the plural alone in the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """`apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def schema(self) -> Schema:
        """Schema of the whole object."""
        return SCHEMAS[self.key]


def _kserve(plural: str, kind: str, **more: object) -> Kind:
    return Kind("serving.kserve.io", "v1beta1", plural, kind, custom=True, **more)  # type: ignore[arg-type]


def _knative(plural: str, kind: str, *short_names: str, version: str = "v1", columns: tuple[Column, ...] = ()) -> Kind:
    return Kind("serving.knative.dev", version, plural, kind, custom=True, short_names=short_names, columns=columns)


def _core(plural: str, kind: str, *short_names: str, status: bool = False, columns: tuple[Column, ...] = ()) -> Kind:
    return Kind("", "v1", plural, kind, status=status, short_names=short_names, columns=columns)


def _rbac(plural: str, kind: str, *, namespaced: bool) -> Kind:
    return Kind("rbac.authorization.k8s.io", "v1", plural, kind, namespaced=namespaced, status=False)


def _review(plural: str, kind: str) -> Kind:
    return Kind("authorization.k8s.io", "v1", plural, kind, namespaced=False, status=False, verbs=("create",))


_URL = Column("URL", "status.url")
_READY = Column("Ready", "condition:Ready")
_REASON = Column("Reason", "reason:Ready")

_TABLE = (
    _kserve(
        "inferenceservices",
        "InferenceService",
        short_names=("isvc",),
        columns=(
            _URL,
            _READY,
            Column("Prev", "status.components.predictor.previousRolledoutRevision"),
            Column("Latest", "status.components.predictor.latestRolledoutRevision"),
            Column("LatestReadyRevision", "status.components.predictor.latestReadyRevision"),
        ),
    ),
    Kind("serving.kserve.io", "v1alpha1", "servingruntimes", "ServingRuntime", custom=True),
    Kind("serving.kserve.io", "v1alpha1", "clusterservingruntimes", "ClusterServingRuntime", False, custom=True),
    _knative(
        "services",
        "Service",
        "kservice",
        "ksvc",
        columns=(
            _URL,
            Column("LatestCreated", "status.latestCreatedRevisionName"),
            Column("LatestReady", "status.latestReadyRevisionName"),
            _READY,
            _REASON,
        ),
    ),
    _knative("configurations", "Configuration", "config", "cfg", columns=(_READY, _REASON)),
    _knative(
        "revisions",
        "Revision",
        "rev",
        columns=(
            Column("Config Name", "label:serving.knative.dev/configuration"),
            Column("Generation", "label:serving.knative.dev/configurationGeneration"),
            _READY,
            _REASON,
            Column("Actual Replicas", "status.actualReplicas"),
            Column("Desired Replicas", "status.desiredReplicas"),
        ),
    ),
    _knative("routes", "Route", "rt", columns=(_URL, _READY, _REASON)),
    _knative("domainmappings", "DomainMapping", "dm", version="v1beta1", columns=(_URL, _READY, _REASON)),
    Kind(
        "autoscaling.internal.knative.dev",
        "v1alpha1",
        "podautoscalers",
        "PodAutoscaler",
        custom=True,
        short_names=("kpa", "pa"),
        columns=(
            Column("DesiredScale", "status.desiredScale"),
            Column("ActualScale", "status.actualScale"),
            _READY,
            _REASON,
        ),
    ),
    Kind(
        "networking.internal.knative.dev",
        "v1alpha1",
        "clusterdomainclaims",
        "ClusterDomainClaim",
        namespaced=False,
        custom=True,
        status=False,
        short_names=("cdc",),
    ),
    Kind("networking.internal.knative.dev", "v1alpha1", "certificates", "Certificate", custom=True),
    Kind("networking.internal.knative.dev", "v1alpha1", "ingresses", "Ingress", custom=True),
    Kind(
        "",
        "v1",
        "namespaces",
        "Namespace",
        namespaced=False,
        short_names=("ns",),
        columns=(Column("Status", "status.phase"),),
    ),
    _core("secrets", "Secret", columns=(Column("Type", "type"), Column("Data", "count:data"))),
    _core("configmaps", "ConfigMap", "cm", columns=(Column("Data", "count:data"),)),
    _core(
        "pods",
        "Pod",
        "po",
        status=True,
        columns=(
            Column("Ready", "pod:ready"),
            Column("Status", "pod:status"),
            Column("Restarts", "pod:restarts"),
            Column("IP", "status.podIP", wide=True),
            Column("Node", "spec.nodeName", wide=True),
        ),
    ),
    _core(
        "events",
        "Event",
        "ev",
        columns=(
            Column("Type", "type"),
            Column("Reason", "reason"),
            Column("Object", "involvedObject.name"),
            Column("Message", "message"),
        ),
    ),
    _core("services", "Service", "svc", status=True, columns=(Column("Type", "spec.type"),)),
    _core("serviceaccounts", "ServiceAccount", "sa"),
    _core("resourcequotas", "ResourceQuota", "quota", status=True),
    _core("limitranges", "LimitRange", "limits"),
    Kind(
        "apps",
        "v1",
        "deployments",
        "Deployment",
        short_names=("deploy",),
        columns=(
            Column("Up-to-date", "status.updatedReplicas"),
            Column("Available", "status.availableReplicas"),
            Column("Images", "spec.template.spec.containers.0.image", wide=True),
        ),
    ),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", status=False, short_names=("netpol",)),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short_names=("pdb",)),
    Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", short_names=("hpa",)),
    _rbac("roles", "Role", namespaced=True),
    _rbac("rolebindings", "RoleBinding", namespaced=True),
    _rbac("clusterroles", "ClusterRole", namespaced=False),
    _rbac("clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
        short_names=("crd", "crds"),
    ),
    _review("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    _review("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
)

KINDS: dict[str, Kind] = {kind.key: kind for kind in _TABLE}
KINDS_BY_PATH: dict[tuple[str, str, str], Kind] = {(kind.group, kind.version, kind.plural): kind for kind in _TABLE}
_BY_NAME = {(kind.api_version, kind.kind): kind for kind in _TABLE}


def kind_of(api_version: str, kind: str) -> Kind | None:
    """The served kind of an object's apiVersion and kind, None when it is not served."""
    return _BY_NAME.get((api_version, kind))
