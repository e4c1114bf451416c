"""The columns of a table laid out with spaces: numbers share their right edge, words their left one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from finrag_ml_tg1.filings.plain.lines import Line, LineCell

__all__ = ["Columns", "edge_of"]

_AFTER_NUMBER = re.compile(r"(?:\(\w{1,2}\)|[)%x*\s])+$")
_YEAR = re.compile(r"(?:19|20)\d\d[.,]?")
_RULER_STRETCH = re.compile(r"[-=_~*–—]+")
_MAX_EDGE_DRIFT = 2
_CENTRED_FROM = 12


def edge_of(line: Line, cell: LineCell) -> int:
    """Return where a number's last digit ends: "%" and ")" stand outside the column's edge."""
    text = line.text[cell.start : cell.end]
    after = _AFTER_NUMBER.search(text)
    return cell.start + (after.start() if after and after.start() else len(text))


@dataclass(slots=True)
class _Column:
    """A column while it is being found: how far it reaches, and the rows that have a cell in it."""

    start: int
    end: int
    edge: int
    rows: set[int] = field(default_factory=set)

    def add(self, other: _Column) -> None:
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.edge = max(self.edge, other.edge)
        self.rows |= other.rows


class Columns:
    """The columns of the lines of a table, from left to right; column 0 is that of the labels."""

    def __init__(self, lines: Sequence[Line]) -> None:
        numbers = _merged(list(_number_columns(lines)))
        words = _word_columns(lines, numbers)
        self._columns = sorted([*numbers, *words], key=lambda column: column.start)
        self._first = self._columns[0].start if self._columns else 10**6
        self._margin = min((line.indent for line in lines if line.cells), default=0)

    @property
    def edges(self) -> frozenset[int]:
        """Return where numbers may end, with a sign after the last digit or without."""
        return frozenset(column.edge + drift for column in self._columns for drift in (-1, 0, 1))

    def place(self, line: Line, below: Line | None) -> list[tuple[int, int]]:
        """Return (first column, number of columns) of each cell of a line; a line drawn below it shows its extent."""
        drawn = [match.span() for match in _RULER_STRETCH.finditer(below.text)] if below and below.is_ruler else []
        has_values = any(cell.is_value for cell in line.cells)
        placed: list[tuple[int, int]] = []
        free = 0
        for index, cell in enumerate(line.cells):
            if index == 0 and not cell.is_value and self._is_label(cell, alone=not has_values):
                placed.append((0, 1))
                free = 1
                continue
            first, count = self._nearest(line, cell) if cell.is_value else self._covered(cell, drawn)
            count = max(1, first + count - max(first, free))
            first = max(first, free)
            placed.append((first, count))
            free = first + count
        return placed

    def _is_label(self, cell: LineCell, *, alone: bool) -> bool:
        if cell.start >= self._first:
            return False
        is_over_columns = cell.start >= self._margin + _CENTRED_FROM and cell.end > self._first
        return not (alone and is_over_columns)

    def _nearest(self, line: Line, cell: LineCell) -> tuple[int, int]:
        edge = edge_of(line, cell)
        if not self._columns or cell.end <= self._first - _MAX_EDGE_DRIFT:
            return 0, 1
        return 1 + min(range(len(self._columns)), key=lambda index: abs(self._columns[index].edge - edge)), 1

    def _covered(self, cell: LineCell, drawn: list[tuple[int, int]]) -> tuple[int, int]:
        start, end = next(
            ((a, b) for a, b in drawn if a <= cell.start + 1 and cell.end <= b + 1), (cell.start, cell.end)
        )
        inside = [i for i, column in enumerate(self._columns) if column.start < end + 1 and start - 1 < column.end]
        if inside:
            return 1 + inside[0], len(inside)
        if not self._columns:
            return 1, 1
        middle = (start + end) / 2
        distances = [abs((column.start + column.end) / 2 - middle) for column in self._columns]
        return 1 + distances.index(min(distances)), 1


def _number_columns(lines: Sequence[Line]) -> Iterator[_Column]:
    """One column for each group of numbers whose edges lie together; rows of years alone are headers."""
    found: list[_Column] = []
    for row, line in enumerate(lines):
        values = [cell for cell in line.cells[not line.cells or not line.cells[0].is_value :] if cell.is_value]
        if all(_YEAR.fullmatch(line.text[cell.start : cell.end]) for cell in values):
            continue
        if len(line.cells) > 1 or line.indent > _CENTRED_FROM:
            found.extend(_Column(cell.start, cell.end, edge_of(line, cell), {row}) for cell in values)
    found.sort(key=lambda column: column.edge)
    current: _Column | None = None
    for column in found:
        if current and column.edge - current.edge <= _MAX_EDGE_DRIFT and not column.rows & current.rows:
            current.add(column)
            continue
        if current:
            yield current
        current = column
    if current:
        yield current


def _merged(columns: list[_Column]) -> list[_Column]:
    """Columns that overlap and share no row are one: whole numbers and percentages end at different edges."""
    merged: list[_Column] = []
    for column in sorted(columns, key=lambda column: (column.start, column.edge)):
        if merged and column.start < merged[-1].end and not column.rows & merged[-1].rows:
            merged[-1].add(column)
        else:
            merged.append(column)
    return merged


def _word_columns(lines: Sequence[Line], numbers: list[_Column]) -> list[_Column]:
    """Columns of words beside the labels, where no column of numbers stands and two rows begin at the same place."""
    found = []
    for row, line in enumerate(lines):
        for cell in line.cells[1:]:
            is_over = any(column.start < cell.end and cell.start < column.end for column in numbers)
            if not cell.is_value and not is_over:
                found.append(_Column(cell.start, cell.end, cell.end, {row}))
    grouped: list[_Column] = []
    for column in sorted(found, key=lambda column: column.start):
        if grouped and column.start - grouped[-1].start <= 1:
            grouped[-1].add(column)
        else:
            grouped.append(column)
    kept = [column for column in grouped if len(column.rows) > 1 or not numbers]
    starts = sorted(column.start for column in (*kept, *numbers))
    for column in kept:
        following = [start for start in starts if start > column.start]
        column.end = min(column.end, following[0]) if following else column.end
    return kept
