"""The numbers an answer may state: values of facts and calculations, and what the cited texts print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from finrag_ml_tg1.answering.number_places import PlacedNumber, placed_numbers
from finrag_ml_tg1.answering.number_signs import names_either_sign, speaks_of_less
from finrag_ml_tg1.answering.written_numbers import NumberKind, read_years
from finrag_ml_tg1.facts.fact_set import Calculation, Display, FactSet, UsedFact

__all__ = ["Evidence", "Sign", "fact_evidence", "fact_years", "text_evidence"]

Sign = Literal["negative", "positive", "either", "unsaid"]
"""Of a number's evidence. "either": a line that is named a loss; "unsaid": a sentence that says neither."""

_CURRENCY_CODES = 3
_DISPLAY_KINDS: dict[Display, tuple[tuple[NumberKind, int], ...]] = {
    "percent": (("percent", 2),),
    "points": (("points", 2), ("basis points", 4)),
    "basis points": (("basis points", 4), ("points", 2)),
    "times": (("times", 0),),
    "days": (("days", 0),),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value, without its sign, in the base unit of its kind (12.5 for 12.5 %); `years` are none when not known.

    `is_bare`: printed in a table with no unit. `is_table_scaled`: in the scale that the table states.
    """

    value: Decimal
    kind: NumberKind
    currency: str
    sign: Sign
    years: frozenset[int]
    is_explicit: bool
    """Whether the sign is printed or tagged, not only said in words."""
    is_less: bool = False
    is_bare: bool = False
    may_be_percent: bool = False
    is_cell: bool = False
    is_exact_only: bool = False


def fact_evidence(found: FactSet) -> Iterator[Evidence]:
    """Yield the values of facts, calculations and what they rest on, and the numbers in their notes."""
    for used in dict.fromkeys((*found.facts, *found.candidates, *_inputs(found))):
        yield from _of_fact(used)
    for calculation in _steps(found.calculations):
        end_years = {
            used.fact.period_end.year for used in calculation.inputs if used.fact.fiscal_year == calculation.fiscal_year
        }
        own = (
            {calculation.fiscal_year, *end_years}
            if calculation.fiscal_year
            else {year.year for year in read_years(calculation.period)}
        )
        yield from _values(
            calculation.value,
            calculation.unit,
            calculation.display,
            frozenset(year for year in own if year),
            calculation.label,
        )
    for words in _words_of(found):
        yield from text_evidence(words)


def fact_years(found: FactSet) -> set[int]:
    """Return the years that facts and calculations are of, or name."""
    years = {year.year for words in _words_of(found) for year in read_years(words)}
    for used in (*found.facts, *found.candidates, *_inputs(found)):
        years |= _years_of(used)
    for calculation in _steps(found.calculations):
        years |= {year.year for year in read_years(calculation.period)}
        years |= {calculation.fiscal_year} if calculation.fiscal_year else set()
    return years | {missing.fiscal_year for missing in found.missing if missing.fiscal_year}


def text_evidence(text: str) -> Iterator[Evidence]:
    """Yield the numbers of a text, those of a table in the scale it states and as printed."""
    placed = list(placed_numbers(text, words=True))
    has_scale = any(part.powers for part in placed)
    for part in placed:
        yield from _of_placed(part, has_scale=has_scale)


def _inputs(found: FactSet) -> Iterator[UsedFact]:
    return (used for calculation in _steps(found.calculations) for used in calculation.inputs)


def _steps(calculations: tuple[Calculation, ...]) -> Iterator[Calculation]:
    for calculation in calculations:
        yield calculation
        yield from _steps(calculation.steps)


def _words_of(found: FactSet) -> Iterator[str]:
    """What is said beside the values, and may be repeated."""
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
    years = frozenset({fact.fiscal_year, fact.period_end.year})
    yield from _values(value, fact.unit, used.display, years, f"{used.label} {fact.row_label}")


def _values(value: Decimal, unit: str, display: Display, years: frozenset[int], label: str) -> Iterator[Evidence]:
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
            abs(value).scaleb(power), kind, currency, sign, years, is_explicit=True, is_less=speaks_of_less(label)
        )


def _of_placed(part: PlacedNumber, *, has_scale: bool) -> Iterator[Evidence]:
    number = part.number
    is_less = speaks_of_less(part.words[-80:])
    is_bare = part.is_cell and number.kind == "plain" and number.power is None
    sign, is_explicit = _sign(part, is_less=is_less)
    scales_apply = part.is_cell and number.power is None and number.kind in ("plain", "money", "shares")
    powers = {number.power or 0: False}
    if scales_apply:
        if part.powers:
            scaled = part.powers if number.kind != "money" else part.powers[:1]
            powers |= dict.fromkeys(scaled, False)
        elif not has_scale:
            powers |= {3: True, 6: True}
    for power, is_exact_only in powers.items():
        is_as_printed = scales_apply and bool(part.powers) and power == 0
        yield Evidence(
            number.digits.scaleb(power),
            number.kind,
            number.currency,
            sign,
            part.years,
            is_explicit,
            is_less=is_less,
            is_bare=is_bare,
            may_be_percent=is_bare and part.may_be_percent and power == 0,
            is_cell=part.is_cell,
            is_exact_only=is_exact_only or is_as_printed,
        )


def _sign(part: PlacedNumber, *, is_less: bool) -> tuple[Sign, bool]:
    if part.number.is_negative:
        return ("either" if part.is_cell and names_either_sign(part.words) else "negative"), True
    if part.is_cell:
        return ("either" if is_less else "positive"), True
    if part.direction:
        return ("negative" if part.direction == "down" else "positive"), False
    return "unsaid", False
