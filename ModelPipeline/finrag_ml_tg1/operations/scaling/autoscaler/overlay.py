"""The autoscaler that an overlay of the kit gives a role: its base, and the patches on the way to it.

Of kustomize this understands what the kit does to autoscalers: `add` and `replace` of JSON patches, of components and
overlays. Anything else that is aimed at them is refused, not overlooked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from finrag_ml_tg1.operations.scaling.autoscaler.manifest import parse_autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.manifests.manifest import field, mappings, read_documents

__all__ = ["KIT_FOLDER", "read_overlay_autoscaler"]

KIT_FOLDER = "deploy/kubernetes/finrag"
_KIND = "HorizontalPodAutoscaler"
_FILE = "kustomization.yaml"
_Document = dict[str, Any]


def read_overlay_autoscaler(kit: Path, overlay: str, role: str) -> AutoscalerSpec:
    """Return the autoscaler of a role in an overlay; raises `ScalingError` for what is not there or not understood."""
    folder = kit / "overlays" / overlay
    document = _build(folder, role)
    if document is None:
        raise ScalingError(f"{folder} has no {_KIND} named {role}")
    return parse_autoscaler(document)


def _build(folder: Path, role: str) -> _Document | None:
    """The object as a folder has it: of its resources, changed by its components, then by its own patches."""
    kustomization = _read(folder / _FILE)
    document = None
    for resource in field(kustomization, "resources") or ():
        path = (folder / str(resource)).resolve()
        found = _build(path, role) if path.is_dir() else _autoscaler(path, role)
        document = found or document
    if document is not None:
        for operation in _operations(folder, kustomization, role):
            _apply(document, operation)
    return document


def _autoscaler(path: Path, role: str) -> _Document | None:
    documents, _ = read_documents(_text(path))
    found = [one for one in documents if field(one, "kind") == _KIND and field(one, "metadata", "name") == role]
    return found[0] if found else None


def _operations(folder: Path, kustomization: object, role: str) -> Iterator[_Document]:
    for component in field(kustomization, "components") or ():
        below = (folder / str(component)).resolve()
        yield from _operations(below, _read(below / _FILE), role)
    for patch in mappings(field(kustomization, "patches")):
        if (field(patch, "target", "kind"), field(patch, "target", "name")) == (_KIND, role):
            operations = yaml.safe_load(str(field(patch, "patch")))
            if not isinstance(operations, list):
                raise ScalingError(f"{folder}: a patch of the autoscaler {role} is no list of operations")
            yield from operations


def _apply(document: _Document, operation: _Document) -> None:
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
        return yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        raise ScalingError(f"{path} is no YAML: {' '.join(str(error).split())}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ScalingError(f"{path} cannot be read: {error.strerror}") from None
