"""Which rows of a table are headers, which columns hold numbers, and what is written over each of them.

A header can stand in the middle of a table and begin it anew: a table is a sequence of sections, each with its own
header rows and columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from finrag_ml_tg1.filings.tabular.cells import Cell, Row
from finrag_ml_tg1.filings.tabular.period_words import read_period_words
from finrag_ml_tg1.filings.tabular.units import units_in

__all__ = ["HeadedColumn", "TableSection", "read_sections"]

_MAX_LABEL_COLUMN = 3
_TITLE = re.compile(r"\bstatements?\b|\bbalance sheets?\b", re.IGNORECASE)

# More than any table prints; what stands further right is read as text.
_MAX_COLUMNS = 250


@dataclass(frozen=True, slots=True)
class HeadedColumn:
    """A column of numbers: its grid columns [column, end) and the header cells over it, top to bottom."""

    column: int
    end: int
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableSection:
    """Header rows [start, body) and the rows [body, stop) below; `stub` is what the header says over the labels."""

    start: int
    body: int
    stop: int
    stub: tuple[str, ...]
    columns: tuple[HeadedColumn, ...]


def read_sections(rows: Sequence[Row]) -> tuple[TableSection, ...]:
    """Return the sections of a table, top to bottom; one without columns when no row holds a number."""
    label_column = _label_column(rows)
    bounds = [(0, _header_end(rows, label_column)), *_restarts(rows, label_column)]
    sections = []
    for index, (start, body) in enumerate(bounds):
        stop = bounds[index + 1][0] if index + 1 < len(bounds) else len(rows)
        header = rows[start:body]
        ranges = _column_ranges(rows[body:stop], label_column)
        sections.append(TableSection(start, body, stop, _stub(header, ranges), _headed(header, ranges)))
    return tuple(sections)


def is_data(row: Row, label_column: int) -> bool:
    """Return whether a row holds a number beside its label."""
    return any(cell.counts for cell in _values(row, label_column))


def _label_column(rows: Sequence[Row]) -> int:
    """The first grid column of any row that holds a label and a number."""
    return min((row.cells[0].column for row in rows if any(cell.counts for cell in row.cells[1:])), default=0)


def _values(row: Row, label_column: int) -> tuple[Cell, ...]:
    """The cells that are not the row's label."""
    first = row.cells[0]
    return row.cells[1:] if first.column <= label_column else row.cells


def _header_end(rows: Sequence[Row], label_column: int) -> int:
    """Where the body begins: rows with only a label directly above the first numbers are sections of the body."""
    first = next((row.index for row in rows if is_data(row, label_column)), 0)
    for row in reversed(rows[:first]):
        values = _values(row, label_column)
        if values or _is_stub(row.cells[0].text):
            return row.index + 1
    return 0


def _is_stub(text: str) -> bool:
    """Whether a lone label says units, a period or the table's title, and so belongs to the header."""
    if units_in(text) is not None or (_TITLE.search(text) and not text.endswith(":")):
        return True
    words = read_period_words([text])
    return bool(words.months or words.month_day) and not words.dates and len(text) <= 60


def _restarts(rows: Sequence[Row], label_column: int) -> list[tuple[int, int]]:
    """Header rows [start, body) below the first numbers."""
    found: list[tuple[int, int]] = []
    seen_data = False
    for row in rows:
        if is_data(row, label_column):
            seen_data = True
            continue
        if not seen_data or not _is_heading(row, label_column):
            continue
        if found and found[-1][1] == row.index:
            found[-1] = (found[-1][0], row.index + 1)
        else:
            found.append((row.index, row.index + 1))
    last_data = max((row.index for row in rows if is_data(row, label_column)), default=0)
    return [
        (start, body)
        for start, body in found
        if body <= last_data and any(_names_period(row, label_column) for row in rows[start:body])
    ]


def _is_heading(row: Row, label_column: int) -> bool:
    values = _values(row, label_column)
    if not values:
        return False
    has_label = len(values) < len(row.cells)
    return not has_label or _is_stub(row.cells[0].text) or all(_is_period(cell.text) for cell in values)


def _names_period(row: Row, label_column: int) -> bool:
    return any(_is_period(cell.text) for cell in _values(row, label_column))


def _is_period(text: str) -> bool:
    words = read_period_words([text])
    return bool(words.dates or words.years or words.months or words.month_day) and len(text) <= 80


def _column_ranges(rows: Sequence[Row], label_column: int) -> list[tuple[int, int]]:
    """The grid columns that hold numbers: cells that overlap are of one column; wide cells widen none."""
    cells = [cell for row in rows for cell in _values(row, label_column) if cell.number is not None]
    ranges: list[tuple[int, int]] = []
    for column, end in sorted({(cell.column, cell.end) for cell in cells if cell.end - cell.column <= 6}):
        if ranges and column < ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((column, end))
    return ranges[:_MAX_COLUMNS]


def _stub(header: Sequence[Row], ranges: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """What stands over the labels, or over all columns from the first on."""
    first = ranges[0][0] if ranges else 0
    return tuple(row.cells[0].text for row in header if row.cells[0].column < first and row.cells[0].end <= first) + (
        tuple(
            row.cells[0].text
            for row in header
            if ranges and len(row.cells) == 1 and row.cells[0].column == 0 and row.cells[0].end > first
        )
    )


def _headed(header: Sequence[Row], ranges: Sequence[tuple[int, int]]) -> tuple[HeadedColumn, ...]:
    stacks: list[list[str]] = [[] for _ in ranges]
    for row in header:
        over = [
            cell
            for cell in row.cells
            if ranges and cell.end > ranges[0][0] and not (cell.column == 0 and len(row.cells) == 1)
        ]
        placed = _placed(over, ranges)
        for stack, texts in zip(stacks, placed, strict=True):
            stack.extend(texts)
    return tuple(HeadedColumn(column, end, tuple(stack)) for (column, end), stack in zip(ranges, stacks, strict=True))


def _placed(cells: Sequence[Cell], ranges: Sequence[tuple[int, int]]) -> list[list[str]]:
    """The cells of one header row by the column they stand over; those that miss their column go in order."""
    placed = [[cell.text for cell in cells if cell.overlaps(column, end)] for column, end in ranges]
    if len(cells) == len(ranges) and any(len(texts) != 1 for texts in placed):
        return [[cell.text] for cell in cells]
    return placed
