"""Where pods are described in each kind of object, and the labels that such pods will have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings

__all__ = ["AUTOSCALING", "KNATIVE", "KSERVE", "Container", "PodTemplate", "containers_of", "pod_template"]

AUTOSCALING = "autoscaling.knative.dev"
KNATIVE = "serving.knative.dev"
KSERVE = "serving.kserve.io"

_TEMPLATES = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    (KNATIVE, "Service"): ("spec", "template"),
    ("", "Pod"): (),
}


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """The pods of a workload: their labels (those that Knative and KServe add too), annotations and spec."""

    labels: Mapping[str, str]
    annotations: Body
    spec: Body

    def selected_by(self, labels: object) -> bool:
        """Whether a selector's matchLabels (or a Service's selector) take these pods; an empty one takes all."""
        return isinstance(labels, Mapping) and labels.items() <= self.labels.items()

    def taken_by(self, selector: object) -> bool:
        """Whether a selector with matchLabels and matchExpressions takes these pods; an empty one takes all."""
        expressions = mappings(field(selector, "matchExpressions"))
        return self.selected_by(field(selector, "matchLabels") or {}) and all(map(self._fulfils, expressions))

    def _fulfils(self, expression: Body) -> bool:
        value, values = self.labels.get(str(expression.get("key"))), expression.get("values") or ()
        match expression.get("operator"):
            case "In":
                return value in values
            case "NotIn":
                return value not in values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return False


@dataclass(frozen=True, slots=True)
class Container:
    """One container, and whether it is one that runs before the others."""

    body: Body
    initial: bool = False

    @property
    def name(self) -> str:
        """Its name, for messages."""
        return str(self.body.get("name", "without a name"))

    @property
    def program(self) -> str:
        """The last part of its image's name, without version and digest."""
        return str(self.body.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]

    @property
    def ports(self) -> list[Body]:
        """Its declared ports."""
        return mappings(self.body.get("ports"))


def pod_template(manifest: Manifest) -> PodTemplate | None:
    """Return what pods an object makes; None for objects that make none."""
    if manifest.is_a("InferenceService", KSERVE):
        added = {
            "serving.kserve.io/inferenceservice": manifest.name,
            f"{KNATIVE}/service": f"{manifest.name}-predictor",
        }
        predictor = field(manifest.body, "spec", "predictor")
        spec = predictor if isinstance(predictor, Mapping) else {}
        return PodTemplate({**manifest.labels, **added}, manifest.annotations, spec)
    path = _TEMPLATES.get((manifest.group, manifest.kind))
    template = field(manifest.body, *path) if path is not None else None
    if not isinstance(template, Mapping) or not isinstance(template.get("spec"), Mapping):
        return None
    labels = dict(field(template, "metadata", "labels") or {})
    if manifest.is_a("Service", KNATIVE):
        labels[f"{KNATIVE}/service"] = manifest.name
    return PodTemplate(labels, field(template, "metadata", "annotations") or {}, template["spec"])


def containers_of(manifest: Manifest) -> Iterator[Container]:
    """Yield the containers of an object's pods; none for objects that make no pods."""
    template = pod_template(manifest)
    spec = template.spec if template else None
    for body in mappings(field(spec, "initContainers")):
        yield Container(body, initial=True)
    for body in mappings(field(spec, "containers")):
        yield Container(body)
