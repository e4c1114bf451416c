"""Arithmetic on facts with its trace. Exact decimals throughout; what is missing is named, never guessed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from finrag_ml_tg1.facts.expressions import numbers_put_in, unwrapped
from finrag_ml_tg1.facts.fact_set import Calculation, Display, Missing, UsedFact
from finrag_ml_tg1.facts.ledger import Ledger
from finrag_ml_tg1.facts.periods import FiscalPeriod, in_fiscal_words
from finrag_ml_tg1.facts.selection import display_of
from finrag_ml_tg1.facts.units import PURE, UnitError, combined_unit, in_words, unit_of_metric
from finrag_ml_tg1.vocabulary.formulas import Apply, Expression, Name, Number, Operation, parse_formula
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["Calculator", "MissingInputError", "Value"]

_NOTHING = ""
_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}


class MissingInputError(Exception):
    """A value cannot be had; `missing` says which and why."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.reason)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Value:
    """A value on its way through a formula: what it is made of, in names and in numbers."""

    value: Decimal
    unit: str
    words: str
    facts: tuple[UsedFact, ...] = ()
    steps: tuple[Calculation, ...] = ()
    notes: tuple[str, ...] = ()
    operands: tuple[object, ...] = field(default=())
    source: UsedFact | Calculation | None = None
    caveat: str = ""


class Calculator:
    """Values of one company's metrics, tagged or calculated."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[str, FiscalPeriod]] = []

    def value(self, name: str, period: FiscalPeriod) -> Value:
        """Return a metric's value: as stated, else by its formula; raises MissingInputError."""
        metric = self._ledger.metric(name)
        stated = self._ledger.reported(name, period)
        if stated is not None:
            fact = stated.fact
            return Value(fact.value, fact.unit, metric.label, (stated,), source=stated, operands=(fact.value,))
        if (name, period) in self._waiting or not (metric.formula or metric.fallbacks):
            raise MissingInputError(self._not_stated(metric, period))
        if metric.not_for and self._ledger.is_of_trade(metric.not_for):
            raise MissingInputError(self._not_stated(metric, period))
        self._waiting.append((name, period))
        try:
            return self._by_formula(metric, period)
        finally:
            self._waiting.pop()

    def formula(self, text: str, period: FiscalPeriod, label: str, metric: Metric | None = None) -> Calculation:
        """Return the calculation of a formula for a period; raises MissingInputError."""
        expression = parse_formula(text)
        try:
            result = self._evaluate(expression, period)
        except (ZeroDivisionError, UnitError) as error:
            reason = f"{label} for {period} cannot be calculated: {error}."
            raise MissingInputError(
                Missing(self._ledger.facts.cik, metric.name if metric else "", label, period.fiscal_year, reason)
            ) from error
        unit = unit_of_metric(metric, result.unit) if metric else result.unit
        definition = (metric.definition,) if metric and metric.formula == text else ()
        return Calculation(
            metric=metric.name if metric else "",
            label=label,
            period=str(period),
            cik=self._ledger.facts.cik,
            fiscal_year=period.fiscal_year,
            formula=unwrapped(result.words),
            expression=unwrapped(numbers_put_in(result.operands)),
            inputs=tuple(dict.fromkeys(result.facts)),
            value=result.value,
            unit=unit,
            display=_display(metric, unit),
            notes=tuple(dict.fromkeys((*definition, *result.notes))),
            # A tax rate on a loss is a rate of the loss, and is reported as one.
            caveat=result.caveat if metric is None or metric.group != "tax" else "",
            steps=tuple(dict.fromkeys(result.steps)),
        )

    def _by_formula(self, metric: Metric, period: FiscalPeriod) -> Value:
        problem: MissingInputError | None = None
        for text in [*([metric.formula] if metric.formula else []), *metric.fallbacks]:
            try:
                step = self.formula(text, period, metric.label, metric)
            except MissingInputError as error:
                problem = problem or error
                continue
            if text != metric.formula:
                step = replace(step, notes=(f"{metric.label} is not tagged by itself for {period}.", *step.notes))
            return Value(
                step.value, step.unit, metric.label, step.inputs, (*step.steps, step), (), (step.value,), source=step
            )
        assert problem is not None
        missing = problem.missing
        if metric.formula is None:
            raise MissingInputError(self._not_stated(metric, period))
        reason = f"{metric.label} for {period} cannot be calculated: {missing.reason}"
        raise MissingInputError(Missing(missing.cik, metric.name, metric.label, period.fiscal_year, reason))

    def _evaluate(self, expression: Expression, period: FiscalPeriod) -> Value:
        match expression:
            case Number(number):
                return Value(number, PURE, in_words(number), operands=(number,))
            case Name(name):
                return self.value(name, period)
            case Apply("prior", name):
                value = self.value(name, period.year_before())
                return Value(
                    value.value, value.unit, f"{value.words} of the year before", value.facts, value.steps, value.notes,
                    value.operands,
                )  # fmt: skip
            case Apply("average", name):
                return self._average(name, period)
            case Apply(_, name):
                return self._optional(name, period)
            case Operation(operator, left, right):
                return _combined(operator, self._evaluate(left, period), self._evaluate(right, period))

    def _average(self, name: str, period: FiscalPeriod) -> Value:
        opening, closing = self.value(name, period.year_before()), self.value(name, period)
        if opening.unit != closing.unit:
            raise UnitError(f"{opening.unit} and {closing.unit} cannot be averaged")
        return Value(
            (opening.value + closing.value) / 2,
            closing.unit,
            f"average {closing.words}",
            (*opening.facts, *closing.facts),
            (*opening.steps, *closing.steps),
            (*opening.notes, *closing.notes),
            ("((", opening.value, " + ", closing.value, ") ÷ 2)"),
        )

    def _optional(self, name: str, period: FiscalPeriod) -> Value:
        try:
            return self.value(name, period)
        except MissingInputError:
            label = self._ledger.metric(name).label
            note = f"No {label.lower()} is stated for {period}: taken as nil."
            return Value(Decimal(0), _NOTHING, label, notes=(note,))

    def _not_stated(self, metric: Metric, period: FiscalPeriod) -> Missing:
        if metric.not_for and self._ledger.is_of_trade(metric.not_for):
            reason = metric.not_for_reason
        elif not self._ledger.facts.concepts and not self._ledger.facts.untagged:
            reason = f"the filings covered hold no tagged numbers, so {metric.label} cannot be looked up."
        else:
            years = self._ledger.years(metric.name, period.part)
            held = f"; stated for {in_fiscal_words(', '.join(map(str, years)), period.part)}" if years else ""
            held = held or (" or of any other year covered" if period.part == "FY" else "")
            reason = (
                f"{metric.label} is not among the tagged numbers of {period}{held}{self._transition(metric, period)}."
            )
        return Missing(self._ledger.facts.cik, metric.name, metric.label, period.fiscal_year, reason)

    def _transition(self, metric: Metric, period: FiscalPeriod) -> str:
        fact = self._ledger.transition(metric.name, period.fiscal_year) if period.part == "FY" else None
        if fact is None or fact.period_start is None:
            return ""
        days = (fact.period_end - fact.period_start).days + 1
        return (
            f"; the {days} days from {fact.period_start} to {fact.period_end} that it is stated for are no fiscal year"
        )


