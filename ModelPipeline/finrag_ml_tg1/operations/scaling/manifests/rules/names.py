"""Names, labels and namespaces that the API server, Knative or KServe would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import KNATIVE, KSERVE, containers_of, pod_template

__all__ = ["RULES"]

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_DNS_LABEL = re.compile(_LABEL)
_DNS_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})+")
# KServe adds "-predictor", and the result is a DNS label.
_APP = re.compile(r"[a-z]([-a-z0-9]{0,51}[a-z0-9])?")
_LABEL_KEY = re.compile(rf"({_LABEL}(\.{_LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_NAMES = {
    ("", "Namespace"): (_DNS_LABEL, "a DNS label: a-z, 0-9 and - in it, at most 63 characters"),
    ("", "Service"): (_DNS_LABEL_1035, "a DNS label that begins with a letter, at most 63 characters"),
    (KNATIVE, "Service"): (_DNS_LABEL_1035, "a DNS label that begins with a letter, at most 63 characters"),
    (KNATIVE, "DomainMapping"): (_DOMAIN, "a full domain name"),
    (KSERVE, "InferenceService"): (_APP, "a letter, then a-z, 0-9 and -, at most 53 characters"),
}
_RBAC = "rbac.authorization.k8s.io"
_WITHOUT_NAMESPACE = frozenset(
    "APIService ClusterDomainClaim ClusterRole ClusterRoleBinding CustomResourceDefinition IngressClass Namespace "
    "PersistentVolume PriorityClass StorageClass ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding".split()
)


def name_is_valid(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """The name has the form that its kind asks for."""
    if manifest.group == _RBAC:
        return
    pattern, words = _NAMES.get((manifest.group, manifest.kind), (_DNS_SUBDOMAIN, "DNS labels separated by dots"))
    if len(manifest.name) > 253 or not pattern.fullmatch(manifest.name):
        yield f"the name {manifest.name!r} is not valid: write {words}"
    if manifest.namespace and not _DNS_LABEL.fullmatch(manifest.namespace):
        yield f"the namespace {manifest.namespace!r} is not valid: write a DNS label"


def domain_is_not_of_the_cluster(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Knative refuses to map names that the cluster resolves itself."""
    if manifest.is_a("DomainMapping", KNATIVE) and manifest.name.endswith((".cluster.local", ".svc")):
        yield "the domain is one of the cluster's own names: map a public one"


def namespace_is_said(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """What is applied says where: otherwise it goes wherever kubectl happens to point."""
    if kit.final and not manifest.namespace and manifest.kind not in _WITHOUT_NAMESPACE:
        yield "it has no metadata.namespace: name it, or have the overlay name it"


def namespace_is_not_said_in_vain(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Kinds of the whole cluster have no namespace."""
    if manifest.namespace and manifest.kind in _WITHOUT_NAMESPACE:
        yield f"a {manifest.kind} has no namespace: remove metadata.namespace"


def labels_are_valid(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Keys and values of labels, of the object and of its pods, have their form."""
    template = pod_template(manifest)
    for key, value in {**manifest.labels, **(template.labels if template else {})}.items():
        if not _LABEL_KEY.fullmatch(str(key)):
            yield f"the label {key!r} is not valid: write name or domain/name"
        if isinstance(value, str) and not _LABEL_VALUE.fullmatch(value):
            yield f"the label {key} has the value {value!r}: at most 63 of A-Z, a-z, 0-9, - _ and . within"


def names_in_pods_are_valid_and_unique(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Containers, ports, variables and volumes of a pod: each name once, and in its form."""
    template = pod_template(manifest)
    if template is None:
        return
    containers = list(containers_of(manifest))
    yield from _twice("container", [container.name for container in containers])
    yield from _twice("volume", [volume.get("name") for volume in mappings(template.spec.get("volumes"))])
    for container in containers:
        if not _DNS_LABEL.fullmatch(container.name):
            yield f"the container's name {container.name!r} is not valid: write a DNS label"
        ports = [port.get("name") for port in container.ports if port.get("name")]
        yield from _twice("port", ports)
        yield from (
            f"the port's name {name!r} is not valid: at most 15 of a-z, 0-9 and -"
            for name in ports
            if not _PORT_NAME.fullmatch(str(name))
        )
        variables = [variable.get("name") for variable in mappings(container.body.get("env"))]
        yield from _twice("variable", variables)
        yield from (
            f"the variable {name!r} is not valid: write letters, digits and _"
            for name in variables
            if not _VARIABLE.fullmatch(str(name))
        )


def _twice(what: str, names: list[object]) -> Iterator[str]:
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"the {what} {name} is there twice: remove one"


def objects_are_there_once(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """No two objects of one kind, namespace and name: the second would overwrite the first."""
    same = [
        other
        for other in kit.manifests
        if other.name == manifest.name
        and (other.group, other.kind, other.namespace) == (manifest.group, manifest.kind, manifest.namespace)
        # Folders are alternatives until an overlay has put them together.
        and (kit.final or other.path.rpartition("/")[0] == manifest.path.rpartition("/")[0])
    ]
    if len(same) > 1 and same[0] is not manifest:
        yield f"it is there twice, first in {same[0].path}: remove one"


def owner_fields_are_not_written(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """What the API server writes does not stand in a file."""
    for name in ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"):
        if field(manifest.body, "metadata", name) is not None:
            yield f"metadata.{name} is written by the API server: remove it"
    if manifest.body.get("status") is not None:
        yield "status is written by controllers: remove it"


RULES: tuple[Rule, ...] = (
    name_is_valid,
    domain_is_not_of_the_cluster,
    namespace_is_said,
    namespace_is_not_said_in_vain,
    labels_are_valid,
    names_in_pods_are_valid_and_unique,
    objects_are_there_once,
    owner_fields_are_not_written,
)
