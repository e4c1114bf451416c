"""A plan carried out for the companies in scope: which values, what is done with them, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.facts.calculator import Calculator, MissingInputError, Value
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, Missing, UsedFact
from finrag_ml_tg1.facts.ledger import Ledger
from finrag_ml_tg1.facts.line_items import LineItems
from finrag_ml_tg1.facts.members import find_member, list_members
from finrag_ml_tg1.facts.over_time import over_time
from finrag_ml_tg1.facts.parts import quarter_value, share_of_total
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.index.facts import CompanyFacts
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import CompanyReference
from finrag_ml_tg1.vocabulary.formulas import names_in, parse_formula
from finrag_ml_tg1.vocabulary.metrics import Metric, load_metrics

__all__ = ["FactFinder"]

_OVER_TIME = ("change", "growth", "cagr", "average", "sum")
_MAX_YEARS = 40


class FactFinder:
    """Carries out plans; `facts_of` returns a covered company's facts."""

    def __init__(self, facts_of: Callable[[int], CompanyFacts]) -> None:
        self._facts_of = facts_of
        self._metrics: Mapping[str, Metric] = load_metrics()
        self._line_items: dict[int, tuple[CompanyFacts, LineItems]] = {}

    def find(self, plan: Plan, companies: Sequence[CompanyReference]) -> FactSet:
        """Return the numbers a plan asks for, the asked value first. Raises nothing for what is not there."""
        if plan.obstacle is not None:
            return FactSet(missing=(Missing(0, "", "", None, plan.obstacle),))
        sets = [
            self._of_company(plan, company, metric)
            for company in companies
            for metric in (("",) if plan.formula else plan.metrics or ("",))
        ]
        merged = _merged(sets)
        if plan.operation == "ranking":
            merged = _ranked(merged, lowest=plan.asks_lowest)
        return replace(merged, notes=tuple(dict.fromkeys((*plan.notes, *merged.notes))))

    def _of_company(self, plan: Plan, company: CompanyReference, metric: str) -> FactSet:
        facts = self._facts_of(company.cik)
        ledger = Ledger(facts, self._metrics, as_first_reported=plan.as_first_reported)
        reader = _Reader(plan, company, ledger, Calculator(ledger), self._lines(facts), metric)
        try:
            return reader.read()
        except MissingInputError as error:
            return FactSet(missing=(error.missing,))

    def _lines(self, facts: CompanyFacts) -> LineItems:
        known = self._line_items.get(facts.cik)
        if known is None or known[0] is not facts:
            known = self._line_items[facts.cik] = (facts, LineItems(facts))
        return known[1]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one metric (or formula, or line) of one company for the periods of a plan."""

    plan: Plan
    company: CompanyReference
    ledger: Ledger
    calculator: Calculator
    lines: LineItems
    metric: str

    def read(self) -> FactSet:
        """Return what the plan asks of this company; raises MissingInputError when nothing of it is there."""
        if self.plan.operation == "breakdown":
            return self._breakdown()
        periods = self._periods()
        if not periods:
            raise MissingInputError(self._nothing(None))
        values: list[tuple[FiscalPeriod, Value]] = []
        missing: list[Missing] = []
        for period in periods:
            try:
                found = self._value(period)
            except MissingInputError as error:
                missing.append(error.missing)
                continue
            if isinstance(found, FactSet):
                return found
            values.append((period, found))
        if self.plan.operation in _OVER_TIME:
            if missing:
                return FactSet(missing=tuple(missing))
            return over_time(self.plan.operation, values, self.company.cik)
        if not values:
            return FactSet(missing=tuple(missing))
        return _as_found([value for _, value in values], missing)

    def _periods(self) -> list[FiscalPeriod]:
        """The periods asked for; a change from one year alone is a change from the year before."""
        part = self.plan.fiscal_period
        years = list(self.plan.years)
        if not years:
            known = self._known_years(part if part != "Q" else "Q1")
            if part == "Q":
                return self._latest_quarter()
            years = known[-self.plan.latest :]
        if self.plan.operation in ("change", "growth", "cagr") and years:
            years = [years[0], years[-1]] if len(years) > 1 else [years[0] - 1, years[0]]
        return [FiscalPeriod(year, part if part != "Q" else "Q1") for year in years[:_MAX_YEARS]]

    def _latest_quarter(self) -> list[FiscalPeriod]:
        known = [(year, part) for part in ("Q1", "Q2", "Q3", "Q4") for year in self._known_years(part)]
        return [FiscalPeriod(*max(known))] if known else []

    def _known_years(self, part: str) -> list[int]:
        if self.plan.formula:
            return self.ledger.years(self.plan.metrics[0], part)
        if self.metric:
            known = self.ledger.years(self.metric, part)
            return known or (self.ledger.years(self.metric, "FY") if part == "Q4" else [])
        return self.lines.years(self.plan.line_item, part)

    def _value(self, period: FiscalPeriod) -> Value | FactSet:
        """One value; a FactSet where words could mean several lines, or where the part is a share of the total."""
        plan = self.plan
        if plan.formula:
            derived = next((m for m in map(self.ledger.metric, plan.metrics) if m.formula), None)
            label = derived.label if derived else self._ratio_label()
            return _of_calculation(self.calculator.formula(plan.formula, period, label, derived))
        if plan.qualifier or not self.metric:
            return self._named(period)
        return quarter_value(self.calculator, self.metric, period)

    def _ratio_label(self) -> str:
        named = dict.fromkeys(names_in(parse_formula(self.plan.formula)))
        labels = [self.ledger.metric(name).label for name in named]
        return " to ".join([labels[0], *(label.lower() for label in labels[1:])])

    def _named(self, period: FiscalPeriod) -> Value | FactSet:
        exact = self.lines.find(self.plan.line_item, period)
        members: list[UsedFact] = []
        if self.metric and self.plan.qualifier:
            members = find_member(self.ledger.facts, self.ledger.metric(self.metric), self.plan.qualifier, period)
        if len(members) == 1 and self.plan.operation == "share":
            total = self.calculator.value(self.metric, period)
            return share_of_total(members[0], total, period, self.company.cik)
        found = members or exact
        if len(found) > 1:
            return FactSet(candidates=tuple(found))
        if not found:
            raise MissingInputError(self._nothing(period))
        return Value(found[0].fact.value, found[0].fact.unit, found[0].label, (found[0],), source=found[0])

    def _breakdown(self) -> FactSet:
        metric = self.metric or "revenue"
        for period in self._periods():
            parts = list_members(self.ledger.facts, self.ledger.metric(metric), self.plan.axis, period)
            if parts:
                total = self.ledger.reported(metric, period)
                return FactSet(facts=tuple(parts), notes=tuple(_sum_note(parts, total)))
        raise MissingInputError(self._nothing(None))

    def _nothing(self, period: FiscalPeriod | None) -> Missing:
        words = self.plan.line_item
        of = f" for {period}" if period else ""
        by = f" by {self.plan.axis}" if self.plan.axis else ""
        reason = f"no tagged number of {self.company.name} is named “{words}”{by}{of}."
        if self.metric and not self.plan.qualifier and not by:
            label = self.ledger.metric(self.metric).label
            metric = self.ledger.metric(self.metric)
            reason = f"{label} is not among the tagged numbers of the filings of {self.company.name} covered."
            if metric.not_for and self.ledger.is_of_trade(metric.not_for):
                reason = metric.not_for_reason
        return Missing(self.company.cik, self.metric, words, period.fiscal_year if period else None, reason)


def _of_calculation(calculation: Calculation) -> Value:
    return Value(calculation.value, calculation.unit, calculation.label, calculation.inputs, source=calculation)


def _as_found(values: Sequence[Value], missing: Sequence[Missing]) -> FactSet:
    facts = tuple(value.source for value in values if isinstance(value.source, UsedFact))
    calculations = tuple(value.source for value in values if isinstance(value.source, Calculation))
    inputs = tuple(fact for calculation in calculations for fact in calculation.inputs)
    return FactSet(facts=tuple(dict.fromkeys((*facts, *inputs))), calculations=calculations, missing=tuple(missing))


def _merged(sets: Sequence[FactSet]) -> FactSet:
    return FactSet(
        facts=tuple(dict.fromkeys(fact for part in sets for fact in part.facts)),
        calculations=tuple(dict.fromkeys(calculation for part in sets for calculation in part.calculations)),
        missing=tuple(dict.fromkeys(missing for part in sets for missing in part.missing)),
        candidates=tuple(dict.fromkeys(candidate for part in sets for candidate in part.candidates)),
        notes=tuple(dict.fromkeys(note for part in sets for note in part.notes)),
    )


def _ranked(found: FactSet, *, lowest: bool) -> FactSet:
    """The values in order; unlike units are not ranked."""
    units = {fact.fact.unit for fact in found.facts} if not found.calculations else {c.unit for c in found.calculations}
    if len(units) > 1:
        reason = f"values in {', '.join(sorted(units))} cannot be ranked against each other."
        return FactSet(missing=(*found.missing, Missing(0, "", "", None, reason)), notes=found.notes)
    sign = 1 if lowest else -1
    return replace(
        found,
        facts=tuple(sorted(found.facts, key=lambda used: sign * used.fact.value))
        if not found.calculations
        else found.facts,
        calculations=tuple(sorted(found.calculations, key=lambda calculation: sign * calculation.value)),
    )


def _sum_note(parts: Sequence[UsedFact], total: UsedFact | None) -> list[str]:
    if total is None:
        return []
    added = sum(part.fact.value for part in parts)
    if added == total.fact.value:
        return [f"The parts add up to the total of {total.fact.value.normalize():,f} {total.fact.unit}."]
    return [
        f"The parts do not add up to the total of {total.fact.value.normalize():,f} {total.fact.unit}: some overlap, "
        "or what is not allotted to any of them is left out."
    ]
