"""Kubernetes manifests, looked at twice: each file as it is written, and each overlay as kubectl makes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from finrag_ml_tg1.operations.scaling.manifests.folders import find_kits, overlays, read_folder, where
from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.kustomizations import kubectl, render
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, manifest_from, read_documents
from finrag_ml_tg1.operations.scaling.manifests.metrics import read_metrics
from finrag_ml_tg1.operations.scaling.manifests.routes import read_routes
from finrag_ml_tg1.operations.scaling.manifests.rules import (
    access,
    addresses,
    admission,
    availability,
    containers,
    enums,
    knative,
    metrics,
    names,
    networks,
    probes,
    quotas,
    references,
    scaling,
    secrets,
    storage,
)
from finrag_ml_tg1.operations.scaling.manifests.schemas import schema_mistakes

__all__ = ["MANIFESTS", "RULES", "kit_mistakes", "kubernetes_mistakes"]

MANIFESTS = "deploy/kubernetes"
"""Where the repository's manifests are."""

_TOPICS = (
    access,
    addresses,
    admission,
    availability,
    containers,
    enums,
    knative,
    metrics,
    names,
    networks,
    probes,
    quotas,
    references,
    scaling,
    secrets,
    storage,
)
RULES: tuple[Rule, ...] = (schema_mistakes, *chain.from_iterable(topic.RULES for topic in _TOPICS))
"""Every rule, by topic; the schemas first."""


def kubernetes_mistakes(root: Path, paths: Sequence[Path] = ()) -> list[str]:
    """Return what is wrong with the manifests of `paths`, a line each: where: object: what, and what to do.

    Without paths they are those of the repository in `root`, whose programs' routes and metrics are what probes and
    queries are held against. Raises ManifestsMissingError for a path without manifests.
    """
    routes, metrics_given = read_routes(root), read_metrics(root)
    found: dict[str, None] = {}
    kits = dict.fromkeys(chain.from_iterable(find_kits(path) for path in paths or (root / MANIFESTS,)))
    for path in kits:
        folder = read_folder(root, path)
        kit = replace(folder.kit, routes=routes, metrics=metrics_given)
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


def _rendered_mistakes(root: Path, overlay: Path, kit: Kit) -> Iterator[str]:
    program = kubectl()
    if program is None:
        return
    place = where(root, overlay)
    text, complaints = render(program, overlay)
    yield from (f"{place}: kubectl kustomize: {line}" for line in complaints)
    documents, _ = read_documents(text)
    made = [manifest_from(place, document) for document in documents]
    yield from (f"{place}: {manifest}" for manifest in made if isinstance(manifest, str))
    manifests = [manifest for manifest in made if isinstance(manifest, Manifest)]
    yield from kit_mistakes(replace(kit, manifests=manifests, generated=frozenset()))
