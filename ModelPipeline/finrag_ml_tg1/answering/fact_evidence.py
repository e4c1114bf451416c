"""The numbers an answer may state because facts and calculations have them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from finrag_ml_tg1.answering.number_evidence import Evidence, Sign, text_evidence
from finrag_ml_tg1.answering.number_signs import names_either_sign, names_outflow
from finrag_ml_tg1.answering.number_units import NumberKind
from finrag_ml_tg1.answering.written_years import read_years
from finrag_ml_tg1.facts.fact_set import Calculation, Display, FactSet, UsedFact

__all__ = ["fact_evidence", "fact_words", "fact_years"]

_CURRENCY_CODES = 3
_DISPLAY_KINDS: dict[Display, tuple[tuple[NumberKind, int], ...]] = {
    "percent": (("percent", 2),),
    "points": (("points", 2), ("basis points", 4)),
    "basis points": (("basis points", 4), ("points", 2)),
    "times": (("times", 0),),
    "days": (("days", 0),),
}


def fact_evidence(found: FactSet) -> Iterator[Evidence]:
    """Yield the values of facts, calculations and what they rest on, and the numbers in their notes."""
    for used in dict.fromkeys((*found.facts, *found.candidates, *_inputs(found))):
        yield from _of_fact(used)
    for calculation in _steps(found.calculations):
        fiscal = frozenset({calculation.fiscal_year} if calculation.fiscal_year else ())
        ends = {used.fact.period_end.year for used in calculation.inputs if used.fact.fiscal_year in fiscal}
        named = frozenset(year.year for year in read_years(calculation.period))
        years = frozenset(ends) or fiscal or named, fiscal or named
        yield from _values(calculation.value, calculation.unit, calculation.display, years, calculation.label)
    for words in fact_words(found):
        yield from text_evidence(words)


def fact_years(found: FactSet) -> set[int]:
    """Return the years that facts and calculations are of, or name."""
    years = {year.year for words in fact_words(found) for year in read_years(words)}
    for used in (*found.facts, *found.candidates, *_inputs(found)):
        years |= _years_of(used)
    for calculation in _steps(found.calculations):
        years |= {year.year for year in read_years(calculation.period)}
        years |= {calculation.fiscal_year} if calculation.fiscal_year else set()
    return years | {missing.fiscal_year for missing in found.missing if missing.fiscal_year}


def _inputs(found: FactSet) -> Iterator[UsedFact]:
    return (used for calculation in _steps(found.calculations) for used in calculation.inputs)


def _steps(calculations: tuple[Calculation, ...]) -> Iterator[Calculation]:
    for calculation in calculations:
        yield calculation
        yield from _steps(calculation.steps)


def fact_words(found: FactSet) -> Iterator[str]:
    """Yield what is said beside the values, and may be repeated."""
    yield from found.notes
    yield from (missing.reason for missing in found.missing)
    for used in (*found.facts, *found.candidates, *_inputs(found)):
        yield from (used.label, used.fact.row_label, *used.notes)
    for calculation in _steps(found.calculations):
        yield from (calculation.label, calculation.formula, calculation.caveat, *calculation.notes)


def _years_of(used: UsedFact) -> set[int]:
    start = used.fact.period_start
    return {used.fact.fiscal_year, used.fact.period_end.year} | ({start.year} if start else set())


def _of_fact(used: UsedFact) -> Iterator[Evidence]:
    fact = used.fact
    value = -fact.value if used.is_turned else fact.value
    years = frozenset({fact.period_end.year}), frozenset({fact.fiscal_year})
    yield from _values(value, fact.unit, used.display, years, used.label)


def _values(
    value: Decimal, unit: str, display: Display, years: tuple[frozenset[int], frozenset[int]], label: str
) -> Iterator[Evidence]:
    """A value in every unit it may be stated in: a ratio as percent or times, points as basis points."""
    sign: Sign = "either" if names_either_sign(label) else "negative" if value < 0 else "positive"
    money, _, _per = unit.partition("/")
    kinds: list[tuple[NumberKind, int]] = list(_DISPLAY_KINDS.get(display, ())) if unit in ("pure", "days", "") else []
    currency = ""
    if not kinds:
        if len(money) == _CURRENCY_CODES and money.isupper():
            kinds, currency = [("money", 0)], money
        elif money == "shares":
            kinds = [("shares", 0)]
        else:
            kinds = [("plain", 0), ("percent", 2), ("times", 0)] if unit == "pure" else [("plain", 0)]
    for kind, power in kinds:
        yield Evidence(
            abs(value).scaleb(power),
            kind,
            currency,
            sign,
            *years,
            is_explicit=True,
            is_outflow=names_outflow(label),
            is_fact=True,
        )