def _combined(operator: str, left: Value, right: Value) -> Value:
    # What is optional and not stated leaves no trace but its note.
    if right.unit == _NOTHING and operator in "+-":
        return replace(left, notes=(*left.notes, *right.notes))
    if left.unit == _NOTHING and operator == "+":
        return replace(right, notes=(*left.notes, *right.notes))
    unit = combined_unit(operator, left.unit, right.unit)
    if operator == "/" and not right.value:
        raise ZeroDivisionError(f"{right.words} is zero")
    value = {
        "+": lambda: left.value + right.value,
        "-": lambda: left.value - right.value,
        "*": lambda: left.value * right.value,
        "/": lambda: left.value / right.value,
    }[operator]()
    sign = f" {_SIGNS[operator]} "
    return Value(
        value,
        unit,
        f"({left.words}{sign}{right.words})",
        (*left.facts, *right.facts),
        (*left.steps, *right.steps),
        (*left.notes, *right.notes),
        ("(", *left.operands, sign, *right.operands, ")"),
        caveat=_caveat(operator, left, right),
    )


def _caveat(operator: str, left: Value, right: Value) -> str:
    if operator == "/" and right.value < 0:
        return f"not meaningful, because {unwrapped(right.words).lower()} is negative"
    return left.caveat or right.caveat


def _display(metric: Metric | None, unit: str) -> Display:
    if metric is not None:
        return display_of(metric)
    return "percent" if unit == PURE else "money"
