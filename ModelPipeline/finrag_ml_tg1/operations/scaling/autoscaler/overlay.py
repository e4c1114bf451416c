"""The autoscaler that an overlay of the kit gives a role: its base, and the patches on the way to it.

Of kustomize this understands what the kit does to autoscalers: `add` and `replace` of JSON patches, of components and
overlays. Anything else that is aimed at them is refused, not overlooked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from finrag_ml_tg1.operations.scaling.autoscaler.manifest import parse_autoscaler, read_document
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.manifests.manifest import field, mappings

__all__ = ["KIT_FOLDER", "read_overlay_autoscaler"]

KIT_FOLDER = "deploy/kubernetes/finrag"


def read_overlay_autoscaler(kit: Path, overlay: str, role: str) -> AutoscalerSpec:
    """Return the autoscaler of a role in an overlay; raises `ScalingError` for what is not there or not understood."""
    document = read_document(kit / "base" / role / "autoscaler.yaml")
    for operation in _operations(kit / "overlays" / overlay, role):
        _apply(document, operation)
    return parse_autoscaler(document)


def _operations(folder: Path, role: str) -> Iterator[dict[str, Any]]:
    kustomization = _read(folder / "kustomization.yaml")
    for component in field(kustomization, "components") or ():
        yield from _operations((folder / str(component)).resolve(), role)
    for patch in mappings(field(kustomization, "patches")):
        target = (field(patch, "target", "kind"), field(patch, "target", "name"))
        if target == ("HorizontalPodAutoscaler", role):
            operations = yaml.safe_load(str(field(patch, "patch")))
            if not isinstance(operations, list):
                raise ScalingError(f"{folder}: a patch of the autoscaler {role} is no list of operations")
            yield from operations


def _apply(document: dict[str, Any], operation: dict[str, Any]) -> None:
    *way, last = str(operation.get("path")).strip("/").split("/")
    place: Any = document
    for step in way:
        place = place.get(step) if isinstance(place, dict) else None
    match operation.get("op"), place:
        case "add" | "replace", dict():
            place[last] = operation.get("value")
        case "add", list() if last == "-":
            place.append(operation.get("value"))
        case name, _:
            raise ScalingError(f"{name} {operation.get('path')} of an autoscaler's patch is not understood here")


def _read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ScalingError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ScalingError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
