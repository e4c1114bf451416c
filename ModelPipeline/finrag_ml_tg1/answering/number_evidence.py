"""The numbers an answer may state because a cited text prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from finrag_ml_tg1.answering.number_columns import stated_powers
from finrag_ml_tg1.answering.number_places import placed_numbers
from finrag_ml_tg1.answering.number_signs import names_either_sign, names_fall, names_outflow, names_signed
from finrag_ml_tg1.answering.number_units import NumberKind
from finrag_ml_tg1.answering.placed_number import PlacedNumber
from finrag_ml_tg1.answering.written_years import read_years

__all__ = ["Evidence", "Sign", "text_evidence"]

Sign = Literal["negative", "positive", "either", "unsaid"]
"""Of a number's evidence. "either": a line that is named a loss; "unsaid": a sentence that says neither."""

Label = Literal["same", "before", "either"]
Reading = Literal["stated", "of shares", "as printed", "guessed"]

_CURRENCY_WORDS = {
    "USD": r"\$",
    "EUR": r"€|\beuros?\b|\bEUR\b",
    "GBP": r"£|\bGBP\b|\bpounds? sterling",
    "JPY": r"¥|\byen\b",
}
_NEAR = 80
_KEPT_TEXTS = 128


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
