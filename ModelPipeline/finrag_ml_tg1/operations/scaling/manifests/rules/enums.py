"""Words that Kubernetes chooses from: its schemas call them strings, its API server refuses others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field
from finrag_ml_tg1.operations.scaling.manifests.pods import KNATIVE, pod_template

__all__ = ["RULES"]

_PROBE_SCHEMES = {
    f"containers.*.{probe}.httpGet.scheme": "HTTP HTTPS"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe")
}
# Paths below a pod's spec; * is every item of a list.
_OF_PODS: Mapping[str, str] = {
    "restartPolicy": "Always OnFailure Never",
    "dnsPolicy": "ClusterFirst ClusterFirstWithHostNet Default None",
    "containers.*.imagePullPolicy": "Always IfNotPresent Never",
    "initContainers.*.imagePullPolicy": "Always IfNotPresent Never",
    "initContainers.*.restartPolicy": "Always",
    "containers.*.ports.*.protocol": "TCP UDP SCTP",
    "containers.*.terminationMessagePolicy": "File FallbackToLogsOnError",
    "securityContext.seccompProfile.type": "RuntimeDefault Localhost Unconfined",
    "securityContext.fsGroupChangePolicy": "Always OnRootMismatch",
    "containers.*.securityContext.seccompProfile.type": "RuntimeDefault Localhost Unconfined",
    "topologySpreadConstraints.*.whenUnsatisfiable": "DoNotSchedule ScheduleAnyway",
    "tolerations.*.operator": "Exists Equal",
    "tolerations.*.effect": "NoSchedule PreferNoSchedule NoExecute",
    "volumes.*.emptyDir.medium": "Memory",
    **_PROBE_SCHEMES,
}
_METRICS = "ContainerResource External Object Pods Resource"
_BEHAVIOUR = {
    f"spec.behavior.{direction}.{path}": words
    for direction in ("scaleUp", "scaleDown")
    for path, words in (("selectPolicy", "Max Min Disabled"), ("policies.*.type", "Pods Percent"))
}
_KEDA_BEHAVIOUR = {
    path.replace("spec.", "spec.advanced.horizontalPodAutoscalerConfig.", 1): words
    for path, words in _BEHAVIOUR.items()
}
_ADMISSION = {
    "spec.failurePolicy": "Fail Ignore",
    "spec.matchConstraints.matchPolicy": "Exact Equivalent",
    "spec.matchConstraints.resourceRules.*.operations.*": "CREATE UPDATE DELETE CONNECT *",
    "spec.matchConstraints.resourceRules.*.scope": "Cluster Namespaced *",
}
# Kind, of one of Kubernetes' own groups: paths below the object.
_OF_KINDS: Mapping[str, Mapping[str, str]] = {
    "Deployment": {"spec.strategy.type": "Recreate RollingUpdate"},
    "StatefulSet": {
        "spec.updateStrategy.type": "OnDelete RollingUpdate",
        "spec.podManagementPolicy": "OrderedReady Parallel",
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": "Delete Retain",
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": "Delete Retain",
        "spec.volumeClaimTemplates.*.spec.accessModes.*": "ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod",
    },
    "PersistentVolumeClaim": {"spec.accessModes.*": "ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod"},
    "CronJob": {"spec.concurrencyPolicy": "Allow Forbid Replace"},
    "Service": {
        "spec.type": "ClusterIP NodePort LoadBalancer ExternalName",
        "spec.ports.*.protocol": "TCP UDP SCTP",
        "spec.sessionAffinity": "ClientIP None",
        "spec.externalTrafficPolicy": "Cluster Local",
    },
    "HorizontalPodAutoscaler": {
        "spec.metrics.*.type": _METRICS,
        "spec.metrics.*.resource.target.type": "Utilization AverageValue",
        "spec.metrics.*.containerResource.target.type": "Utilization AverageValue",
        "spec.metrics.*.pods.target.type": "AverageValue",
        "spec.metrics.*.object.target.type": "AverageValue Value",
        "spec.metrics.*.external.target.type": "AverageValue Value",
        **_BEHAVIOUR,
    },
    "ScaledObject": _KEDA_BEHAVIOUR,
    "PodDisruptionBudget": {"spec.unhealthyPodEvictionPolicy": "AlwaysAllow IfHealthyBudget"},
    "NetworkPolicy": {
        "spec.policyTypes.*": "Ingress Egress",
        "spec.ingress.*.ports.*.protocol": "TCP UDP SCTP",
        "spec.egress.*.ports.*.protocol": "TCP UDP SCTP",
    },
    "LimitRange": {"spec.limits.*.type": "Container Pod PersistentVolumeClaim"},
    "Ingress": {"spec.rules.*.http.paths.*.pathType": "Exact ImplementationSpecific Prefix"},
    "ValidatingAdmissionPolicy": _ADMISSION,
    "ValidatingAdmissionPolicyBinding": {"spec.validationActions.*": "Audit Deny Warn"},
}


def words_are_known(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A field that takes one of some words has one of them."""
    if manifest.group != KNATIVE:
        for path, words in _OF_KINDS.get(manifest.kind, {}).items():
            yield from _unknown(manifest.body, path, words)
    template = pod_template(manifest)
    if template:
        for path, words in _OF_PODS.items():
            yield from _unknown(template.spec, path, words)


def pod_security_level_is_known(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A mistyped level of Pod Security enforces nothing."""
    for key, value in manifest.labels.items() if manifest.kind == "Namespace" else ():
        _, _, mode = str(key).partition("pod-security.kubernetes.io/")
        if mode in {"enforce", "audit", "warn"} and value not in {"privileged", "baseline", "restricted"}:
            yield f"{key} is {value}: write baseline or restricted"
        elif mode and mode.removesuffix("-version") not in {"enforce", "audit", "warn"}:
            yield f"{key} does not exist: write enforce, audit or warn"


def _unknown(body: object, path: str, words: str) -> Iterator[str]:
    allowed = words.split()
    for place, value in _values(body, path.split("."), ""):
        if value is not None and value not in allowed:
            yield f"{place} is {value}: write {' or '.join(allowed)}"


def _values(body: object, path: list[str], place: str) -> Iterator[tuple[str, object]]:
    if not path:
        yield place, body
    elif path[0] == "*":
        for at, item in enumerate(body) if isinstance(body, list) else ():
            yield from _values(item, path[1:], f"{place}.{at}")
    else:
        yield from _values(field(body, path[0]), path[1:], f"{place}.{path[0]}".lstrip("."))


RULES: tuple[Rule, ...] = (words_are_known, pod_security_level_is_known)
