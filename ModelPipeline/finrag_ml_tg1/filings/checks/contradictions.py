"""Facts that a document gives in several values, none a rounding of the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from finrag_ml_tg1.filings.facts.printed import FilingFact

__all__ = ["contradictions"]


def contradictions(facts: Iterable[FilingFact]) -> list[tuple[FilingFact, ...]]:
    """Return the facts of one concept, period, dimensions and unit where there are several, by first occurrence."""
    alike: dict[object, list[FilingFact]] = defaultdict(list)
    for fact in facts:
        alike[fact.concept, fact.period_start, fact.period_end, fact.dimensions, fact.unit].append(fact)
    return [tuple(group) for group in alike.values() if len(group) > 1]
