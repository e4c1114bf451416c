"""The numbers an answer may state: values of facts and calculations, and what the cited texts print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from finrag_ml_tg1.answering.number_places import PlacedNumber, placed_numbers, stated_powers
from finrag_ml_tg1.answering.number_signs import names_either_sign, names_fall, names_outflow, names_signed
from finrag_ml_tg1.answering.written_numbers import NumberKind, read_years
from finrag_ml_tg1.facts.fact_set import Calculation, Display, FactSet, UsedFact

__all__ = ["Evidence", "Sign", "fact_evidence", "fact_years", "text_evidence"]

Sign = Literal["negative", "positive", "either", "unsaid"]
"""Of a number's evidence. "either": a line that is named a loss; "unsaid": a sentence that says neither."""

Label = Literal["same", "before", "either"]
Reading = Literal["stated", "of shares", "as printed", "guessed"]

_CURRENCY_CODES = 3
_CURRENCY_WORDS = {
    "USD": r"\$",
    "EUR": r"€|\beuros?\b|\bEUR\b",
    "GBP": r"£|\bGBP\b|\bpounds? sterling",
    "JPY": r"¥|\byen\b",
}
_NEAR = 80
_KEPT_TEXTS = 128
_DISPLAY_KINDS: dict[Display, tuple[tuple[NumberKind, int], ...]] = {
    "percent": (("percent", 2),),
    "points": (("points", 2), ("basis points", 4)),
    "basis points": (("basis points", 4), ("points", 2)),
    "times": (("times", 0),),
    "days": (("days", 0),),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value, without its sign, in the base unit of its kind (12.5 for 12.5 %).

    `years` are those of its dates, `fiscal_years` what they are called; none when not known. The sign
    `is_explicit` when printed or tagged, not said in words; `is_outflow` is a line that tables print as negative at
    will, `is_signed` one that is said with its sign. `is_bare`: in a table without a unit. `reading` says how a
    table's cell was scaled: as its text states, for shares as its text states for other than money, as printed beside
    a stated scale, or by a guess from scales stated elsewhere.
    """

    value: Decimal
    kind: NumberKind
    currency: str
    sign: Sign
    years: frozenset[int]
    fiscal_years: frozenset[int]
    is_explicit: bool
    is_outflow: bool = False
    is_signed: bool = True
    is_bare: bool = False
    may_be_percent: bool = False
    may_be_shares: bool = False
    reading: Reading = "stated"
    is_fact: bool = False


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


@lru_cache(maxsize=_KEPT_TEXTS)
def text_evidence(text: str) -> tuple[Evidence, ...]:
    """Return the numbers of a text, those of a table in the scale it states and as printed."""
    placed = list(placed_numbers(text, words=True))
    label = _label_of_dates(text)
    scales = {power for part in placed for power in part.powers} | set(stated_powers(text))
    currencies = [name for name, words in _CURRENCY_WORDS.items() if re.search(words, text, re.IGNORECASE)] or ["USD"]
    currency = currencies[0] if len(currencies) == 1 else ""
    return tuple(known for part in placed for known in _of_placed(part, currency, scales, label))


def _label_of_dates(text: str) -> Label:
    """Whether a year that ends in January is named for that year or the one before, by the filing's own name.

    The first line of a text names the filing and its fiscal year, and the last date is that year's end.
    """
    named = re.search(r"\bfiscal ((?:19|20)\d\d)\b", text.partition("\n")[0])
    ends = [year.year for year in read_years(text) if year.label != year.year]
    if named and ends and max(ends) - int(named[1]) in (0, 1):
        return "before" if max(ends) > int(named[1]) else "same"
    return "either"


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


def _of_placed(part: PlacedNumber, currency: str, scales: set[int], label: Label) -> Iterator[Evidence]:
    """A number at every scale it may have; `currency` is that of the table's amounts."""
    number = part.number
    is_bare = part.is_cell and number.kind == "plain" and number.power is None
    sign, is_explicit = _sign(part)
    for power, reading in _readings(part, scales):
        yield Evidence(
            number.digits.scaleb(power),
            number.kind,
            number.currency or (currency if is_bare else ""),
            sign,
            frozenset(year for year, _ in part.years),
            frozenset(other for years in part.years for other in _fiscal_years(*years, label)),
            is_explicit,
            is_outflow=names_outflow(part.words[-_NEAR:]),
            is_signed=names_signed(part.words[-_NEAR:]),
            is_bare=is_bare,
            may_be_percent=is_bare and part.may_be_percent and power == 0,
            may_be_shares=part.may_be_shares,
            reading=reading,
        )


def _fiscal_years(year: int, before: int, label: Label) -> tuple[int, ...]:
    return {"same": (year,), "before": (before,), "either": (year, before)}[label]


def _readings(part: PlacedNumber, scales: set[int]) -> Iterator[tuple[int, Reading]]:
    number = part.number
    if not part.is_cell or number.power is not None or number.kind not in ("plain", "money", "shares"):
        yield number.power or 0, "stated"
    elif part.powers:
        yield from ((power, "of shares" if place else "stated") for place, power in enumerate(part.powers))
        yield 0, "as printed"
        yield from ((power, "guessed") for power in sorted(scales - set(part.powers)))
    else:
        yield 0, "stated"
        yield from ((power, "guessed") for power in sorted(scales or {3, 6}))


def _sign(part: PlacedNumber) -> tuple[Sign, bool]:
    """The sign, and whether it is printed."""
    if part.number.is_negative:
        return ("either" if part.is_cell and names_either_sign(part.words) else "negative"), True
    if part.is_cell:
        return ("either" if names_fall(part.words) else "positive"), True
    if part.direction:
        return ("negative" if part.direction == "down" else "positive"), False
    return "unsaid", False
