"""One row for each distinct fact: a filer prints the same number in several places, sometimes rounded.

Source: XBRL International, "Handling Duplicate Facts in XBRL and Inline XBRL" (consistent duplicates), and EDGAR Filer
Manual §6.5.12: the values of duplicates must be possible roundings of one number; the most precise one stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from lxml import html

from finrag_ml_tg1.filings.xbrl.facts import TaggedFact

__all__ = ["Fact", "reconcile"]

_EXACT = 10**6
_MAX_VALUES_COMPARED = 20


@dataclass(frozen=True, slots=True)
class Fact:
    """One distinct fact with its most precise value, and every element that reports it, in document order."""

    concept: str
    period_start: date | None
    period_end: date
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    value: Decimal | None
    decimals: str | None
    elements: tuple[html.HtmlElement, ...]


def reconcile(tagged: Iterable[TaggedFact]) -> tuple[Fact, ...]:
    """Return the distinct facts by first occurrence: what agrees within one concept, period, dimensions and unit.

    Duplicates that contradict each other are each kept as a fact.
    """
    groups: dict[tuple[object, ...], list[tuple[int, TaggedFact]]] = {}
    for position, fact in enumerate(tagged):
        key = (fact.concept, fact.period_start, fact.period_end, fact.dimensions, fact.unit)
        groups.setdefault(key, []).append((position, fact))
    facts = [_joined(members) for group in groups.values() for members in _consistent(group)]
    return tuple(fact for _, fact in sorted(facts, key=_first))


def _first(positioned: tuple[int, Fact]) -> int:
    return positioned[0]


def _consistent(group: list[tuple[int, TaggedFact]]) -> list[list[tuple[int, TaggedFact]]]:
    """Split a group into sets that agree, the most precise member of each first."""
    if len(group) == 1:
        return [group]
    clusters: list[_Cluster] = []
    # What was tagged alike before belongs where that went, so that thousands of repetitions are compared with nothing.
    homes: dict[tuple[str | None, Decimal | None], _Cluster] = {}
    for member in sorted(group, key=lambda member: -_precision(member[1].decimals)):
        tagged_as = member[1].decimals, member[1].value
        cluster = homes.get(tagged_as) or _first_admitting(clusters, member[1])
        if cluster is None:
            cluster = _Cluster(member)
            clusters.append(cluster)
        else:
            cluster.add(member)
        homes[tagged_as] = cluster
    return [cluster.members for cluster in clusters]


def _first_admitting(clusters: Sequence[_Cluster], fact: TaggedFact) -> _Cluster | None:
    """The first set the fact agrees with; of a fact with more contradicting values than that, no further are tried."""
    interval = _interval(fact)
    return next((cluster for cluster in clusters[:_MAX_VALUES_COMPARED] if cluster.admits(fact, interval)), None)


def _joined(members: list[tuple[int, TaggedFact]]) -> tuple[int, Fact]:
    """Return the fact that stands for the members, with the position of the first of them."""
    best = members[0][1]
    ordered = sorted(members, key=lambda member: member[0])
    elements = tuple(fact.element for _, fact in ordered)
    return ordered[0][0], Fact(
        best.concept,
        best.period_start,
        best.period_end,
        best.dimensions,
        best.unit,
        best.value,
        best.decimals,
        elements,
    )


class _Cluster:
    """Members that may all be roundings of one number: their closed intervals have a point in common."""

    def __init__(self, member: tuple[int, TaggedFact]) -> None:
        self.members = [member]
        self._values = {member[1].decimals: member[1].value}
        self._low, self._high = _interval(member[1])

    def admits(self, fact: TaggedFact, interval: tuple[Fraction, Fraction]) -> bool:
        """Whether the fact, a rounding of any number in `interval`, agrees.

        Numbers of the same stated precision must be equal; nil only agrees with nil.
        """
        if fact.value is None or self.members[0][1].value is None:
            return fact.value is None and self.members[0][1].value is None
        if self._values.get(fact.decimals, fact.value) != fact.value:
            return False
        low, high = interval
        return max(low, self._low) <= min(high, self._high)

    def add(self, member: tuple[int, TaggedFact]) -> None:
        low, high = _interval(member[1])
        self.members.append(member)
        self._values[member[1].decimals] = member[1].value
        self._low, self._high = max(low, self._low), min(high, self._high)


def _precision(decimals: str | None) -> int:
    if decimals is None:
        return -_EXACT
    return _EXACT if decimals == "INF" else int(decimals)


def _interval(fact: TaggedFact) -> tuple[Fraction, Fraction]:
    """The numbers the fact may be a rounding of; without a stated precision, its value alone."""
    value = Fraction(fact.value or 0)
    precision = _precision(fact.decimals)
    half = Fraction(0) if abs(precision) == _EXACT else Fraction(10) ** -precision / 2
    return value - half, value + half
