"""Arithmetic on one metric's values of several years: change, growth, CAGR, average, sum."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from finrag_ml_tg1.facts.calculator import Value
from finrag_ml_tg1.facts.expressions import operand_words
from finrag_ml_tg1.facts.fact_set import Calculation, Display, FactSet, Missing, UsedFact
from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.facts.units import PURE, in_words, scale_of
from finrag_ml_tg1.plan import Operation

__all__ = ["over_time"]

_NAMES = {
    "change": "Change in {label}",
    "growth": "Growth of {label}",
    "cagr": "CAGR of {label}",
    "average": "Average {label}",
    "sum": "Sum of {label}",
}


def over_time(operation: Operation, values: Sequence[tuple[FiscalPeriod, Value]], cik: int) -> FactSet:
    """Return the calculation over the values, oldest first; a sentence where it would mean nothing."""
    first_period, (last_period, last) = values[0][0], values[-1]
    if operation == "growth" and last.unit == PURE:
        # Of a ratio that rises from 40 % to 44 % the field says that it grew by 4 points, not by 10 %.
        operation = "change"
    label = last.words[:1].lower() + last.words[1:] if last.words[1:2].islower() else last.words
    title = _NAMES[operation].format(label=label)
    span_words = f"{first_period} to {last_period.fiscal_year if last_period.part == 'FY' else last_period}"
    name = f"{title}, {span_words}"
    problem = _problem(operation, [value for _, value in values], name)
    if problem:
        return FactSet(missing=(Missing(cik, "", name, last_period.fiscal_year, problem),))
    numbers = [value.value for _, value in values]
    power, scale = scale_of(numbers) if all(abs(number) >= 1000 for number in numbers if number) else (0, "")
    written = [_written(number, last, power) for number in numbers]
    years = [str(period) for period, _ in values]
    span = last_period.fiscal_year - first_period.fiscal_year
    result, formula, expression = _computed(operation, numbers, written, years, span)
    is_ratio = last.unit == PURE
    unit = PURE if operation in ("growth", "cagr") else last.unit
    calculation = Calculation(
        metric=_metric_of(last),
        label=title,
        period=span_words,
        cik=cik,
        fiscal_year=last_period.fiscal_year,
        formula=formula,
        expression=f"{expression} ({scale})" if scale else expression,
        inputs=tuple(dict.fromkeys(fact for _, value in values for fact in value.facts)),
        value=result,
        unit=unit,
        display=_display(operation, last, is_ratio=is_ratio),
        notes=tuple(_concept_note([value for _, value in values])),
        steps=tuple(dict.fromkeys(step for _, value in values for step in _steps(value))),
    )
    return FactSet(results=(calculation,))


def _problem(operation: Operation, values: Sequence[Value], name: str) -> str | None:
    first, last = values[0], values[-1]
    units = {value.unit for value in values}
    if len(units) > 1:
        return f"{name} cannot be calculated: the values are in {' and '.join(sorted(units))}."
    if operation in ("growth", "cagr") and first.value == 0:
        return f"{name} cannot be calculated: the value it would grow from is zero."
    if operation in ("growth", "cagr") and first.value < 0:
        return f"{name} means nothing: the value it would grow from is negative ({in_words(first.value)} {first.unit})."
    if operation == "cagr" and last.value < 0:
        return f"{name} means nothing: the value at the end is negative ({in_words(last.value)} {last.unit})."
    return None


def _computed(
    operation: Operation, numbers: Sequence[Decimal], written: Sequence[str], years: Sequence[str], span: int
) -> tuple[Decimal, str, str]:
    first, last = numbers[0], numbers[-1]
    if operation == "change":
        return last - first, f"{years[-1]} − {years[0]}", f"{written[-1]} − {written[0]}"
    if operation == "growth":
        formula = f"({years[-1]} − {years[0]}) ÷ {years[0]}"
        return (last - first) / first, formula, f"({written[-1]} − {written[0]}) ÷ {written[0]}"
    if operation == "cagr":
        value = (last / first) ** (Decimal(1) / span) - 1
        return (
            value,
            f"({years[-1]} ÷ {years[0]}) ^ (1 ÷ {span}) − 1",
            f"({written[-1]} ÷ {written[0]}) ^ (1 ÷ {span}) − 1",
        )
    total = sum(numbers, Decimal(0))
    added, named = " + ".join(written), " + ".join(years)
    if operation == "sum":
        return total, named, added
    return total / len(numbers), f"({named}) ÷ {len(numbers)}", f"({added}) ÷ {len(numbers)}"


def _display(operation: Operation, last: Value, *, is_ratio: bool) -> Display:
    if operation in ("growth", "cagr"):
        return "percent"
    display = _source_display(last)
    return "points" if operation == "change" and is_ratio and display == "percent" else display


def _source_display(value: Value) -> Display:
    return value.source.display if value.source is not None else "money"


def _metric_of(value: Value) -> str:
    return value.source.metric if value.source is not None else ""


def _steps(value: Value) -> tuple[Calculation, ...]:
    return (value.source,) if isinstance(value.source, Calculation) else ()


def _written(number: Decimal, value: Value, power: int) -> str:
    is_percent = value.unit == PURE and _source_display(value) == "percent"
    return operand_words(number, power, is_percent=is_percent, is_exact=isinstance(value.source, UsedFact))


def _concept_note(values: Sequence[Value]) -> list[str]:
    """Say when the years are not tagged alike: the filer may have changed what the line holds."""
    concepts = [value.source.fact.concept for value in values if isinstance(value.source, UsedFact)]
    if len(set(concepts)) < 2:
        return []
    return [f"The years are tagged under different concepts ({', '.join(dict.fromkeys(concepts))}): compare with care."]
