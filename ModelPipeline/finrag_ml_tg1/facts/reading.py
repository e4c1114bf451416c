"""One metric, formula or line of one company, read for the periods of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from finrag_ml_tg1.facts.asked_periods import asked_periods
from finrag_ml_tg1.facts.breakdown import breakdown
from finrag_ml_tg1.facts.breakdown_growth import grown_parts
from finrag_ml_tg1.facts.calculator import Calculator, MissingInputError, Value
from finrag_ml_tg1.facts.expressions import formula_label
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, Missing, UsedFact
from finrag_ml_tg1.facts.joined_reasons import joined
from finrag_ml_tg1.facts.ledger import Ledger, PartLedger
from finrag_ml_tg1.facts.line_items import LineItems
from finrag_ml_tg1.facts.members import find_member, is_own_line
from finrag_ml_tg1.facts.over_time import over_time
from finrag_ml_tg1.facts.parts import share_of_total, value_of_part
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.facts.units import PURE
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import CompanyReference
from finrag_ml_tg1.vocabulary.formulas import names_in, parse_formula

__all__ = ["Reader"]

_OVER_TIME = ("change", "growth", "cagr", "average", "sum")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one metric (or formula, or line) of one company for the periods of a plan."""

    plan: Plan
    company: CompanyReference
    ledger: Ledger
    calculator: Calculator
    lines: LineItems
    metric: str
    is_named: bool

    def read(self) -> FactSet:
        """Return what the plan asks of this company; raises MissingInputError when nothing of it is there."""
        if self.plan.operation == "breakdown":
            return self._breakdown()
        if self.plan.of_each_year:
            return self._of_each_year()
        periods = self._periods()
        if not periods:
            raise MissingInputError(self._nothing(None))
        values: list[tuple[FiscalPeriod, Value]] = []
        missing: list[tuple[FiscalPeriod, Missing]] = []
        for period in periods:
            try:
                found = self._value(period)
            except MissingInputError as error:
                missing.append((period, error.missing))
                continue
            if isinstance(found, FactSet):
                if not found.calculations:
                    return found
                found = _of_calculation(found.calculations[0])
            values.append((period, found))
        if self.plan.operation in _OVER_TIME:
            if missing:
                return FactSet(missing=joined(missing))
            return over_time(self.plan.operation, values, self.company.cik)
        results = tuple(value.source for _, value in values if value.source is not None)
        return FactSet(results=results, missing=joined(missing))

    def _of_each_year(self) -> FactSet:
        """The growth from each year's year before; of years since one, that from each to the next."""
        periods = asked_periods(replace(self.plan, operation="trend"), self._years_stated)
        years = [period.fiscal_year for period in periods][1 if self.plan.up_to_latest or not self.plan.years else 0 :]
        plans = [replace(self.plan, years=(year,), latest=1, up_to_latest="", of_each_year=False) for year in years]
        found = [replace(self, plan=plan).read() for plan in plans]
        return FactSet(
            results=tuple(result for of_year in found for result in of_year.results),
            missing=tuple(missing for of_year in found for missing in of_year.missing),
        )

    def _periods(self) -> list[FiscalPeriod]:
        return asked_periods(self.plan, self._years_stated)

    def _years_stated(self, part: str) -> list[int]:
        metric = self.plan.metrics[0] if self.plan.formula else self.metric
        return self.ledger.years(metric, part) if metric else self.lines.years(self.plan.line_item, part)

    def _value(self, period: FiscalPeriod) -> Value | FactSet:
        """One value; a FactSet where words could mean several lines, or where the part is a share of the total."""
        plan = self.plan
        if plan.formula:
            named = tuple(names_in(parse_formula(plan.formula)))
            derived = next(
                (m for m in map(self.ledger.metric, plan.metrics) if m.formula and m.name not in named), None
            )
            label = (
                derived.label if derived else formula_label(plan.formula, [self.ledger.metric(n).label for n in named])
            )
            calculation = self.calculator.formula(plan.formula, period, label, derived)
            if derived is None and calculation.unit == PURE and " - " in plan.formula:
                calculation = replace(calculation, display="points")
            return _of_calculation(calculation)
        if self.metric and plan.qualifier and self.ledger.metric(self.metric).formula:
            return self._of_part(period)
        if plan.qualifier or not self.metric:
            return self._named(period)
        return self._of_metric(period)

    def _of_metric(self, period: FiscalPeriod) -> Value:
        """A metric's value; where its own statement tells none, the line of that statement that has its name.

        The filer may print the metric's name over a concept that is not one of the metric's.
        """
        statement = self.ledger.metric(self.metric).statement
        exact = self.lines.find(self.plan.label, period) if self.lines.is_exactly(self.plan.label) else []
        own = exact[0] if len(exact) == 1 and exact[0].fact.statement == statement != "none" else None
        try:
            value = value_of_part(self.calculator, self.metric, period)
        except MissingInputError:
            if own is None:
                raise
            return _of_fact(own)
        if not isinstance(value.source, UsedFact):
            return value
        if own is not None and value.source.fact.statement == "none":
            return _of_fact(own)
        return _of_fact(self.ledger.with_other(value.source, period))

    def _of_part(self, period: FiscalPeriod) -> Value:
        """A derived metric of a part of the company, from what is tagged for that part."""
        metric = self.ledger.metric(self.metric)
        calculator = Calculator(PartLedger(self.ledger, self.plan.qualifier))
        try:
            whole = calculator.value(self.metric, period)
        except MissingInputError as error:
            reason = f"{metric.label} of “{self.plan.qualifier}” cannot be calculated: {error.missing.reason}"
            missing = Missing(self.company.cik, metric.name, metric.label, period.fiscal_year, reason)
            raise MissingInputError(missing) from error
        if not isinstance(whole.source, Calculation):
            return whole
        part = whole.facts[0].part
        return _of_calculation(replace(whole.source, label=f"{metric.label}, {part}"))

    def _named(self, period: FiscalPeriod) -> Value | FactSet:
        exact = self.lines.find(self.plan.line_item, period) if self.is_named else []
        members: list[UsedFact] = []
        if self.metric and self.plan.qualifier:
            members = find_member(self.ledger.facts, self.ledger.metric(self.metric), self.plan.qualifier, period)
            # Places and customers have the same names with many companies: they tell none.
            members = [used for used in members if self.is_named or is_own_line(used.fact)]
        if len(members) == 1 and self.plan.operation == "share":
            total = self.calculator.value(self.metric, period)
            return share_of_total(members[0], total, period, self.company.cik)
        found = members or exact
        if len(found) > 1:
            return FactSet(candidates=tuple(found))
        if not found:
            raise MissingInputError(self._nothing(period))
        return _of_fact(found[0])

    def _breakdown(self) -> FactSet:
        periods = self._periods()
        order = self.plan.ranked_by
        if order and periods:
            year = periods[0].fiscal_year if len(periods) > 1 else periods[0].fiscal_year - 1
            periods = [FiscalPeriod(year, periods[-1].part), periods[-1]]
        found = [(period, by_part) for period in periods if (by_part := self._parts(period))]
        if not found or (order and len(found) < 2):
            raise MissingInputError(self._nothing(None))
        if order:
            grown = grown_parts(order, found[0], found[-1], self.company.cik, lowest=self.plan.asks_lowest)
            return replace(grown, results=grown.results[: self.plan.limit or None])
        results = tuple(result for _, by_part in found for result in by_part.results[: self.plan.limit or None])
        return FactSet(results, notes=tuple(dict.fromkeys(note for _, by_part in found for note in by_part.notes)))

    def _parts(self, period: FiscalPeriod) -> FactSet | None:
        """The parts of a period, as shares where these are asked for; None without such a breakdown."""
        metric = self.metric or "revenue"
        total = self.ledger.reported(metric, period)
        by_part = breakdown(
            self.ledger.facts,
            self.ledger.metric(metric),
            self.plan.axis,
            period,
            total,
            lowest=self.plan.asks_lowest,
        )
        is_share = self.plan.as_shares and not self.plan.ranked_by
        return self._as_shares(by_part, period) if by_part and is_share and total else by_part

    def _as_shares(self, by_part: FactSet, period: FiscalPeriod) -> FactSet:
        total = self.calculator.value(self.metric or "revenue", period)
        shares = [share_of_total(part, total, period, self.company.cik) for part in by_part.facts]
        return replace(by_part, results=tuple(result for share in shares for result in share.results))

    def _nothing(self, period: FiscalPeriod | None) -> Missing:
        words = self.plan.line_item
        of = f" for {period}" if period else ""
        of = " for single quarters" if self.plan.fiscal_period in ("quarters", "Q") else of
        by = f" by {self.plan.axis}" if self.plan.axis else ""
        reason = f"no tagged number of {self.company.name} is named “{words}”{by}{of}."
        if self.metric and not self.plan.qualifier and not by:
            label = self.ledger.metric(self.metric).label
            metric = self.ledger.metric(self.metric)
            reason = f"{label}{of} is not among the tagged numbers of the filings of {self.company.name} covered."
            if metric.not_for and self.ledger.is_of_trade(metric.not_for):
                reason = metric.not_for_reason
        return Missing(self.company.cik, self.metric, words, period.fiscal_year if period else None, reason)


def _of_fact(used: UsedFact) -> Value:
    return Value(used.fact.value, used.fact.unit, used.label, (used,), source=used)


def _of_calculation(calculation: Calculation) -> Value:
    return Value(calculation.value, calculation.unit, calculation.label, calculation.inputs, source=calculation)
