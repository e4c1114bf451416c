"""Numbers where they stand: the years, the scale and the line a text gives them, in sentences and in tables."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from finrag_ml_tg1.answering.cited_sentences import cited_sentence_spans
from finrag_ml_tg1.answering.number_signs import Direction, direction_of
from finrag_ml_tg1.answering.written_numbers import JOINING, WrittenNumber, WrittenYear, read_numbers, read_years

__all__ = ["PlacedNumber", "placed_numbers", "stated_powers"]

_SCALE_WORDS = re.compile(r"\b(thousands|millions|billions)\b|\b(?:\$\s?)?(000)['’]?s\b|\$\s?(MM)\b", re.IGNORECASE)
_POWERS = {"thousands": 3, "000": 3, "millions": 6, "mm": 6, "billions": 9}
_PERCENT = re.compile(r"%|\bpercent|\brates?\b|\bratio|\bmargin|\byield", re.IGNORECASE)
_SHARES = re.compile(r"\b(?:shares?|units?|options|awards|rsus?|basic|diluted)\b", re.IGNORECASE)
_NO_SHARES = re.compile(r"\bper[\s-](?:\w+\s){0,2}(?:share|unit)s?\b|\bshare-based\b", re.IGNORECASE)
_PERIOD_ONLY = re.compile(
    r"(?:\W|\d|\b(?:years?|ended|as|of|at|fiscal|the|for|twelve|months|january|february|march|april|may|june|july"
    r"|august|september|october|november|december)\b)*",
    re.IGNORECASE,
)
_CLAUSE_BREAKS = re.compile(
    r"[;.]\s|=|\b(?:and|while|compared|versus|vs|from|since|after|before|than|due|until|through|but)\b", re.IGNORECASE
)
_PARTING = re.compile(r"[;.]\s|=|\b(?:and|while|from|but)\b", re.IGNORECASE)
_LONGEST_WORDS = 200
_LONGEST_JOINT = 12
_LONGEST_HEADING = 80
_FORWARD = 50
_BACKWARD = 80

Year = tuple[int, int]

_Part = TypeVar("_Part", WrittenNumber, WrittenYear)


@dataclass(frozen=True, slots=True)
class PlacedNumber:
    """A number with what its place tells; offsets are into the whole text.

    `years` are those it is of, none when the text does not tell: each with the fiscal year that may be meant by a date
    early in it. `year` is the one said with it, at an offset from `year_start`. `powers` of ten are the scales a table
    states for bare numbers, that for money first. `words` are the row's label, or the sentence up to the number.
    """

    number: WrittenNumber
    start: int
    end: int
    years: frozenset[Year]
    year: WrittenYear | None = None
    year_start: int = 0
    powers: tuple[int, ...] = ()
    words: str = ""
    direction: Direction = ""
    is_cell: bool = False
    may_be_percent: bool = False
    may_be_shares: bool = False


def placed_numbers(text: str, *, words: bool = False) -> Iterator[PlacedNumber]:
    """Yield the numbers of a text in order, line by line; `words` adds those written as words."""
    table = _Table()
    start = 0
    for line in text.split("\n"):
        if "|" in line:
            yield from table.row(line, start, words=words)
        else:
            table.heading(line)
            for first, last in cited_sentence_spans(line):
                yield from _of_sentence(line[first:last], start + first, words=words)
        start += len(line) + 1


def _of_sentence(sentence: str, start: int, *, words: bool) -> Iterator[PlacedNumber]:
    numbers = read_numbers(sentence, words=words)
    if not numbers:
        return
    tied = _tied_years(sentence, numbers, read_years(sentence))
    previous: Direction = ""
    for place, number in enumerate(numbers):
        between = sentence[numbers[place - 1].end : number.start] if place else ""
        is_same = place and re.fullmatch(r"\s?,?\s?(?:or|\()\s?(?:approximately\s|about\s)?", between)
        direction = previous if is_same else direction_of(sentence, number.start, number.end)
        previous = direction
        years, year = tied[place]
        words_before = sentence[max(0, number.start - _LONGEST_WORDS) : number.start]
        yield PlacedNumber(
            number, start + number.start, start + number.end, years, year, start, (), words_before, direction
        )


def _tied_years(
    sentence: str, numbers: Sequence[WrittenNumber], years: Sequence[WrittenYear]
) -> list[tuple[frozenset[Year], WrittenYear | None]]:
    """The years each number is of: the one said with it, its place in a list, or all years of the sentence.

    The year itself is given where it is one alone.
    """
    groups = _groups(sentence, years)
    single = [group[0] for group in groups if len(group) == 1]
    listed = _listed(_groups(sentence, numbers), groups)
    firm = [year for year in years if not year.is_loose]
    only = firm[0] if len({year.year for year in firm}) == 1 and len(firm) == len(years) else None
    all_years = frozenset((year.year, year.label) for year in years)
    tied: list[tuple[frozenset[Year], WrittenYear | None]] = []
    for place, number in enumerate(numbers):
        before = numbers[place - 1].end if place else 0
        after = numbers[place + 1].start if place + 1 < len(numbers) else len(sentence)
        year = listed.get(place) or _said_with(sentence, number, single, before, after) or only
        if year is None:
            tied.append((all_years, None))
        else:
            tied.append((frozenset({(year.year, year.label)}), None if year.is_loose else year))
    return tied


def _groups(sentence: str, parts: Sequence[_Part]) -> list[list[_Part]]:
    """Neighbours with nothing between them but a comma or "and"."""
    groups = [[part] for part in parts[:1]]
    for before, part in pairwise(parts):
        between = sentence[before.end : part.start]
        if len(between) < _LONGEST_JOINT and JOINING.fullmatch(between):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _listed(
    lists: Sequence[Sequence[WrittenNumber]], groups: Sequence[Sequence[WrittenYear]]
) -> dict[int, WrittenYear]:
    """The year at the same place of the one list as long as the number's: "$5 and $4 million in 2023 and 2022"."""
    by_length: dict[int, list[Sequence[WrittenYear]]] = {}
    for group in groups:
        by_length.setdefault(len(group), []).append(group)
    found: dict[int, WrittenYear] = {}
    place = 0
    for numbers in lists:
        fitting = by_length.get(len(numbers), [])
        if len(numbers) > 1 and len(fitting) == 1:
            found |= {place + offset: year for offset, year in enumerate(fitting[0])}
        place += len(numbers)
    return found


