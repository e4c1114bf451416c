"""Values that are a part of a longer period, or of a larger total."""

from __future__ import annotations

from finrag_ml_tg1.facts.calculator import Calculator, MissingInputError, Value
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, UsedFact
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.facts.units import PURE, in_words, scale_of

__all__ = ["quarter_value", "share_of_total"]

# A quarter that no report states alone is what a longer period holds beyond a shorter one.
_LONGER = {"Q4": ("FY", "9M"), "Q3": ("9M", "H1"), "Q2": ("H1", "Q1")}


def quarter_value(calculator: Calculator, metric: str, period: FiscalPeriod) -> Value:
    """Return a metric's value; a quarter that is not stated as the difference of two periods from the year's start.

    Raises MissingInputError.
    """
    try:
        return calculator.value(metric, period)
    except MissingInputError:
        if period.part not in _LONGER:
            raise
        longer, shorter = (FiscalPeriod(period.fiscal_year, part) for part in _LONGER[period.part])
        whole, before = calculator.value(metric, longer), calculator.value(metric, shorter)
        if whole.unit != before.unit or "/" in whole.unit or whole.unit in (PURE, "shares"):
            # Amounts a share and averages of a quarter are no differences.
            raise
    power, scale = scale_of([whole.value, before.value])
    numbers = f"{in_words(whole.value.scaleb(-power))} − {in_words(before.value.scaleb(-power))}"
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
        notes=("The quarter is not stated by itself: it is the difference of two periods that begin with the year.",),
    )
    return Value(calculation.value, calculation.unit, whole.words, calculation.inputs, source=calculation)


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
