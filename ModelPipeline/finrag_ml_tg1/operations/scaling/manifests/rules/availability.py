"""What several pods are for: one may go, at a rollout, with its node or its zone, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field
from finrag_ml_tg1.operations.scaling.manifests.pods import PodTemplate, containers_of, pod_template
from finrag_ml_tg1.operations.scaling.manifests.rules.scaling import fewest_pods

__all__ = ["RULES"]

_GRACE_SECONDS = 30
_NONE = frozenset({0, "0", "0%"})


def several_pods_have_a_budget(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A node that is emptied takes all pods at once, unless a budget says how many may be missing."""
    template = pod_template(manifest)
    if template is None or not _has_several_pods(manifest, kit):
        return
    for budget in kit.of("PodDisruptionBudget", "policy"):
        wanted = field(budget.body, "spec", "selector", "matchLabels")
        if wanted and budget.namespace == manifest.namespace and template.selected_by(wanted):
            return
    yield "it has several pods and no PodDisruptionBudget: add one"


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


def several_pods_are_spread(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Pods on one node are gone with it."""
    template = pod_template(manifest)
    if template is None or not _has_several_pods(manifest, kit):
        return
    spec = template.spec
    if not spec.get("topologySpreadConstraints") and field(spec, "affinity", "podAntiAffinity") is None:
        yield "its pods may all be on one node: set topologySpreadConstraints"


def pods_answer_until_nobody_asks(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A pod is told to stop before those that send to it know: it waits some seconds, within its time to stop."""
    template = pod_template(manifest)
    if template is None or manifest.group != "apps":
        return
    grace = template.spec.get("terminationGracePeriodSeconds", _GRACE_SECONDS)
    for container in containers_of(manifest):
        hook = field(container.body, "lifecycle", "preStop")
        serves = container.ports and not container.initial and manifest.kind == "Deployment"
        if hook is None and serves and _has_several_pods(manifest, kit) and _is_behind_service(manifest, template, kit):
            yield f"container {container.name} stops while it is still asked: set lifecycle.preStop.sleep"
        seconds = field(hook, "sleep", "seconds")
        if isinstance(seconds, int) and isinstance(grace, int) and seconds >= grace:
            yield (
                f"container {container.name} waits {seconds} s of the {grace} s that it has to stop: raise "
                "terminationGracePeriodSeconds"
            )


def rollouts_can_move(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A rolling update may have a pod more or a pod less; one that may have neither is refused."""
    if not manifest.is_a("Deployment", "apps"):
        return
    update = field(manifest.body, "spec", "strategy", "rollingUpdate")
    if field(update, "maxSurge") in _NONE and field(update, "maxUnavailable") in _NONE:
        yield "maxSurge and maxUnavailable are both 0, so no rollout can begin: raise one"


def _is_behind_service(manifest: Manifest, template: PodTemplate, kit: Kit) -> bool:
    same = [service for service in kit.of("Service", "") if service.namespace == manifest.namespace]
    selectors = (field(service.body, "spec", "selector") for service in same)
    return any(selector and template.selected_by(selector) for selector in selectors)


def _has_several_pods(manifest: Manifest, kit: Kit) -> bool:
    count = fewest_pods(manifest, kit) if manifest.group == "apps" else None
    return count is not None and count > 1


RULES: tuple[Rule, ...] = (
    several_pods_have_a_budget,
    budget_leaves_room,
    several_pods_are_spread,
    pods_answer_until_nobody_asks,
    rollouts_can_move,
)
