"""Autoscalers: bounds, targets, metrics and behaviour that do what they say."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import AUTOSCALING, containers_of, pod_template
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity

__all__ = ["RULES", "fewest_pods", "scaled_by"]

# Kind of the metric: the field that its target stands in.
_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}


def bounds_are_in_order(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """The least number of pods is not above the greatest."""
    for low, high in _bounds(manifest):
        if high is not None and high > 0 and low is not None and low > high:
            yield f"at least {low} pods, at most {high}: the least is above the greatest"


def _bounds(manifest: Manifest) -> Iterator[tuple[int | None, int | None]]:
    match manifest.kind:
        case "HorizontalPodAutoscaler":
            yield _number(manifest, "minReplicas", 1), _number(manifest, "maxReplicas")
        case "ScaledObject":
            yield _number(manifest, "minReplicaCount", 0), _number(manifest, "maxReplicaCount", 100)
        case "InferenceService":
            predictor = field(manifest.body, "spec", "predictor")
            yield _integer(field(predictor, "minReplicas")), _integer(field(predictor, "maxReplicas"))
        case _:
            template = pod_template(manifest)
            annotations = template.annotations if template else {}
            low, high = (_integer(annotations.get(f"{AUTOSCALING}/{end}-scale")) for end in ("min", "max"))
            yield low, high


def _number(manifest: Manifest, name: str, default: int | None = None) -> int | None:
    value = field(manifest.body, "spec", name)
    return default if value is None else _integer(value)


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def numbers_are_not_negative(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """No count, port or time in a spec is negative."""
    if manifest.kind != "PriorityClass":
        yield from _negative(manifest.body.get("spec"), "spec")


def _negative(value: object, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _negative(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _negative(inner, f"{place}.{at}")
    elif isinstance(value, int) and value < 0:
        yield f"{place} is {value}: it cannot be negative"


def hpa_keeps_a_pod(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A HorizontalPodAutoscaler does not go to no pods, and has a greatest number."""
    if _is_hpa(manifest):
        for name, default in (("minReplicas", 1), ("maxReplicas", None)):
            value = _number(manifest, name, default)
            if value is not None and value < 1:
                yield f"spec.{name} is {value}: at least 1 (Knative and KEDA can go to 0)"


