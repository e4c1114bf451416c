"""A metric by segment, product or place: the parts of one report, without the sums of other parts among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from finrag_ml_tg1.facts.fact_set import FactSet, UsedFact
from finrag_ml_tg1.facts.members import part_value, parts_of, telling_dimensions
from finrag_ml_tg1.facts.number_words import value_words
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.index.facts import CompanyFacts, Fact
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["breakdown"]

_AXES = {
    "segment": re.compile(r"BusinessSegmentsAxis|SubsegmentsAxis"),
    "division": re.compile(r"BusinessSegmentsAxis|SubsegmentsAxis"),
    "product": re.compile(r"ProductOrServiceAxis|Product\w*Axis"),
    "categor": re.compile(r"ProductOrServiceAxis|Product\w*Axis"),
    "geograph": re.compile(r"GeographicalAxis"),
    "region": re.compile(r"GeographicalAxis"),
    "countr": re.compile(r"GeographicalAxis"),
    "customer": re.compile(r"CustomersAxis"),
}
_MAX_SUBTOTALS = 3


def breakdown(
    facts: CompanyFacts, metric: Metric, axis: str, period: FiscalPeriod, total: UsedFact | None, *, lowest: bool
) -> FactSet | None:
    """Return the values by one axis ("segment", "product" ...) in order of size; None without such a breakdown.

    A part that is stated with the parts of its own is replaced by them, and a part that is the sum of others is left
    out and named, so that nothing is counted twice.
    """
    pattern = next((pattern for word, pattern in _AXES.items() if axis.startswith(word)), None)
    if pattern is None:
        return None
    found = _latest(facts, metric, pattern, period)
    if not found:
        return None
    parts = _without_parents(found)
    if total:
        parts = _with_orphans(parts, found, total.fact.value)
    subtotals = _subtotals(parts, total.fact.value) if total else ()
    kept = sorted((fact for fact in parts if fact not in subtotals), key=lambda fact: fact.value, reverse=not lowest)
    notes = [f"{part_value(fact, metric).label} is the sum of others and left out." for fact in subtotals]
    return FactSet(results=tuple(part_value(fact, metric) for fact in kept), notes=(*notes, *_sum_note(kept, total)))


def _latest(facts: CompanyFacts, metric: Metric, pattern: re.Pattern[str], period: FiscalPeriod) -> list[Fact]:
    """The values by that axis alone in the latest filing that has any, one for each member."""
    by_member: dict[tuple[str, ...], Fact] = {}
    for _, fact in parts_of(facts, metric, period):
        dimensions = telling_dimensions(fact)
        if all(pattern.search(axis) for axis, _ in dimensions):
            members = tuple(sorted(member for _, member in dimensions))
            known = by_member.get(members)
            if known is None or fact.recency > known.recency:
                by_member[members] = fact
    newest = max((fact.recency for fact in by_member.values()), default=0)
    return [fact for fact in by_member.values() if fact.recency == newest]


def _without_parents(found: Sequence[Fact]) -> list[Fact]:
    """Parts by one axis, each replaced by the parts by two that add up to it; other parts by two go."""
    parts: list[Fact] = []
    for fact in found:
        own = telling_dimensions(fact)
        if len(own) > 1:
            continue
        children = [other for other in found if len(telling_dimensions(other)) == 2 and own[0] in other.dimensions]
        is_sum = len(children) > 1 and sum(child.value for child in children) == fact.value
        parts.extend(children if is_sum else [fact])
    return parts


def _with_orphans(parts: Sequence[Fact], found: Sequence[Fact], total: Decimal) -> list[Fact]:
    """The parts with those by two axes that are stated under no part by one, if all together are within the total.

    Such are products that a filer only states within their portfolio.
    """
    stated = {dimension for fact in found if len(telling_dimensions(fact)) == 1 for dimension in fact.dimensions}
    orphans = [
        fact for fact in found if len(telling_dimensions(fact)) == 2 and not stated & set(telling_dimensions(fact))
    ]
    both = [*parts, *orphans]
    return both if sum((fact.value for fact in both), Decimal(0)) <= total else list(parts)


def _subtotals(parts: Sequence[Fact], total: Decimal) -> tuple[Fact, ...]:
    """The fewest parts whose sum is what all of them exceed the total by."""
    excess = sum((fact.value for fact in parts), Decimal(0)) - total
    if excess <= 0:
        return ()
    for count in range(1, min(_MAX_SUBTOTALS, len(parts) - 2) + 1):
        for chosen in combinations(parts, count):
            if sum(fact.value for fact in chosen) == excess:
                return chosen
    return ()


def _sum_note(parts: Sequence[Fact], total: UsedFact | None) -> list[str]:
    if total is None:
        return []
    words = value_words(total.fact.value, total.fact.unit, total.display)
    if sum(fact.value for fact in parts) == total.fact.value:
        return [f"The parts add up to the total of {words}."]
    return [
        f"The parts do not add up to the total of {words}: some overlap, or what is not allotted to any of them is "
        "left out."
    ]
