"""Values of a part of the company: a segment, product, place or customer, as the filer's own members name it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.facts.fact_set import UsedFact
from finrag_ml_tg1.facts.periods import FiscalPeriod, covers
from finrag_ml_tg1.facts.selection import display_of
from finrag_ml_tg1.index.facts import CompanyFacts, Fact
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["find_member", "list_members", "member_name"]

# Says of a segment's value only that the segment is an operating one, or that it is from before consolidation.
_NEUTRAL = frozenset({"us-gaap:OperatingSegmentsMember", "us-gaap:ReportableSegmentsMember"})
_AXES = {
    "segment": re.compile(r"BusinessSegmentsAxis|SubsegmentsAxis"),
    "division": re.compile(r"BusinessSegmentsAxis|SubsegmentsAxis"),
    "product": re.compile(r"ProductOrServiceAxis|Product\w*Axis"),
    "categor": re.compile(r"ProductOrServiceAxis|Product\w*Axis"),
    "geograph": re.compile(r"GeographicalAxis"),
    "region": re.compile(r"GeographicalAxis|BusinessSegmentsAxis"),
    "countr": re.compile(r"GeographicalAxis"),
    "customer": re.compile(r"CustomersAxis"),
}
_KIND_WORDS = re.compile(
    r"\b(?:segments?|divisions?|products?|product line|regions?|business(?:es)?|units?|brand|"
    r"platform|markets?|customers?)\b"
)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LEAST_SHARE = 0.5


def member_name(fact: Fact) -> str:
    """Return a fact's members as words: "Greater China"; the row's own label where that names the member."""
    members = [_words(member) for _, member in fact.dimensions if member not in _NEUTRAL]
    if len(members) == 1 and _squashed(members[0].lower()) == _squashed(fact.row_label.lower()):
        return fact.row_label
    return ", ".join(members)


def find_member(facts: CompanyFacts, metric: Metric, qualifier: str, period: FiscalPeriod) -> list[UsedFact]:
    """Return the values of the part that words name, one when it is clear which is meant, several when it is not.

    A member is meant when it has the same name, or holds all the words and little else. Where several filings state
    it the latest counts; a value by one axis goes before one by two.
    """
    exact: list[tuple[int, Fact]] = []
    partial: list[tuple[int, Fact]] = []
    wanted, terms = _squashed(_plain(qualifier)), set(split_terms(_plain(qualifier)))
    if not wanted:
        return []
    for axes, fact in _candidates(facts, metric, period):
        names = [_words(member) for _, member in fact.dimensions if member not in _NEUTRAL]
        if fact.row_label:
            names.append(fact.row_label)
        joined = " ".join(names[: len(fact.dimensions)])
        if axes == 1 and any(_squashed(_plain(name)) == wanted for name in names):
            exact.append((axes, fact))
        elif terms and any(_holds(_plain(name), terms) for name in (*names, joined)):
            partial.append((axes, fact))
    return _clearest(exact or partial, metric)


def list_members(facts: CompanyFacts, metric: Metric, axis: str, period: FiscalPeriod) -> list[UsedFact]:
    """Return the values by one axis ("segment", "product" ...), largest first; empty without such a breakdown."""
    pattern = next((pattern for word, pattern in _AXES.items() if axis.startswith(word)), None)
    by_member: dict[str, Fact] = {}
    for axes, fact in _candidates(facts, metric, period):
        own = [(name, member) for name, member in fact.dimensions if member not in _NEUTRAL]
        if axes != 1 or pattern is None or not pattern.search(own[0][0]):
            continue
        known = by_member.get(own[0][1])
        if known is None or fact.recency > known.recency:
            by_member[own[0][1]] = fact
    newest = max((fact.recency for fact in by_member.values()), default=0)
    chosen = [fact for fact in by_member.values() if fact.recency == newest]
    return [_used(fact, metric) for fact in sorted(chosen, key=lambda fact: -fact.value)]


def _candidates(facts: CompanyFacts, metric: Metric, period: FiscalPeriod) -> Iterator[tuple[int, Fact]]:
    """Facts of the metric's concepts for parts of the company, with the number of axes that matter."""
    for concept in metric.concepts:
        for dimensions in facts.breakdowns(concept):
            for fact in facts.of_concept(concept, dimensions):
                axes = sum(member not in _NEUTRAL for _, member in fact.dimensions)
                if axes and covers(fact, period, is_flow=metric.measures == "flow"):
                    yield axes, fact


def _clearest(found: Sequence[tuple[int, Fact]], metric: Metric) -> list[UsedFact]:
    if not found:
        return []
    fewest = min(axes for axes, _ in found)
    newest = max(fact.recency for axes, fact in found if axes == fewest)
    chosen = [fact for axes, fact in found if axes == fewest and fact.recency == newest]
    by_value = {fact.value: fact for fact in reversed(chosen)}
    return [_used(fact, metric) for fact in by_value.values()]


def _used(fact: Fact, metric: Metric) -> UsedFact:
    return UsedFact(fact, metric.name, f"{metric.label}, {member_name(fact)}", display_of(metric))


def _words(member: str) -> str:
    local = re.sub(r"(?:Segment)?Member$", "", member.rpartition(":")[2])
    return " ".join(_WORD.findall(local)) or local


def _plain(name: str) -> str:
    lowered = name.lower().replace("&", " and ")
    return _KIND_WORDS.sub(" ", lowered).strip() or lowered


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name)


def _holds(name: str, terms: set[str]) -> bool:
    own = set(split_terms(name))
    return terms <= own and len(terms) >= _LEAST_SHARE * len(own)
