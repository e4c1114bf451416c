"""Values that are a part of a longer period, or of a larger total."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from finrag_ml_tg1.facts.calculator import Calculator, MissingInputError, Value
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, Missing, UsedFact
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.facts.units import PURE, in_words, scale_of

__all__ = ["share_of_total", "value_of_part"]

# A part that no report states alone is what a longer period holds beyond a shorter one.
_LONGER = {"Q4": ("FY", "9M"), "Q3": ("9M", "H1"), "Q2": ("H1", "Q1"), "Q1": ("H1", "Q2"), "H2": ("FY", "H1")}
_WORDS = {
    "FY": "the year",
    "9M": "the first nine months",
    "H1": "the first six months",
    "Q1": "the first quarter",
    "Q2": "the second quarter",
}


def value_of_part(calculator: Calculator, metric: str, period: FiscalPeriod) -> Value:
    """Return a metric's value; for a part of the year that is not stated the difference of two periods that are.

    Raises MissingInputError.
    """
    try:
        return calculator.value(metric, period)
    except MissingInputError as error:
        if period.part not in _LONGER:
            raise
        longer, shorter = (FiscalPeriod(period.fiscal_year, part) for part in _LONGER[period.part])
        found = {part.part: value for part in (longer, shorter) if (value := _known(calculator, metric, part))}
        if not found or not all(_is_additive(value) for value in found.values()):
            raise
        if longer.part not in found or shorter.part not in found:
            raise MissingInputError(_no_difference(error.missing, period, found)) from error
        whole, before = found[longer.part], found[shorter.part]
        if whole.unit != before.unit:
            raise
    power, scale = scale_of([whole.value, before.value])
    subtracted = in_words(before.value.scaleb(-power))
    numbers = f"{in_words(whole.value.scaleb(-power))} − {subtracted if before.value >= 0 else f'({subtracted})'}"
    calculation = Calculation(
        metric=metric,
        label=whole.words,
        period=str(period),
        cik=whole.facts[0].fact.cik,
        fiscal_year=period.fiscal_year,
        formula=f"{longer} − {shorter}",
        expression=f"{numbers} ({scale})" if scale else numbers,
        inputs=(*whole.facts, *before.facts),
        value=whole.value - before.value,
        unit=whole.unit,
        display="money",
        notes=("The period is not stated by itself: it is the difference of two that are.",),
    )
    return Value(calculation.value, calculation.unit, whole.words, calculation.inputs, source=calculation)


def _known(calculator: Calculator, metric: str, period: FiscalPeriod) -> Value | None:
    try:
        return calculator.value(metric, period)
    except MissingInputError:
        return None


def _is_additive(value: Value) -> bool:
    """Amounts a share, averages and balances of a period are no differences."""
    is_flow = all(used.fact.period_start is not None for used in value.facts)
    return is_flow and "/" not in value.unit and value.unit not in (PURE, "shares")


def _no_difference(missing: Missing, period: FiscalPeriod, found: Container[str]) -> Missing:
    longer, shorter = _LONGER[period.part]
    absent = next(part for part in (longer, shorter) if part not in found)
    reason = (
        f"{missing.label} is not among the tagged numbers of {period}; it would be {_WORDS[longer]} less "
        f"{_WORDS[shorter]}, and {_WORDS[absent]} cannot be had either."
    )
    return replace(missing, fiscal_year=period.fiscal_year, reason=reason)


def share_of_total(part: UsedFact, total: Value, period: FiscalPeriod, cik: int) -> FactSet:
    """Return the calculation of a part's share of the whole company's value; raises MissingInputError."""
    if not total.value or total.unit != part.fact.unit:
        return FactSet()
    power, scale = scale_of([part.fact.value, total.value])
    numbers = f"{in_words(part.fact.value.scaleb(-power))} ÷ {in_words(total.value.scaleb(-power))}"
    calculation = Calculation(
        metric=part.metric,
        label=f"{part.label}, share of the total",
        period=str(period),
        cik=cik,
        fiscal_year=period.fiscal_year,
        formula=f"{part.label} ÷ {total.words}",
        expression=f"{numbers} ({scale})" if scale else numbers,
        inputs=(part, *total.facts),
        value=part.fact.value / total.value,
        unit=PURE,
        display="percent",
    )
    return FactSet(results=(calculation,))
