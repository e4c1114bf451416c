"""Containers: which image, how much they may take, and what they may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import KSERVE, containers_of, pod_template
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity

__all__ = ["RULES"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NEEDED = ("requests.cpu", "requests.memory", "limits.memory")


def image_is_pinned(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """An image is named by version or digest, so that what runs tomorrow is what was tried today."""
    for container in containers_of(manifest):
        image = container.body.get("image")
        if not isinstance(image, str) or not image:
            yield f"container {container.name} has no image"
            continue
        name, _, digest = image.partition("@")
        if digest:
            if not _DIGEST.fullmatch(digest):
                yield f"container {container.name}: {digest} is no digest: write sha256: and 64 hexadecimal digits"
            continue
        if not kit.final and name in kit.images:
            continue
        tag = name.rpartition("/")[2].partition(":")[2]
        if tag in {"", "latest"}:
            yield f"container {container.name}: the image {image} names no version: name a tag, better a digest"


def resources_are_set(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Requests place a pod and are what utilisation is measured by; a limit of memory protects its neighbours."""
    for container in containers_of(manifest):
        for path in _NEEDED:
            if field(container.body, "resources", *path.split(".")) is None:
                yield f"container {container.name} has no resources.{path}: set it"


def requests_are_within_limits(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Quantities are quantities, and no request is above its limit."""
    for container in containers_of(manifest):
        amounts: dict[tuple[str, str], Decimal] = {}
        for part in ("requests", "limits"):
            for name, value in (field(container.body, "resources", part) or {}).items():
                try:
                    amounts[part, name] = parse_quantity(value)
                except ValueError as error:
                    yield f"container {container.name}: resources.{part}.{name}: {error}"
                    continue
                if amounts[part, name] <= 0:
                    yield f"container {container.name}: resources.{part}.{name} is {value}: set more than 0"
        for (part, name), amount in amounts.items():
            if part == "requests" and amount > amounts.get(("limits", name), amount):
                yield f"container {container.name}: the request of {name} is above its limit: raise the limit"


def containers_do_no_harm(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Not root, a read-only file system, no capabilities, no way to more rights, the usual filter of system calls.

    Apps of tenants are left out: their images are theirs, and the namespace's Pod Security level is what holds them.
    """
    template = pod_template(manifest)
    if template is None or manifest.is_a("InferenceService", KSERVE):
        return
    pod = field(template.spec, "securityContext") or {}
    for container in containers_of(manifest):
        own = field(container.body, "securityContext") or {}
        name = f"container {container.name}"
        if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield f"{name} may run as root: set securityContext.runAsNonRoot: true"
        if own.get("runAsUser", pod.get("runAsUser")) == 0:
            yield f"{name} runs as user 0, which is root: name another"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{name} may write into its image: set securityContext.readOnlyRootFilesystem: true"
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{name} may get more rights: set securityContext.allowPrivilegeEscalation: false"
        if field(own, "capabilities", "drop") != ["ALL"]:
            yield f"{name} keeps capabilities: set securityContext.capabilities.drop: [ALL]"
        if field(own, "capabilities", "add"):
            yield f"{name} adds capabilities: remove securityContext.capabilities.add"
        if own.get("privileged"):
            yield f"{name} is privileged, which is root on the node: remove it"
        if field(own.get("seccompProfile", pod.get("seccompProfile")), "type") not in {"RuntimeDefault", "Localhost"}:
            yield f"{name} has no filter of system calls: set seccompProfile.type: RuntimeDefault"


def pods_stay_in_their_namespace(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Nothing of the node is shared with a pod."""
    template = pod_template(manifest)
    if template is None:
        return
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if template.spec.get(name):
            yield f"{name} shares the node's: remove it"
    for volume in mappings(template.spec.get("volumes")):
        if "hostPath" in volume:
            yield f"volume {volume.get('name')} is a folder of the node: use an emptyDir or a claim"
    for container in containers_of(manifest):
        if any("hostPort" in port for port in container.ports):
            yield f"container {container.name} takes a port of the node: remove hostPort"


def tokens_are_left_out(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Pods that the cluster gives no rights have no use for its token, but whoever breaks in has."""
    template = pod_template(manifest)
    if template is None or manifest.group != "apps" or template.spec.get("automountServiceAccountToken") is False:
        return
    account = template.spec.get("serviceAccountName", "default")
    bound = {
        subject.get("name")
        for other in kit.manifests
        if other.kind in {"ClusterRoleBinding", "RoleBinding"}
        for subject in mappings(other.body.get("subjects"))
    }
    if account not in bound:
        yield "it has a token of the cluster and no rights there: set automountServiceAccountToken: false"


def scratch_space_has_an_end(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """An emptyDir without a limit can fill the node's disk, and all its pods are evicted."""
    template = pod_template(manifest)
    for volume in mappings(template.spec.get("volumes")) if template else ():
        if "emptyDir" in volume and field(volume, "emptyDir", "sizeLimit") is None:
            yield f"volume {volume.get('name')} may fill the node's disk: set emptyDir.sizeLimit"


def volumes_are_mounted(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Every mount has its volume, every volume a mount, and no path is mounted twice."""
    template = pod_template(manifest)
    if template is None:
        return
    claims = mappings(field(manifest.body, "spec", "volumeClaimTemplates"))
    volumes = {_name(volume) for volume in mappings(template.spec.get("volumes"))}
    known = volumes | {_name(field(claim, "metadata") or {}) for claim in claims}
    used: set[str] = set()
    for container in containers_of(manifest):
        paths: list[object] = []
        for mount in mappings(container.body.get("volumeMounts")):
            used.add(_name(mount))
            paths.append(mount.get("mountPath"))
            if _name(mount) not in known:
                yield f"container {container.name} mounts {_name(mount)}, which is no volume of the pod: add it"
        for path in sorted({str(path) for path in paths if paths.count(path) > 1}):
            yield f"container {container.name} mounts {path} twice: remove one"
    for name in sorted(known - used):
        yield f"volume {name} is mounted nowhere: mount it or remove it"


def _name(body: Body) -> str:
    return str(body.get("name", ""))


RULES: tuple[Rule, ...] = (
    image_is_pinned,
    resources_are_set,
    requests_are_within_limits,
    containers_do_no_harm,
    pods_stay_in_their_namespace,
    tokens_are_left_out,
    scratch_space_has_an_end,
    volumes_are_mounted,
)
