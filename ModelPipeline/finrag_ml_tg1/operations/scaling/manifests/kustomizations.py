"""kustomization.yaml: what it names is there, what it makes, and what kubectl makes of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, mappings

__all__ = ["KUSTOMIZATION", "Kustomization", "kubectl", "kustomization_mistakes", "render"]

KUSTOMIZATION = "kustomization.yaml"

_LISTS = ("resources", "components", "configurations")
_GENERATORS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}


@dataclass(frozen=True, slots=True)
class Kustomization:
    """One kustomization.yaml: its folder, and what is written in it."""

    folder: Path
    body: Body

    @property
    def named(self) -> set[Path]:
        """The files and folders that it names."""
        names = [str(name) for key in _LISTS for name in self.body.get(key) or ()]
        names += [str(patch["path"]) for patch in mappings(self.body.get("patches")) if "path" in patch]
        return {(self.folder / name).resolve() for name in names if "://" not in name}

    @property
    def settings(self) -> set[Path]:
        """The files that it names and that are no objects: configurations, patches, contents of ConfigMaps."""
        names = [str(name) for name in self.body.get("configurations") or ()]
        for key in _GENERATORS:
            names += [
                str(file).rpartition("=")[2]
                for item in mappings(self.body.get(key))
                for file in item.get("files") or ()
            ]
        names += [str(patch["path"]) for patch in mappings(self.body.get("patches")) if "path" in patch]
        return {(self.folder / name).resolve() for name in names}

    @property
    def generated(self) -> set[tuple[str, str]]:
        """Kind and name of the ConfigMaps and Secrets that it makes."""
        return {
            (kind, str(item.get("name"))) for key, kind in _GENERATORS.items() for item in mappings(self.body.get(key))
        }

    @property
    def images(self) -> set[str]:
        """The names of images that it replaces by a version or a digest."""
        return {str(image.get("name")) for image in mappings(self.body.get("images")) if _is_pinned(image)}


def _is_pinned(image: Body) -> bool:
    return bool(image.get("digest")) or image.get("newTag") not in {None, "", "latest"}


def kustomization_mistakes(kustomization: Kustomization) -> Iterator[str]:
    """Yield what kubectl would stumble over, and images without a version."""
    for path in sorted(kustomization.named):
        if not path.exists():
            yield f"it names {path.name}, which is not there: see its lists"
        elif path.is_dir() and not (path / KUSTOMIZATION).is_file():
            yield f"it names the folder {path.name}, which has no {KUSTOMIZATION}: add one"
    for image in mappings(kustomization.body.get("images")):
        if not _is_pinned(image):
            yield f"the image {image.get('name')} gets no version: write newTag, better digest"
    for item in mappings(kustomization.body.get("secretGenerator")):
        if item.get("literals"):
            yield f"the Secret {item.get('name')} has its values here: make it with kubectl create secret"


def kubectl() -> str | None:
    """Where kubectl is; None when it is nowhere."""
    return shutil.which("kubectl")


def render(program: str, folder: Path) -> tuple[str, Sequence[str]]:
    """Return what `kubectl kustomize` prints for a folder, and what it complained of."""
    done = subprocess.run([program, "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=60)
    complaints = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if done.returncode:
        return "", complaints or [f"kubectl kustomize failed with {done.returncode}"]
    return done.stdout, complaints
