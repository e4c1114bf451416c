"""Whether the numbers and years a language model wrote stand in the facts, the calculations or the cited texts.

A number agrees with a value that rounds to it at the precision it is written with, in the same unit, at the scale its
evidence states, with no other sign, and of the year the sentence ties it to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from finrag_ml_tg1.answering.answer import Flag
from finrag_ml_tg1.answering.cited_blocks import CitedBlocks
from finrag_ml_tg1.answering.fact_evidence import fact_evidence, fact_words, fact_years
from finrag_ml_tg1.answering.number_agreement import (
    agrees,
    decisive,
    fits_sign,
    is_of_another_year,
    last_place,
    powers_of,
)
from finrag_ml_tg1.answering.number_evidence import Evidence, text_evidence
from finrag_ml_tg1.answering.number_places import placed_numbers
from finrag_ml_tg1.answering.number_units import WrittenNumber
from finrag_ml_tg1.answering.placed_number import PlacedNumber
from finrag_ml_tg1.answering.written_numbers import unread_digits
from finrag_ml_tg1.answering.written_years import read_years
from finrag_ml_tg1.facts.fact_set import FactSet

__all__ = ["flag_numbers"]

_SMALL_COUNT = 10


def flag_numbers(markdown: str, found: FactSet, texts: Mapping[int, str]) -> tuple[Flag, ...]:
    """Return a flag for each number and year that the evidence does not bear out, in order.

    `texts` are the cited blocks by number, as the model was shown them: with a line that names the filing and its year,
    a table with its caption and header. A sentence that cites is checked against what it cites and the facts, another
    one of a paragraph against what the paragraph cites, and else against all texts. Left alone are counts below
    ten without a unit, in words below a hundred, and what a verb alone says: "doubled", "tripled", "halved".
    """
    checked = _Check(markdown, found, texts)
    return tuple(sorted({*checked.numbers(), *checked.years(), *checked.unread()}, key=lambda flag: flag.start))


class _Check:
    def __init__(self, markdown: str, found: FactSet, texts: Mapping[int, str]) -> None:
        self._markdown = markdown
        self._facts = list(fact_evidence(found))
        self._of_text = {number: text_evidence(text) for number, text in texts.items()}
        self._years = fact_years(found) | {
            other for text in texts.values() for year in read_years(text) for other in (year.year, year.label)
        }
        self._words = "\n".join((*texts.values(), *fact_words(found))).lower()
        self._cited = CitedBlocks(markdown, texts)
        self._pools: dict[tuple[int, ...], _Pool] = {}

    def numbers(self) -> Iterator[Flag]:
        """Yield flags for numbers, and for years that a number is tied to and not of."""
        for part in placed_numbers(self._markdown):
            number = part.number
            if number.kind == "plain" and number.power is None and number.digits < _SMALL_COUNT and not number.places:
                continue
            pool = self._pool(self._cited.at(part.start))
            agreeing = decisive(part, [known for known in pool.near(part) if agrees(part, known)])
            signed = [known for known in agreeing if fits_sign(part, known)]
            if not signed:
                yield self._flag(part.start, part.end, _number_reason(agreeing, pool.has_digits(number)))
            elif part.years and all(known.years and is_of_another_year(part, known) for known in signed):
                yield from self._of_another_year(part, signed)

    def _of_another_year(self, part: PlacedNumber, known: Sequence[Evidence]) -> Iterator[Flag]:
        """Flag the year that a number is tied to, in a table the number below it."""
        others = " and ".join(str(year) for year in sorted({year for one in known for year in one.fiscal_years}))
        reason = f"The sources give {self._markdown[part.start : part.end]} for {others}."
        if part.year is not None:
            yield self._flag(part.year_start + part.year.start, part.year_start + part.year.end, reason)
        elif part.is_cell:
            yield self._flag(part.start, part.end, reason)

    def years(self) -> Iterator[Flag]:
        """Yield flags for years that nothing speaks of."""
        for year in read_years(self._markdown):
            if year.year not in self._years:
                yield self._flag(year.start, year.end, f"No source of this answer speaks of {year.year}.")

    def unread(self) -> Iterator[Flag]:
        """Yield flags for what has digits and is no number that can be held to the evidence, unless it stands there."""
        for start, end in unread_digits(self._markdown):
            if self._markdown[start:end].lower() not in self._words:
                yield self._flag(start, end, "These digits stand in no fact used and in no passage cited.")

    def _flag(self, start: int, end: int, reason: str) -> Flag:
        return Flag("number", start, end, self._markdown[start:end], reason)

    def _pool(self, cited: tuple[int, ...]) -> _Pool:
        if cited not in self._pools:
            evidence = [known for number in cited for known in self._of_text[number]]
            self._pools[cited] = _Pool(dict.fromkeys([*self._facts, *evidence]))
        return self._pools[cited]


class _Pool:
    """Evidence by size, so that a number meets only values near it."""

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        self._evidence = sorted(evidence, key=lambda known: known.value)
        self._values = [known.value for known in self._evidence]
        self._digits = {_plain_digits(value) for value in self._values}

    def near(self, part: PlacedNumber) -> Iterator[Evidence]:
        """Yield the evidence within one unit of the last place shown, at every scale the number may have."""
        for power in powers_of(part):
            value, unit = part.number.digits.scaleb(power), last_place(part.number, power, coarse=True)
            first = bisect_right(self._values, value - unit - Decimal("1e-9"))
            while first < len(self._values) and self._values[first] <= value + unit:
                yield self._evidence[first]
                first += 1

    def has_digits(self, number: WrittenNumber) -> bool:
        """Whether the same digits stand anywhere, in another unit or scale."""
        return _plain_digits(number.digits) in self._digits


def _number_reason(agreeing: Sequence[Evidence], has_digits: bool) -> str:
    if agreeing:
        return "The sources give this number with the other sign."
    if has_digits:
        return "The sources give these digits in another unit or scale."
    return "This number stands in no fact used and in no passage cited here."


def _plain_digits(value: Decimal) -> str:
    return f"{value:f}".replace(".", "").strip("0")
