"""Rows of statements taken for a metric by their label: without tags, or tagged with a concept of the filer's own."""

from __future__ import annotations

import re

from finrag_ml_tg1.index.facts import CompanyFacts, Fact
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["own_concept_rows", "untagged_rows"]

_CURRENCY = r"[A-Z]{3}"
_UNITS = {
    "money": re.compile(_CURRENCY),
    "money per share": re.compile(rf"{_CURRENCY}/shares"),
    "shares": re.compile("shares"),
}
_COST = re.compile(r"\b(?:costs?|expenses?)\b", re.IGNORECASE)


def own_concept_rows(facts: CompanyFacts, metric: Metric, label: re.Pattern[str]) -> list[Fact]:
    """Return the rows of a metric's statement with that label whose concept the filer made itself."""
    return [
        fact
        for fact in facts.own_concepts_on(metric.statement)
        if label.search(fact.row_label.strip(" .:")) and _has_unit(metric, fact)
    ]


def untagged_rows(facts: CompanyFacts, metric: Metric, label: re.Pattern[str]) -> list[Fact]:
    """Return the rows of a metric's statement with that label and its unit.

    A positive number is what the metric counts: of payments, and of costs where the statement prints them negative.
    """
    found = []
    for fact in facts.untagged:
        is_row = metric.statement in ("none", fact.statement) and label.search(fact.row_label.strip(" .:"))
        if is_row and _has_unit(metric, fact):
            found.append(fact._replace(value=-fact.value) if _is_turned(facts, metric, fact) else fact)
    return found


def _has_unit(metric: Metric, fact: Fact) -> bool:
    unit = _UNITS.get(metric.unit)
    return unit is None or unit.fullmatch(fact.unit) is not None


def _is_turned(facts: CompanyFacts, metric: Metric, fact: Fact) -> bool:
    if metric.sign == "outflow":
        return fact.value < 0
    if metric.sign != "cost" or fact.statement != "income":
        return False
    costs = [
        other.value
        for other in facts.untagged
        if other.accession == fact.accession and other.statement == "income" and _COST.search(other.row_label)
    ]
    return sum(value < 0 for value in costs) > len(costs) / 2
