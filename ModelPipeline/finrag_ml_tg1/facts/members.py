"""Values of a part of the company: a segment, product, place or customer, as the filer's own members name it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from finrag_ml_tg1.facts.fact_set import UsedFact
from finrag_ml_tg1.facts.part_names import name_tokens
from finrag_ml_tg1.facts.periods import FiscalPeriod, covers
from finrag_ml_tg1.facts.selection import display_of, restatements
from finrag_ml_tg1.index.facts import CompanyFacts, Fact
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.vocabulary.countries import country_name
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["find_member", "is_own_line", "names_of", "part_value", "parts_of", "telling_dimensions"]

# Says of a segment's value only that the segment is an operating one, or that it is from before consolidation.
_NEUTRAL = frozenset({"us-gaap:OperatingSegmentsMember", "us-gaap:ReportableSegmentsMember"})
_OWN_LINE = re.compile(r"BusinessSegmentsAxis|SubsegmentsAxis|ProductOrServiceAxis|Product\w*Axis")
_KIND_WORDS = re.compile(
    r"\b(?:segments?|divisions?|products?|product line|regions?|business(?:es)?|units?|brand|"
    r"platform|markets?|customers?)\b"
)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LEAST_INITIALS = 3
_LEAST_SHARE = 0.5


def names_of(fact: Fact) -> Iterator[str]:
    """Yield what the part a fact is of may be called: its members' names, their initials, the labels of its row."""
    members = [_words(member) for _, member in telling_dimensions(fact)]
    yield from members
    for member in members:
        initials = "".join(word[0] for word in member.split())
        if len(initials) >= _LEAST_INITIALS:
            yield initials
    yield from (label for label in (fact.row_label, fact.row_path.rpartition(">")[2].strip()) if label)


def _member_name(fact: Fact) -> str:
    """A fact's members as words: "Greater China"; the row's own label where that names the member."""
    members = [_words(member) for _, member in telling_dimensions(fact)]
    if len(members) == 1 and _squashed(members[0].lower()) == _squashed(fact.row_label.lower()):
        return fact.row_label
    return ", ".join(members)


def find_member(facts: CompanyFacts, metric: Metric, qualifier: str, period: FiscalPeriod) -> list[UsedFact]:
    """Return the values of the part that words name, one when it is clear which is meant, several when it is not.

    A member is meant when it has the same name, is printed by it, or holds all the words and little else. Where
    several filings state it the latest counts; a value by one axis goes before one by two.
    """
    exact: list[tuple[int, Fact]] = []
    printed: list[tuple[int, Fact]] = []
    partial: list[tuple[int, Fact]] = []
    wanted, terms = "".join(name_tokens(qualifier)), set(split_terms(_plain(qualifier)))
    if not wanted:
        return []
    for axes, fact in parts_of(facts, metric, period):
        members = [_words(member) for _, member in telling_dimensions(fact)]
        names = [*names_of(fact), " ".join(members)]
        if axes == 1 and "".join(name_tokens(members[0])) == wanted:
            exact.append((axes, fact))
        elif axes == 1 and any("".join(name_tokens(name)) == wanted for name in names):
            printed.append((axes, fact))
        elif terms and any(_holds(_plain(name), terms) for name in names):
            partial.append((axes, fact))
    return _clearest(exact or printed or partial, metric)


def is_own_line(fact: Fact) -> bool:
    """Return whether a fact is of a company's own product or segment, and of nothing else."""
    axes = [axis for axis, _ in telling_dimensions(fact)]
    return bool(axes) and all(_OWN_LINE.search(axis) for axis in axes)


def telling_dimensions(fact: Fact) -> list[tuple[str, str]]:
    """Return the dimensions of a fact that say which part of the company it is of."""
    return [(axis, member) for axis, member in fact.dimensions if member not in _NEUTRAL]


def parts_of(facts: CompanyFacts, metric: Metric, period: FiscalPeriod | None) -> Iterator[tuple[int, Fact]]:
    """Yield the facts of a metric for parts of the company, of a period or of any, with how many axes matter."""
    for concept in metric.concepts:
        for dimensions in facts.breakdowns(concept):
            for fact in facts.of_concept(concept, dimensions):
                axes = len(telling_dimensions(fact))
                if axes and (period is None or covers(fact, period, is_flow=metric.measures == "flow")):
                    yield axes, fact


def _clearest(found: Sequence[tuple[int, Fact]], metric: Metric) -> list[UsedFact]:
    """The values meant: by the fewest axes, of the latest filing, of the metric's first concept among them."""
    if not found:
        return []
    fewest = min(axes for axes, _ in found)
    newest = max(fact.recency for axes, fact in found if axes == fewest)
    chosen = [fact for axes, fact in found if axes == fewest and fact.recency == newest]
    # Beside the part alone, a filer may state it before what is sold between segments, or without other income.
    plainest = min(len(fact.dimensions) for fact in chosen)
    chosen = [fact for fact in chosen if len(fact.dimensions) == plainest]
    if len({fact.dimensions for fact in chosen}) == 1:
        chosen = chosen[:1]
    by_value = {fact.value: fact for fact in reversed(chosen)}
    return [_with_restatements(fact, found, metric) for fact in by_value.values()]


def _with_restatements(chosen: Fact, found: Sequence[tuple[int, Fact]], metric: Metric) -> UsedFact:
    """A part's value, with what other filings say of the same part and period."""
    same = [
        fact
        for _, fact in found
        if (fact.concept, fact.dimensions, fact.period_end) == (chosen.concept, chosen.dimensions, chosen.period_end)
        and fact.value != chosen.value
    ]
    return replace(part_value(chosen, metric), notes=tuple(restatements(metric, chosen, same)))


def part_value(fact: Fact, metric: Metric) -> UsedFact:
    """Return a part's fact under the metric's name and its own: "Revenue, Greater China"."""
    name = _member_name(fact)
    return UsedFact(fact, metric.name, f"{metric.label}, {name}", display_of(metric), part=name)


def _words(member: str) -> str:
    if member.startswith("country:"):
        return country_name(member.partition(":")[2])
    local = re.sub(r"(?:Segment)?Member$", "", member.rpartition(":")[2])
    return " ".join(_WORD.findall(local)) or local


def _plain(name: str) -> str:
    lowered = name.lower().replace("&", " and ")
    return _KIND_WORDS.sub(" ", lowered).strip() or lowered


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name)


def _holds(name: str, terms: set[str]) -> bool:
    own = set(split_terms(name))
    share = len(terms) / len(own) if own else 0
    # One word of two could be any of several parts' ("Cloud").
    return terms <= own and (share > _LEAST_SHARE or (len(terms) > 1 and share == _LEAST_SHARE))
