"""A kit: objects that belong together, so that what one names can be looked for among the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest
from finrag_ml_tg1.operations.scaling.manifests.pods import PodTemplate, pod_template

__all__ = ["Kit", "Rule"]


@dataclass(frozen=True, slots=True)
class Kit:
    """Objects of one folder, or of one rendered overlay.

    `final`: as the cluster will get them; otherwise overlays still give namespaces, images and names.
    `external` are objects that are there but not of this kit (templates of Secrets). `generated` are the ConfigMaps
    and Secrets that kustomize makes, by kind and name. `images` are the names that an overlay replaces.
    `routes` are, by the last part of an image's name, the paths that answer GET; `metrics` are the series that our
    programs give, none when that is not known.
    """

    manifests: Sequence[Manifest]
    final: bool = True
    external: Sequence[Manifest] = ()
    generated: frozenset[tuple[str, str]] = frozenset()
    images: frozenset[str] = frozenset()
    routes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    metrics: frozenset[str] = frozenset()

    def find(self, kind: str, group: str, name: str, namespace: str) -> Manifest | None:
        """Return the object of that name; a namespace that is not said yet fits every other."""
        for manifest in (*self.manifests, *self.external):
            if manifest.is_a(kind, group) and manifest.name == name and _same(manifest.namespace, namespace):
                return manifest
        return None

    def has(self, kind: str, group: str, name: str, namespace: str) -> bool:
        """Whether the object is there, or kustomize will make it."""
        return (not group and (kind, name) in self.generated) or self.find(kind, group, name, namespace) is not None

    def pods(self, namespace: str) -> Iterator[tuple[Manifest, PodTemplate]]:
        """Yield the objects that make pods in a namespace, with their templates."""
        for manifest in self.manifests:
            template = pod_template(manifest)
            if template and _same(manifest.namespace, namespace):
                yield manifest, template

    def of(self, kind: str, group: str) -> Iterator[Manifest]:
        """Yield the objects of one kind."""
        return (manifest for manifest in self.manifests if manifest.is_a(kind, group))


class Rule(Protocol):
    """Looks at one object of a kit and yields what is wrong with it and what to do, a line each."""

    __name__: str

    def __call__(self, manifest: Manifest, kit: Kit, /) -> Iterator[str]:
        """Yield nothing for objects that the rule is not about."""


def _same(one: str, other: str) -> bool:
    return one == other or not one or not other
