"""Any tagged line of a filing, registered or not, found by its concept's words or the label of its row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from finrag_ml_tg1.facts.fact_set import Display, UsedFact
from finrag_ml_tg1.facts.periods import FiscalPeriod, covers
from finrag_ml_tg1.index.facts import CompanyFacts, Fact
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["LineItems"]

_LEAST_SHARE = 0.5
# A line with just the words asked for goes before all that have more.
_EXACT = 2.0
_ALMOST_EXACT = 1.5
_KIND = re.compile(r"\s+(?:costs?|expenses?|charges?|balance)\s*$", re.IGNORECASE)
_CLEAR_LEAD = 0.12
# The change of a balance, which the cash flow statement prints under the balance's name.
_OF_CHANGE = 0.2
_CHANGE_TERMS = frozenset(split_terms("change increase decrease"))
_JOINING = frozenset("a an and as at by for from in into of on or s the to with".split())
_NONCURRENT = re.compile(r"\bnon[-\s]current\b", re.IGNORECASE)
_MAX_CANDIDATES = 5
_ON_STATEMENT = 0.1


@dataclass(frozen=True, slots=True)
class _Line:
    """A concept with the words of its names, and those without "expense" and the like at the end."""

    concept: str
    names: tuple[frozenset[str], ...]
    bare_names: frozenset[frozenset[str]]


class LineItems:
    """The lines one company tags for itself as a whole."""

    def __init__(self, facts: CompanyFacts) -> None:
        self._facts = facts
        rows = facts.rows.filter((pl.col("dimensions") == "") & (pl.col("concept") != ""))
        named = rows.group_by("concept", maintain_order=True).agg(pl.col("label").first(), pl.col("row_label").unique())
        self._lines = [_line(row["concept"], [row["label"], *row["row_label"]]) for row in named.iter_rows(named=True)]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The stemmed words of the names of all lines."""
        return frozenset(term for line in self._lines for name in line.names for term in name)

    @cached_property
    def _bare_names(self) -> frozenset[frozenset[str]]:
        return frozenset(name for line in self._lines for name in line.bare_names)

    def is_exactly(self, words: str) -> bool:
        """Return whether some line has just this name, in any order, whether or not it ends with "cost" or so."""
        bare = _terms(_KIND.sub("", words))
        return len(_terms(words)) > 1 and bare in self._bare_names

    def knows(self, word: str) -> bool:
        """Return whether the company's lines are named with this word."""
        return bool(_terms(word)) and _terms(word) <= self.vocabulary

    def find(self, words: str, period: FiscalPeriod) -> list[UsedFact]:
        """Return the line that words name: one when it is clear, several candidates when it is not, none otherwise."""
        terms = _terms(words)
        if not terms:
            return []
        bare = _terms(_KIND.sub("", words))
        scored: list[tuple[float, Fact]] = []
        for line in self._lines:
            share = max((len(terms) / len(name) for name in line.names if terms <= name), default=0.0)
            if bare in line.bare_names:
                share = _EXACT if terms in line.names else _ALMOST_EXACT
            if share >= _LEAST_SHARE:
                fact = self._latest(line.concept, period)
                if fact is not None:
                    is_change = "IncreaseDecrease" in line.concept and not terms & _CHANGE_TERMS
                    score = (
                        share + (_ON_STATEMENT if fact.statement != "none" else 0) - (_OF_CHANGE if is_change else 0)
                    )
                    scored.append((score, fact))
        scored.sort(key=lambda entry: -entry[0])
        near = [fact for score, fact in scored if score > scored[0][0] - _CLEAR_LEAD]
        distinct = list({(fact.value, fact.unit): fact for fact in reversed(near)}.values())[::-1]
        return [_used(fact) for fact in distinct[:_MAX_CANDIDATES]]

    def years(self, words: str, part: str) -> list[int]:
        """Return the fiscal years, ascending, in which a line of that name is tagged."""
        terms, bare = _terms(words), _terms(_KIND.sub("", words))
        concepts = [
            line.concept
            for line in self._lines
            if bare in line.bare_names
            or any(terms <= name and len(terms) >= _LEAST_SHARE * len(name) for name in line.names)
        ]
        facts = [fact for concept in concepts for fact in self._facts.of_concept(concept)]
        return sorted({fact.fiscal_year for fact in facts if _covers(fact, FiscalPeriod(fact.fiscal_year, part))})

    def _latest(self, concept: str, period: FiscalPeriod) -> Fact | None:
        facts = [fact for fact in self._facts.of_concept(concept) if _covers(fact, period)]
        return max(facts, key=lambda fact: (fact.form.startswith("10-K"), fact.recency), default=None)


def _line(concept: str, names: Sequence[str]) -> _Line:
    given = [name for name in names if name]
    bare = frozenset(_terms(_KIND.sub("", name)) for name in given)
    return _Line(concept, tuple({_terms(name) for name in given}), bare)


def _terms(name: str) -> frozenset[str]:
    """The words of a name; "other" and "not" tell lines apart, words that only join others do not."""
    return frozenset(split_terms(_NONCURRENT.sub("noncurrent", name), keep_stop_words=True)) - _JOINING


def _covers(fact: Fact, period: FiscalPeriod) -> bool:
    return covers(fact, period, is_flow=fact.period_start is not None)


def _used(fact: Fact) -> UsedFact:
    display: Display = "number"
    if "/" in fact.unit or (fact.unit.isupper() and len(fact.unit) == 3):
        display = "money"
    elif fact.unit == "pure":
        display = "percent"
    return UsedFact(fact, "", fact.row_label or fact.label, display)
