"""Which folders are kits of manifests, and what is written in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.operations.scaling.manifests.kit import Kit
from finrag_ml_tg1.operations.scaling.manifests.kustomizations import (
    KUSTOMIZATION,
    Kustomization,
    kustomization_mistakes,
)
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, manifest_from, read_documents

__all__ = ["Folder", "ManifestsMissingError", "find_kits", "overlays", "read_folder", "where"]

_BASE = "base"
_OVERLAYS = "overlays"


class ManifestsMissingError(FinRAGError):
    """A path has no manifests to look at."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What is written in one kit's folder: its objects, and what is wrong with how they are written."""

    kit: Kit
    templates: tuple[Manifest, ...]  # Objects that no kustomization names.
    mistakes: tuple[str, ...]


def find_kits(path: Path) -> list[Path]:
    """Return the kits that a path stands for: those below it, the one that it is part of, or the file itself.

    A kit is a folder with a base or overlays, or one with YAML files. Raises ManifestsMissingError where there is none.
    """
    if not path.exists():
        raise ManifestsMissingError(f"{path} is not there: name a folder or file with manifests")
    for folder in (path, *path.resolve().parents):
        if _has_parts(folder):
            return [folder]
    found = [path] if path.is_file() else _kits_below(path)
    if not found:
        raise ManifestsMissingError(f"{path} holds no manifests (*.yaml): name a folder or file that does")
    return found


def _has_parts(folder: Path) -> bool:
    """Whether kustomizations lie where a kit's do; deeper ones may be another project's below a folder of that name."""
    return (folder / _BASE / KUSTOMIZATION).is_file() or bool(overlays(folder))


def _kits_below(folder: Path) -> list[Path]:
    if _has_parts(folder) or any(folder.glob("*.yaml")):
        return [folder]
    return [kit for path in sorted(folder.iterdir()) if path.is_dir() for kit in _kits_below(path)]


def overlays(folder: Path) -> list[Path]:
    """Return the folders of a kit that are meant to be applied."""
    return [path.parent for path in sorted((folder / _OVERLAYS).glob(f"*/{KUSTOMIZATION}"))]


def where(root: Path, path: Path) -> str:
    """Return a path as it is told: from `root` where it lies below it."""
    top, full = root.resolve(), path.resolve()
    return full.relative_to(top).as_posix() if full.is_relative_to(top) else full.as_posix()


def read_folder(root: Path, folder: Path) -> Folder:
    """Return the objects of all YAML files below a folder (or of one file); their paths are told from `root`.

    Folders beside it that its kustomizations name are read as well: their objects are there, but are not looked at.
    """
    written, kustomizations, mistakes = _read(root, [folder] if folder.is_file() else sorted(folder.rglob("*.yaml")))
    beside = {path for item in kustomizations for path in item.named if path.is_dir()}
    external: list[Manifest] = []
    made = [*kustomizations]
    for path in sorted(path for path in beside if not path.is_relative_to(folder.resolve())):
        others, more, _ = _read(root, sorted(path.rglob("*.yaml")))
        external += others
        made += more
    settings = {where(root, path) for item in kustomizations for path in item.settings}
    manifests = [manifest for manifest in written if manifest.path not in settings]
    named = {where(root, path) for item in kustomizations for path in item.named}
    kit = Kit(
        manifests,
        final=not kustomizations,
        external=external,
        generated=frozenset(pair for item in made for pair in item.generated),
        images=frozenset(image for item in kustomizations for image in item.images),
    )
    templates = tuple(manifest for manifest in manifests if manifest.path not in named) if kustomizations else ()
    told = [line for line in mistakes if line.partition(": ")[0] not in settings]
    return Folder(kit, templates, (*told, *_kustomization_mistakes(root, kustomizations)))


def _read(root: Path, paths: Sequence[Path]) -> tuple[list[Manifest], list[Kustomization], list[str]]:
    manifests: list[Manifest] = []
    kustomizations: list[Kustomization] = []
    mistakes: list[str] = []
    for path in paths:
        place = where(root, path)
        documents, written = read_documents(path.read_text("utf-8"))
        mistakes += [f"{place}: {mistake}" for mistake in written]
        if path.name == KUSTOMIZATION:
            kustomizations += [Kustomization(path.parent, body) for body in documents if isinstance(body, dict)]
            continue
        for document in documents:
            manifest = manifest_from(place, document)
            if isinstance(manifest, Manifest):
                manifests.append(manifest)
            else:
                mistakes.append(f"{place}: {manifest}")
    return manifests, kustomizations, mistakes


def _kustomization_mistakes(root: Path, kustomizations: Iterable[Kustomization]) -> list[str]:
    return [
        f"{where(root, item.folder / KUSTOMIZATION)}: {mistake}"
        for item in kustomizations
        for mistake in kustomization_mistakes(item)
    ]