def _said_with(
    sentence: str, number: WrittenNumber, single: Sequence[WrittenYear], number_before: int, number_after: int
) -> WrittenYear | None:
    """The single year right after the number, or else right before it, with no other number between."""
    place = bisect_left(single, number.end, key=lambda year: year.start)
    following = single[place] if place < len(single) else None
    is_near = following is not None and following.start <= min(number_after, number.end + _FORWARD)
    if following is not None and is_near and not _CLAUSE_BREAKS.search(sentence[number.end : following.start]):
        return following
    before = single[place - 1] if place else None
    if before is None or before.is_loose or not number_before <= before.start:
        return None
    between = sentence[before.end : number.start]
    return None if len(between) > _BACKWARD or _PARTING.search(between) else before


@dataclass(slots=True)
class _Table:
    """What the lines above a row tell of it."""

    powers: tuple[int, ...] = ()
    columns: list[frozenset[Year]] = field(default_factory=list)
    percent_columns: set[int] = field(default_factory=set)
    is_in_percent: bool = False
    is_of_shares: bool = False
    share_columns: set[int] = field(default_factory=set)

    def heading(self, line: str) -> None:
        """Take in a line outside the rows: a scale, a period, what the rows below are of."""
        self.powers = stated_powers(line) or self.powers
        if len(line) <= _LONGEST_HEADING and line.strip():
            self.is_in_percent = bool(_PERCENT.search(line))
            self.is_of_shares = _names_shares(line)
            years = read_years(line)
            if years and _PERIOD_ONLY.fullmatch(line):
                self.columns = [self._years(years)]

    def row(self, line: str, start: int, *, words: bool) -> Iterator[PlacedNumber]:
        """Yield the numbers of a row; a row of years heads the columns below."""
        cells = line.strip().strip("|").split("|")
        numbers = read_numbers(line, words=words)
        if not numbers and any(read_years(cell) for cell in cells[1:] or cells):
            years = [read_years(cell) for cell in cells]
            self.columns = [self._years(cell) for cell in years]
        powers = stated_powers(line)
        if not numbers:
            self.powers = powers or self.powers
            self.percent_columns = {place for place, cell in enumerate(cells) if _PERCENT.search(cell)} | (
                self.percent_columns if any(read_years(cell) for cell in cells) else set()
            )
            self.share_columns = {place for place, cell in enumerate(cells) if _names_shares(cell)}
            self.share_columns |= {place + 1 for place in self.share_columns}
        first = 1 if line.lstrip().startswith("|") else 0
        label_years = read_years(cells[0])
        is_percent_row = self.is_in_percent or bool(_PERCENT.search(cells[0]))
        for number in numbers:
            place = line.count("|", 0, number.start + 1) - first
            if number.kind == "percent":
                self.percent_columns.add(place)
            years_of = self._years_at(place, len(cells))
            if years_of:
                years_of |= self._years(label_years)
            yield PlacedNumber(
                number,
                start + number.start,
                start + number.end,
                years_of,
                None,
                start,
                powers or self.powers,
                cells[0].strip(),
                "",
                is_cell=place > 0 or len(cells) == 1,
                may_be_shares=self.is_of_shares or place in self.share_columns or _names_shares(cells[0]),
                may_be_percent=is_percent_row or place in self.percent_columns or "%" in line,
            )

    def _years(self, years: Sequence[WrittenYear]) -> frozenset[Year]:
        return frozenset((year.year, year.label) for year in years)

    def _years_at(self, place: int, cells: int) -> frozenset[Year]:
        columns, values = self.columns, cells - 1
        if len(columns) == 1:
            return columns[0]
        if len(columns) == cells:
            return columns[place]
        if cells > len(columns) > 2 and not columns[0] and not columns[-1]:
            return columns[place] if place < len(columns) else frozenset()
        with_years = [years for years in columns if years]
        if len(columns) == values and place > 0:
            return columns[place - 1]
        if place > 0 and with_years and values % len(with_years) == 0 and len(columns) - len(with_years) <= 1:
            return with_years[(place - 1) * len(with_years) // values]
        return frozenset()


def _names_shares(words: str) -> bool:
    return bool(_SHARES.search(_NO_SHARES.sub(" ", words)))


def stated_powers(line: str) -> tuple[int, ...]:
    """Return the powers of ten of the scales that words state, in order: "in millions, shares in thousands"."""
    found = (next(part for part in match.groups() if part) for match in _SCALE_WORDS.finditer(line))
    return tuple(dict.fromkeys(_POWERS[word.lower()] for word in found))
