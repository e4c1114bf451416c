"""What Knative refuses, and what KServe makes of fields that are not said."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field
from finrag_ml_tg1.operations.scaling.manifests.pods import AUTOSCALING, KNATIVE, KSERVE, containers_of, pod_template

__all__ = ["RULES"]

_REFUSED = ("lifecycle", "stdin", "stdinOnce", "tty", "volumeDevices")


def knative_takes_the_fields(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Knative's admission takes fewer fields of a container than Kubernetes, and a token only to be left out."""
    template = pod_template(manifest)
    if template is None or not _is_run_by_knative(manifest):
        return
    if template.spec.get("automountServiceAccountToken"):
        yield "Knative refuses automountServiceAccountToken: true: remove it, and do not forbid it in the account"
    for container in containers_of(manifest):
        for name in _REFUSED:
            if name in container.body:
                yield f"container {container.name} has {name}, which Knative refuses: remove it"


def knative_ports_have_its_names(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Knative takes one port, whose name says the protocol."""
    if not _is_run_by_knative(manifest):
        return
    ports = [port for container in containers_of(manifest) for port in container.ports]
    if len(ports) > 1:
        yield "Knative serves one port: declare the one that takes requests"
    for port in ports:
        if port.get("name", "http1") not in {"http1", "h2c", ""}:
            yield f"the port is named {port['name']}: Knative takes http1 or h2c"


def knative_scales_by_its_template(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Knative reads its scaling from the template; on the Service itself it is refused or has no effect."""
    if manifest.is_a("Service", KNATIVE):
        for key in manifest.annotations:
            if str(key).startswith(AUTOSCALING):
                yield f"the annotation {key} is on the Service: write it into spec.template.metadata.annotations"


def app_scales_by_its_fields(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """KServe strips the annotations of scale and makes a missing minReplicas 1; without the mode it may use an HPA."""
    if not manifest.is_a("InferenceService", KSERVE):
        return
    for end, name in (("min", "minReplicas"), ("max", "maxReplicas")):
        if f"{AUTOSCALING}/{end}-scale" in manifest.annotations:
            yield f"KServe strips the annotation {AUTOSCALING}/{end}-scale: write spec.predictor.{name}"
        if field(manifest.body, "spec", "predictor", name) is None:
            yield f"spec.predictor has no {name}, and KServe would choose: write it"
    if manifest.annotations.get("serving.kserve.io/deploymentMode") not in {"Knative", "Serverless"}:
        yield "it does not say serving.kserve.io/deploymentMode: Knative, so KServe may use an HPA, which keeps a pod"


def _is_run_by_knative(manifest: Manifest) -> bool:
    return manifest.is_a("Service", KNATIVE) or manifest.is_a("InferenceService", KSERVE)


RULES: tuple[Rule, ...] = (
    knative_takes_the_fields,
    knative_ports_have_its_names,
    knative_scales_by_its_template,
    app_scales_by_its_fields,
)
