"""Quotas and limit ranges: quantities, in the order that the API server wants."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity

__all__ = ["RULES"]

_FROM_SMALL_TO_LARGE = ("min", "defaultRequest", "default", "max")


def quota_has_quantities(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """What a quota allows is a quantity."""
    if not manifest.is_a("ResourceQuota"):
        return
    hard = field(manifest.body, "spec", "hard") or {}
    if not hard:
        yield "spec.hard is empty, so it limits nothing: name what is limited"
    for name, value in hard.items():
        try:
            parse_quantity(value)
        except ValueError as error:
            yield f"spec.hard.{name}: {error}"


def quota_on_limits_has_defaults(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A quota on requests or limits refuses pods that do not say them, Knative's own containers among them."""
    if not manifest.is_a("ResourceQuota"):
        return
    given = {
        f"{part}.{resource}"
        for other in kit.of("LimitRange", "")
        if other.namespace == manifest.namespace
        for item in mappings(field(other.body, "spec", "limits"))
        for part, name in (("requests", "defaultRequest"), ("limits", "default"))
        for resource in (item.get(name) or {})
    }
    for name in field(manifest.body, "spec", "hard") or {}:
        if name in {"requests.cpu", "requests.memory", "limits.cpu", "limits.memory"} and name not in given:
            yield f"{name} refuses pods that say none: give it a default in a LimitRange beside it"


def limits_are_in_order(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """The least, the default request, the default limit and the greatest follow each other."""
    for item in mappings(field(manifest.body, "spec", "limits")) if manifest.is_a("LimitRange") else ():
        last: dict[str, tuple[str, Decimal]] = {}
        for part in _FROM_SMALL_TO_LARGE:
            for resource, value in (item.get(part) or {}).items():
                try:
                    amount = parse_quantity(value)
                except ValueError as error:
                    yield f"{part}.{resource}: {error}"
                    continue
                if resource in last and last[resource][1] > amount:
                    yield f"{part} of {resource} is below {last[resource][0]}: raise it"
                last[resource] = (part, amount)


RULES: tuple[Rule, ...] = (quota_has_quantities, quota_on_limits_has_defaults, limits_are_in_order)
