"""Whether the numbers and years a language model wrote stand in the facts, the calculations or the cited texts.

A number agrees with a value that rounds to it at the precision it is written with, in the same unit, at the scale its
evidence states, with no other sign, and of the year the sentence ties it to.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from finrag_ml_tg1.answering.answer import Flag
from finrag_ml_tg1.answering.cited_sentences import cited_sentence_spans
from finrag_ml_tg1.answering.number_evidence import Evidence, fact_evidence, fact_years, text_evidence
from finrag_ml_tg1.answering.number_places import PlacedNumber, placed_numbers
from finrag_ml_tg1.answering.number_signs import names_fall, names_outflow
from finrag_ml_tg1.answering.written_numbers import NumberKind, WrittenNumber, read_years
from finrag_ml_tg1.facts.fact_set import FactSet

__all__ = ["flag_numbers"]

_MARK = re.compile(r"\[(\d+)\]")
_ABOUT = re.compile(r"(?:\b(?:about|approximately|approx\.?|roughly|around|some|circa|near)|~|≈)\s?$", re.IGNORECASE)
_OVER = re.compile(r"\b(?:over|more than|above|at least|exceed(?:ed|ing|s)?|in excess of)\s?$", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:nearly|almost|under|less than|below|just short of|up to|close to)\s?$", re.IGNORECASE)
_CLAUSE = re.compile(r"[;,:]\s")
_TELLING_DIGITS = 3
_SMALL_COUNT = 10
_FIRST_DIGIT_SHARE = Decimal("0.05")
_RATIOS: tuple[NumberKind, ...] = ("percent", "points", "basis points")


def flag_numbers(markdown: str, found: FactSet, texts: Mapping[int, str]) -> tuple[Flag, ...]:
    """Return a flag for each number and year that the evidence does not bear out, in order.

    `texts` are the cited blocks by number, as the model was shown them: with a line that names the filing and its year,
    a table with its caption and header. A sentence that cites is checked against what it cites and the facts, another
    one of a paragraph against what the paragraph cites, and else against all texts. Counts below ten without a unit
    are left alone.
    """
    checked = _Check(markdown, found, texts)
    return tuple(sorted({*checked.numbers(), *checked.years()}, key=lambda flag: flag.start))


class _Check:
    def __init__(self, markdown: str, found: FactSet, texts: Mapping[int, str]) -> None:
        self._markdown = markdown
        self._facts = list(fact_evidence(found))
        self._of_text = {number: text_evidence(text) for number, text in texts.items()}
        self._years = fact_years(found) | {
            other for text in texts.values() for year in read_years(text) for other in (year.year, year.label)
        }
        self._cited = _Cited(markdown, texts)
        self._pools: dict[tuple[int, ...], _Pool] = {}

    def numbers(self) -> Iterator[Flag]:
        """Yield flags for numbers, and for years that a number is tied to and not of."""
        for part in placed_numbers(self._markdown):
            number = part.number
            if number.kind == "plain" and number.power is None and number.digits < _SMALL_COUNT and not number.places:
                continue
            pool = self._pool(self._cited.at(part.start))
            agreeing = _decisive(part, [known for known in pool.near(part) if _agrees(part, known)])
            signed = [known for known in agreeing if _fits_sign(part, known)]
            if not signed:
                yield self._flag(part.start, part.end, _number_reason(agreeing, pool.has_digits(number)))
            elif part.years and all(known.years and _is_of_another_year(part, known) for known in signed):
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
        for power in _powers(part):
            value, unit = part.number.digits.scaleb(power), _last_place(part.number, power, coarse=True)
            first = bisect_right(self._values, value - unit - Decimal("1e-9"))
            while first < len(self._values) and self._values[first] <= value + unit:
                yield self._evidence[first]
                first += 1

    def has_digits(self, number: WrittenNumber) -> bool:
        """Whether the same digits stand anywhere, in another unit or scale."""
        return _plain_digits(number.digits) in self._digits


class _Cited:
    """Which blocks each sentence cites: its own marks, else its paragraph's, else all."""

    def __init__(self, markdown: str, texts: Mapping[int, str]) -> None:
        self._starts: list[int] = []
        self._blocks: list[tuple[int, ...]] = []
        everything = tuple(texts)
        start = 0
        for line in markdown.split("\n"):
            of_line = _marks(line, texts)
            spans = [(0, len(line))] if "|" in line else [*cited_sentence_spans(line)]
            for place, (first, _) in enumerate(spans):
                end = spans[place + 1][0] if place + 1 < len(spans) else len(line)
                self._starts.append(start + first)
                self._blocks.append(_marks(line[first:end], texts) or of_line or everything)
            start += len(line) + 1
        self._everything = everything

    def at(self, start: int) -> tuple[int, ...]:
        """Return the numbers of the blocks cited for what stands at an offset."""
        place = bisect_right(self._starts, start) - 1
        return self._blocks[place] if place >= 0 else self._everything


