"""What the lines above a table's row tell of its numbers: years, scale, percent, shares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from finrag_ml_tg1.answering.placed_number import PlacedNumber, Year
from finrag_ml_tg1.answering.written_numbers import read_numbers
from finrag_ml_tg1.answering.written_years import WrittenYear, read_years

__all__ = ["TableReader", "stated_powers"]

_SCALE_WORDS = re.compile(
    r"\b(?a:(thousands|millions|billions))\b|\b(?:\$\s?)?(000)['’]?s\b|\$\s?(MM)\b", re.IGNORECASE
)
_POWERS = {"thousands": 3, "000": 3, "millions": 6, "mm": 6, "billions": 9}
_PERCENT = re.compile(r"%|\bpercent|\brates?\b|\bratio|\bmargin|\byield", re.IGNORECASE)
_SHARES = re.compile(r"\b(?:shares?|units?|options|awards|rsus?|basic|diluted)\b", re.IGNORECASE)
_NO_SHARES = re.compile(r"\bper[\s-](?:\w+\s){0,2}(?:share|unit)s?\b|\bshare-based\b", re.IGNORECASE)
_PERIOD_ONLY = re.compile(
    r"(?:\W|\d|\b(?:years?|ended|as|of|at|fiscal|the|for|twelve|months|january|february|march|april|may|june|july"
    r"|august|september|october|november|december)\b)*",
    re.IGNORECASE,
)
_LONGEST_HEADING = 80


@dataclass(slots=True)
class TableReader:
    """Reads a text's rows in order, and the lines between them."""

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
        cells = line.strip().removeprefix("|").removesuffix("|").split("|")
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
