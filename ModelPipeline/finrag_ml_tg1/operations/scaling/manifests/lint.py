"""All manifests below deploy/kubernetes: each file as it is written, and each overlay as kubectl makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.kustomizations import (
    KUSTOMIZATION,
    Kustomization,
    kubectl,
    kustomization_mistakes,
    render,
)
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, manifest_from, read_documents
from finrag_ml_tg1.operations.scaling.manifests.routes import read_routes
from finrag_ml_tg1.operations.scaling.manifests.rules import (
    access,
    admission,
    containers,
    enums,
    knative,
    names,
    networks,
    probes,
    quotas,
    references,
    scaling,
    secrets,
)
from finrag_ml_tg1.operations.scaling.manifests.schemas import schema_mistakes

__all__ = ["MANIFESTS", "RULES", "Folder", "kit_mistakes", "kubernetes_mistakes", "overlays", "read_folder"]

MANIFESTS = "deploy/kubernetes"
_EXAMPLES = "examples"
_OVERLAYS = "overlays"

_TOPICS = (access, admission, containers, enums, knative, names, networks, probes, quotas, references, scaling, secrets)
RULES: tuple[Rule, ...] = (schema_mistakes, *chain.from_iterable(topic.RULES for topic in _TOPICS))
"""Every rule, by topic; the schemas first."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What is written in one kit's folder: its objects, and what is wrong with how they are written."""

    kit: Kit
    templates: tuple[Manifest, ...]  # Objects that no kustomization names.
    mistakes: tuple[str, ...]


def kubernetes_mistakes(root: Path) -> list[str]:
    """Return what is wrong with the manifests below `root`, a line each: where: object: what, and what to do."""
    routes = read_routes(root)
    found: dict[str, None] = {}
    for path in _kit_folders(root / MANIFESTS):
        folder = read_folder(root, path)
        kit = replace(folder.kit, routes=routes)
        written = [*folder.mistakes, *kit_mistakes(kit)]
        seen = {line.partition(": ")[2] for line in written}
        found |= dict.fromkeys(written)
        for overlay in overlays(path):
            rendered = _rendered_mistakes(root, overlay, replace(kit, final=True, external=folder.templates))
            found |= dict.fromkeys(line for line in rendered if line.partition(": ")[2] not in seen)
    return list(found)


def kit_mistakes(kit: Kit, rules: Sequence[Rule] = RULES) -> Iterator[str]:
    """Yield what the rules find in a kit's objects."""
    for manifest in kit.manifests:
        for rule in rules:
            for mistake in rule(manifest, kit):
                yield f"{manifest.path}: {manifest}: {mistake}"


def _kit_folders(top: Path) -> list[Path]:
    inner = [path for path in sorted(top.glob("*")) if path.is_dir() and path.name != _EXAMPLES]
    return [*inner, *(path for path in sorted((top / _EXAMPLES).glob("*")) if path.is_dir())]


def overlays(folder: Path) -> list[Path]:
    """Return the folders of a kit that are meant to be applied."""
    return [path.parent for path in sorted((folder / _OVERLAYS).glob(f"*/{KUSTOMIZATION}"))]


def read_folder(root: Path, folder: Path) -> Folder:
    """Return the objects of all YAML files below a folder; their paths are relative to `root`."""
    mistakes: list[str] = []
    manifests: list[Manifest] = []
    kustomizations: list[Kustomization] = []
    for path in sorted(folder.rglob("*.yaml")):
        where = path.relative_to(root).as_posix()
        documents, written = read_documents(path.read_text("utf-8"))
        mistakes += [f"{where}: {mistake}" for mistake in written]
        if path.name == KUSTOMIZATION:
            kustomizations += [Kustomization(path.parent, body) for body in documents if isinstance(body, dict)]
            continue
        for document in documents:
            manifest = manifest_from(where, document)
            if isinstance(manifest, Manifest):
                manifests.append(manifest)
            else:
                mistakes.append(f"{where}: {manifest}")
    return _folder(root, manifests, mistakes, kustomizations)


def _folder(root: Path, manifests: list[Manifest], mistakes: list[str], kustomizations: list[Kustomization]) -> Folder:
    for kustomization in kustomizations:
        where = (kustomization.folder / KUSTOMIZATION).relative_to(root).as_posix()
        mistakes += [f"{where}: {mistake}" for mistake in kustomization_mistakes(kustomization)]
    named = _relative(root, (path for item in kustomizations for path in item.named))
    settings = _relative(root, (path for item in kustomizations for path in item.settings))
    kit = Kit(
        [manifest for manifest in manifests if manifest.path not in settings],
        final=not kustomizations,
        generated=frozenset(made for item in kustomizations for made in item.generated),
        images=frozenset(image for item in kustomizations for image in item.images),
    )
    templates = tuple(manifest for manifest in kit.manifests if manifest.path not in named) if kustomizations else ()
    return Folder(kit, templates, tuple(line for line in mistakes if line.partition(": ")[0] not in settings))


def _relative(root: Path, paths: Iterable[Path]) -> set[str]:
    top = root.resolve()
    return {path.relative_to(top).as_posix() for path in paths if path.is_relative_to(top)}


def _rendered_mistakes(root: Path, overlay: Path, kit: Kit) -> Iterator[str]:
    program = kubectl()
    if program is None:
        return
    where = overlay.relative_to(root).as_posix()
    text, complaints = render(program, overlay)
    yield from (f"{where}: kubectl kustomize: {line}" for line in complaints)
    documents, _ = read_documents(text)
    made = [manifest_from(where, document) for document in documents]
    yield from (f"{where}: {manifest}" for manifest in made if isinstance(manifest, str))
    manifests = [manifest for manifest in made if isinstance(manifest, Manifest)]
    yield from kit_mistakes(replace(kit, manifests=manifests, generated=frozenset()))