def _marks(line: str, texts: Mapping[int, str]) -> tuple[int, ...]:
    return tuple(sorted({int(mark) for mark in _MARK.findall(line)} & set(texts)))


def _powers(part: PlacedNumber) -> tuple[int, ...]:
    number = part.number
    if number.power is not None:
        return (number.power,)
    takes_scale = part.is_cell and number.kind in ("plain", "money", "shares")
    return (0, *part.powers) if takes_scale else (0,)


def _last_place(number: WrittenNumber, power: int, *, coarse: bool) -> Decimal:
    """The unit of the last digit shown; `coarse` takes zeros at the end of a whole number for rounding."""
    zeros = 0
    if coarse and not number.places and number.significant >= 2:
        digits = str(number.digits)
        zeros = len(digits) - len(digits.rstrip("0"))
    return Decimal(1).scaleb(power - number.places + zeros)


def _decisive(part: PlacedNumber, near: Sequence[Evidence]) -> list[Evidence]:
    """The evidence of a number's value that fits its unit: facts, where one has this value, else what texts print."""
    fitting = [known for known in near if _fits_kind(part, known)]
    facts = [known for known in fitting if known.is_fact]
    has_fact = any(known.is_fact for known in near) and part.number.significant >= _TELLING_DIGITS
    return facts if facts or has_fact else fitting


def _agrees(part: PlacedNumber, known: Evidence) -> bool:
    """Whether the value rounds to the number as written, cut off where the words say "over" or "nearly"."""
    return any(_agrees_at(part, known, power) for power in _powers(part))


def _agrees_at(part: PlacedNumber, known: Evidence, power: int) -> bool:
    number, value = part.number, known.value
    shown = number.digits.scaleb(power)
    if shown == value:
        return True
    if known.reading == "guessed" or (known.reading == "as printed" and not number.places):
        return False
    before = part.words if not part.is_cell else ""
    unit = _last_place(number, power, coarse=False)
    if _OVER.search(before):
        return 0 <= value - shown < unit
    if _UNDER.search(before):
        return 0 <= shown - value < unit
    tolerance = _last_place(number, power, coarse=bool(_ABOUT.search(before))) / 2
    if number.significant < 2 and number.kind not in _RATIOS:
        tolerance = min(tolerance, value * _FIRST_DIGIT_SHARE)
    return abs(value - shown) <= tolerance


def _fits_kind(part: PlacedNumber, known: Evidence) -> bool:
    """Whether a number's unit is that of its evidence; a bare cell of a table may have several."""
    kind = part.number.kind
    if part.number.currency and known.currency and part.number.currency != known.currency:
        return False
    if not _fits_reading(part, known):
        return False
    if kind == known.kind:
        return True
    if known.is_bare:
        return known.may_be_percent if kind in _RATIOS else known.may_be_shares or kind != "shares"
    if kind == "plain":
        return known.kind not in _RATIOS or part.is_cell
    return known.kind == "plain" and kind in ("shares", "times", "days")


def _fits_reading(part: PlacedNumber, known: Evidence) -> bool:
    """Whether the scale a cell was read at is one for this number.

    Quoted as printed beside a stated scale, an amount is another amount, but for amounts a share.
    """
    number = part.number
    if known.reading == "as printed":
        return number.power is None and (number.kind != "money" or number.places > 0 or part.is_cell)
    return known.reading != "of shares" or number.kind != "money"


def _fits_sign(part: PlacedNumber, known: Evidence) -> bool:
    """Whether the sign that a number has, or that the words give it, is none but its evidence's."""
    if part.number.is_negative:
        return known.sign in ("negative", "either")
    if part.direction:
        return known.sign != ("positive" if part.direction == "down" else "negative")
    if known.sign != "negative" or not known.is_explicit or known.is_outflow or not known.is_signed:
        return True
    words = part.words if part.is_cell else _CLAUSE.split(part.words)[-1]
    return names_fall(words) or names_outflow(words)


def _is_of_another_year(part: PlacedNumber, known: Evidence) -> bool:
    """Whether the year said is none of the evidence's: of a date the date's, else the fiscal year."""
    if part.year is None:
        return not (known.years | known.fiscal_years) & {other for years in part.years for other in years}
    return part.year.year not in (known.years if part.year.is_date else known.fiscal_years)


def _number_reason(agreeing: Sequence[Evidence], has_digits: bool) -> str:
    if agreeing:
        return "The sources give this number with the other sign."
    if has_digits:
        return "The sources give these digits in another unit or scale."
    return "This number stands in no fact used and in no passage cited here."


def _plain_digits(value: Decimal) -> str:
    return f"{value:f}".replace(".", "").strip("0")