def target_exists(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """What is scaled is there, and says no number of pods itself: each deployment would undo the autoscaler."""
    target = scaled_by(manifest)
    if target is None:
        return
    group, kind, name = target
    found = kit.find(kind, group, name, manifest.namespace)
    if found is None:
        yield f"there is no {kind} {name} beside it: see spec.scaleTargetRef"
    elif field(found.body, "spec", "replicas") is not None:
        yield f"{kind} {name} sets replicas, which undoes the autoscaler at each deployment: remove replicas there"
    others = [
        other
        for other in kit.manifests
        if other is not manifest and scaled_by(other) == target and other.namespace == manifest.namespace
    ]
    # As written, variants lie beside each other: an overlay has one of them.
    if others and kit.final:
        yield f"{others[0].kind} {others[0].name} scales {kind} {name} too: keep one"


def scaled_by(manifest: Manifest) -> tuple[str, str, str] | None:
    """Return group, kind and name of what an autoscaler scales; None for other objects."""
    reference = field(manifest.body, "spec", "scaleTargetRef")
    if not (_is_hpa(manifest) or manifest.is_a("ScaledObject", "keda.sh")) or reference is None:
        return None
    version = str(field(reference, "apiVersion") or "apps/v1")
    return version.rpartition("/")[0], str(field(reference, "kind") or "Deployment"), str(field(reference, "name"))


def hpa_metrics_have_their_target(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """There are metrics, and each target stands in the field of its type."""
    if not _is_hpa(manifest):
        return
    metrics = mappings(field(manifest.body, "spec", "metrics"))
    if not metrics:
        yield "it has no spec.metrics, so it scales by Kubernetes' default of 80 % CPU: say what it scales by"
    for metric in metrics:
        kind = str(metric.get("type", ""))
        source = metric.get(kind[:1].lower() + kind[1:])
        if not isinstance(source, dict):
            yield f"a metric of type {kind} has no field of that name: write it"
            continue
        target = source.get("target")
        wanted = _TARGETS.get(str(field(target, "type")))
        value = field(target, wanted) if wanted else None
        if wanted and value is None:
            yield f"a target of type {field(target, 'type')} has no {wanted}: write it"
        elif isinstance(value, int) and value < 1:
            yield f"a target is {value}: at least 1"


def hpa_utilisation_has_requests(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Utilisation is a share of the request, so every container has one."""
    target = scaled_by(manifest) if _is_hpa(manifest) else None
    found = kit.find(target[1], target[0], target[2], manifest.namespace) if target else None
    for metric in mappings(field(manifest.body, "spec", "metrics")) if found else ():
        resource = field(metric, "resource", "name")
        if field(metric, "resource", "target", "type") != "Utilization" or found is None:
            continue
        for container in containers_of(found):
            if not container.initial and field(container.body, "resources", "requests", str(resource)) is None:
                yield f"it scales by {resource}, of which container {container.name} requests nothing: set the request"


def hpa_asks_each_metric_once(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Of a metric that is there twice, the lower target alone counts."""
    metrics = mappings(field(manifest.body, "spec", "metrics")) if _is_hpa(manifest) else []
    names = [
        str(field(metric, "resource", "name") or field(metric, "pods", "metric", "name") or metric)
        for metric in metrics
    ]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"it scales by {name} twice: keep one target"


def hpa_target_can_be_reached(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Utilisation is a share of the request, and use ends at the limit: a target above that is never reached."""
    target = scaled_by(manifest) if _is_hpa(manifest) else None
    found = kit.find(target[1], target[0], target[2], manifest.namespace) if target else None
    for metric in mappings(field(manifest.body, "spec", "metrics")) if found else ():
        resource, share = field(metric, "resource", "name"), field(metric, "resource", "target", "averageUtilization")
        for container in containers_of(found) if found and isinstance(share, int) else ():
            try:
                request, limit = (
                    parse_quantity(field(container.body, "resources", part, str(resource)))
                    for part in ("requests", "limits")
                )
            except ValueError:
                continue  # Not said, or no quantity: other rules tell.
            if not container.initial and request * share / 100 >= limit:
                yield f"{share} % of the {resource} that {container.name} requests is its limit: it is never passed"


def hpa_behaviour_is_in_range(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Windows and periods are what Kubernetes takes, and policies move something."""
    path = (
        ("spec", "behavior") if _is_hpa(manifest) else ("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior")
    )
    for direction in ("scaleUp", "scaleDown"):
        rules = field(manifest.body, *path, direction)
        window = field(rules, "stabilizationWindowSeconds")
        if isinstance(window, int) and not 0 <= window <= 3600:
            yield f"{direction}.stabilizationWindowSeconds is {window}: 0 to 3600"
        if field(rules, "policies") == [] and field(rules, "selectPolicy") != "Disabled":
            yield f"{direction}.policies is empty: write one, or selectPolicy: Disabled"
        for policy in mappings(field(rules, "policies")):
            yield from (f"{direction}: {mistake}" for mistake in _policy_mistakes(policy))


def _policy_mistakes(policy: Body) -> Iterator[str]:
    period, value = policy.get("periodSeconds"), policy.get("value")
    if isinstance(period, int) and not 1 <= period <= 1800:
        yield f"periodSeconds is {period}: 1 to 1800"
    if isinstance(value, int) and value < 1:
        yield f"a policy's value is {value}: at least 1"


def budget_leaves_room(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A disruption budget is for pods that are there, says one number, and lets a node be emptied."""
    if not manifest.is_a("PodDisruptionBudget", "policy"):
        return
    least, most = (field(manifest.body, "spec", name) for name in ("minAvailable", "maxUnavailable"))
    if (least is None) == (most is None):
        yield "it has to say one of minAvailable and maxUnavailable"
    wanted = field(manifest.body, "spec", "selector", "matchLabels")
    held = [workload for workload, template in kit.pods(manifest.namespace) if wanted and template.selected_by(wanted)]
    if not held:
        yield "its selector matches no pods beside it: use labels of a template"
    for workload in held:
        count = fewest_pods(workload, kit)
        if most in (0, "0%") or least == "100%" or (isinstance(least, int) and count is not None and least >= count):
            yield f"it never lets a pod of {workload.kind} {workload.name} go: nodes could not be emptied"


def fewest_pods(workload: Manifest, kit: Kit) -> int | None:
    """Return how many pods a workload has at the least: what its autoscaler says, otherwise its replicas."""
    for scaler in kit.manifests:
        if scaled_by(scaler) == (workload.group, workload.kind, workload.name):
            return next(_bounds(scaler))[0]
    return _number(workload, "replicas", 1)


def _is_hpa(manifest: Manifest) -> bool:
    return manifest.is_a("HorizontalPodAutoscaler", "autoscaling")


RULES: tuple[Rule, ...] = (
    bounds_are_in_order,
    numbers_are_not_negative,
    hpa_keeps_a_pod,
    target_exists,
    hpa_metrics_have_their_target,
    hpa_utilisation_has_requests,
    hpa_asks_each_metric_once,
    hpa_target_can_be_reached,
    hpa_behaviour_is_in_range,
    budget_leaves_room,
)
