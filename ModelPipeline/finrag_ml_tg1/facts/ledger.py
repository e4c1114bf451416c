"""One company's values of registered metrics: as tagged, or as read from a statement without tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from finrag_ml_tg1.facts.fact_set import UsedFact
from finrag_ml_tg1.facts.labelled_rows import own_concept_rows, untagged_rows
from finrag_ml_tg1.facts.members import find_member
from finrag_ml_tg1.facts.number_words import value_words
from finrag_ml_tg1.facts.periods import FiscalPeriod, years_with
from finrag_ml_tg1.facts.selection import select_fact
from finrag_ml_tg1.index.facts import CompanyFacts, Fact
from finrag_ml_tg1.vocabulary.formulas import names_in, parse_formula
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["Ledger", "PartLedger"]

# What only such companies tag (US GAAP taxonomy, banking and insurance statements).
_TRADES = {
    "banks": ("us-gaap:NoninterestExpense", "us-gaap:InterestIncomeExpenseNet", "us-gaap:Deposits"),
    "insurers": ("us-gaap:PremiumsEarnedNet", "us-gaap:LiabilityForClaimsAndClaimsAdjustmentExpense"),
}
_MARKS_OF_TRADE = 2


class Ledger:
    """Looks up what a company reports; `as_first_reported` prefers the first report of a period to the latest."""

    def __init__(self, facts: CompanyFacts, metrics: Mapping[str, Metric], *, as_first_reported: bool = False) -> None:
        self.facts = facts
        self._metrics = metrics
        self._as_first_reported = as_first_reported

    def metric(self, name: str) -> Metric:
        """Return a registered metric."""
        return self._metrics[name]

    def reported(self, name: str, period: FiscalPeriod) -> UsedFact | None:
        """Return the value that the filings state for a metric, None when they state none."""
        metric = self._metrics[name]
        return select_fact(metric, self._facts_of(metric), period, as_first_reported=self._as_first_reported)

    def with_other(self, used: UsedFact, period: FiscalPeriod) -> UsedFact:
        """Return a value with what the metric that is easily taken for it is, where the two differ."""
        beside = self._metrics[used.metric].beside if used.metric else ""
        other = self.reported(beside, period) if beside else None
        if other is None or other.fact.value == used.fact.value:
            return used
        value = value_words(other.fact.value, other.fact.unit, other.display)
        return replace(used, notes=(*used.notes, f"{other.label} for {period}: {value}."))

    def years(self, name: str, part: str) -> list[int]:
        """Return the fiscal years, ascending, in which a metric is stated or, for a derived one, all that it needs."""
        metric = self._metrics[name]
        is_flow = metric.measures == "flow"
        stated = years_with([fact for facts in self._facts_of(metric) for fact in facts], part, is_flow=is_flow)
        if stated or not (metric.formula or metric.fallbacks):
            return stated
        years: set[int] = set()
        for formula in (metric.formula, *metric.fallbacks):
            needed = [set(self.years(need, part)) for need in _needed(formula)] if formula else []
            years |= set.intersection(*needed) if needed else set()
        return sorted(years)

    def transition(self, name: str, fiscal_year: int) -> Fact | None:
        """Return the value of a metric for a period of that year that is no fiscal year and no quarter, if one is told.

        Such is the transition period of a filer who moves the end of its fiscal year (Exchange Act Rule 13a-10).
        """
        facts = (fact for facts in self._facts_of(self._metrics[name]) for fact in facts)
        odd = (fact for fact in facts if fact.fiscal_year == fiscal_year and not fact.fiscal_period)
        return max((fact for fact in odd if fact.period_start), key=lambda fact: fact.recency, default=None)

    def is_of_trade(self, trades: Sequence[str]) -> bool:
        """Return whether the company is one of these trades, judged by what it tags."""
        return any(len(self.facts.concepts & set(_TRADES[trade])) >= _MARKS_OF_TRADE for trade in trades)

    def _facts_of(self, metric: Metric) -> Iterator[Sequence[Fact]]:
        """The facts of a metric's concepts, best concept first; rows that its label alone tells last."""
        for concept in metric.concepts:
            yield self.facts.of_concept(concept)
        for concept in self._extensions(metric):
            yield self.facts.of_concept(concept)
        if metric.statement != "none":
            for pattern in metric.rows:
                yield own_concept_rows(self.facts, metric, _compiled(pattern))
        if self.facts.untagged:
            for pattern in metric.rows:
                yield untagged_rows(self.facts, metric, _compiled(pattern))

    def _extensions(self, metric: Metric) -> Iterator[str]:
        for pattern in metric.extensions:
            for concept in sorted(self.facts.concepts):
                prefix, _, local = concept.partition(":")
                if prefix not in ("us-gaap", "dei", "srt") and _compiled(pattern).search(local):
                    yield concept


@lru_cache(maxsize=512)
def _needed(formula: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names_in(parse_formula(formula), optional=False)))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class PartLedger(Ledger):
    """What a company reports for one of its segments, products or places, named by words."""

    def __init__(self, whole: Ledger, part: str) -> None:
        super().__init__(whole.facts, whole._metrics)
        self._part = part

    def reported(self, name: str, period: FiscalPeriod) -> UsedFact | None:
        """Return the value of the part, None when it is not stated or the words could mean several."""
        found = find_member(self.facts, self._metrics[name], self._part, period)
        return found[0] if len(found) == 1 else None
