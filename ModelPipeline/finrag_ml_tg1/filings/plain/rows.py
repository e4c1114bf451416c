"""The rows and cells of a table laid out with spaces, taken from the text with every mark in it.

Lines drawn inside a table and the dots that lead from a label to its number are borders, as HTML draws them by style:
they are no characters of the text. Everything else of the lines is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from finrag_ml_tg1.filings.plain.columns import Columns
from finrag_ml_tg1.filings.plain.lines import Line, LineCell, is_value, split_at_values
from finrag_ml_tg1.filings.plain.markup import without_milestones
from finrag_ml_tg1.filings.text.grid import GridCell, GridRow
from finrag_ml_tg1.filings.text.marked_text import MARK, MarkedText, collapse_marked, join_marked
from finrag_ml_tg1.filings.text.styles import Style

__all__ = ["read_rows"]

# The width of a space that indents a label, in points at the usual size of print.
_SPACE_POINTS = 2.5
_SPACE = re.compile(r"\s+")
_TOKEN = re.compile(r"\S+")
_NUMBER_ENDS = ")%x*"
_YEAR = re.compile(r"(?:19|20)\d\d")
_ENDS_OPEN = re.compile(r"(?:[,&-]|\b(?:and|or|of|for|to|in|the|on|from|with|by|per|before|after|at))$", re.IGNORECASE)


def read_rows(raw: str, lines: Sequence[Line], style_at: Callable[[int], Style]) -> tuple[list[GridRow], int | None]:
    """Return the rows of a table, and how many of them are headers where the `<S>` tag tells it."""
    columns = Columns(lines)
    reader = _RowReader(raw, style_at, min(line.indent for line in lines if line.cells))
    edges = columns.edges
    header_rows = None
    waiting: list[Line] = []
    for line, below in zip(lines, [*lines[1:], None], strict=True):
        if line.starts_data and not waiting:
            header_rows = len(reader.rows)
        if not line.cells:
            continue
        cells = tuple(_with_values_apart(line, edges))
        if below is not None and len(cells) == 1 and _continues(line, below):
            waiting.append(line)
            continue
        placed = columns.place(line if cells == line.cells else replace(line, cells=cells), below)
        reader.add(waiting, line, cells, placed)
        waiting = []
    reader.close(lines[-1].end)
    return reader.rows, header_rows if header_rows and header_rows < len(reader.rows) else None


def _with_values_apart(line: Line, edges: frozenset[int]) -> Iterator[LineCell]:
    """Part a number from the words before it when it ends where a column's numbers do."""
    for cell in line.cells:
        last = line.text[cell.end - 1]
        if cell.is_value or not (last.isdecimal() or last in _NUMBER_ENDS):
            yield cell
            continue
        tokens = [match.span() for match in _TOKEN.finditer(line.text, cell.start, cell.end)]
        first = len(tokens)
        while first > 1 and _is_amount(line.text[slice(*tokens[first - 1])]):
            first -= 1
        ends = {tokens[index][1] for index in range(first, len(tokens))}
        if first == len(tokens) or not ends <= edges:
            yield cell
            continue
        yield LineCell(((cell.start, tokens[first - 1][1]),), is_value=False)
        yield from split_at_values(line.text, tokens[first:])


def _is_amount(word: str) -> bool:
    return is_value(word) and any(char.isdigit() for char in word) and _YEAR.fullmatch(word) is None


def _continues(line: Line, below: Line) -> bool:
    """Return whether a line is the beginning of a label whose numbers stand in the next line."""
    cell = line.cells[0]
    if cell.is_value or len(below.cells) < 2 or below.cells[0].is_value or below.cells[0].start > cell.end:
        return False
    text = line.text.rstrip()
    rest = below.text[below.cells[0].start]
    return not text.endswith((":", ".")) and (rest.islower() or _ENDS_OPEN.search(text[-12:]) is not None)


class _RowReader:
    """Takes the cells of each line from the text, with every mark in it."""

    def __init__(self, raw: str, style_at: Callable[[int], Style], margin: int) -> None:
        self.rows: list[GridRow] = []
        self._raw = raw
        self._style_at = style_at
        self._margin = margin
        self._cursor: int | None = None

    def add(
        self, above: Sequence[Line], line: Line, cells: Sequence[LineCell], placed: Sequence[tuple[int, int]]
    ) -> None:
        """Add a row: a line's cells, and lines above it that hold the beginning of its label."""
        grid: list[GridCell] = []
        label = [self._text(row, row.cells[0], grid) for row in above]
        for cell, (column, span) in zip(cells, placed, strict=True):
            text = self._text(line, cell, grid)
            if label:
                text = join_marked([*label, text], " ")
                label = []
            style = self._style_at(line.place(cell.start))
            grid.append(GridCell(text, column, span, style, 0.0))
        indent = _SPACE_POINTS * ((above[0] if above else line).indent - self._margin)
        grid[0] = replace(grid[0], indent=round(indent, 1))
        self.rows.append(GridRow(tuple(grid)))

    def close(self, end: int) -> None:
        """Give the marks that follow the last cell to it."""
        marks = self._raw.count(MARK, self._cursor or 0, end)
        last = self.rows[-1].cells[-1]
        self.rows[-1] = GridRow((*self.rows[-1].cells[:-1], replace(last, text=last.text.with_marks_after(marks))))

    def _text(self, line: Line, cell: LineCell, before: list[GridCell]) -> MarkedText:
        """Return a cell's text; marks in the gap before it are its own or, left of the widest space, `before`'s."""
        start, end = line.place(cell.start), line.place(cell.end - 1) + 1
        gap = self._raw[self._cursor if self._cursor is not None else line.start : start]
        marks = gap.count(MARK)
        if marks and before:
            widest = max(_SPACE.finditer(gap), key=lambda space: len(space.group()), default=None)
            closing = gap.count(MARK, 0, widest.start()) if widest else 0
            before[-1] = replace(before[-1], text=before[-1].text.with_marks_after(closing))
            marks -= closing
        self._cursor = end
        if len(cell.parts) == 1:
            return collapse_marked(without_milestones(self._raw[start:end])).with_marks_before(marks)
        places = [place for a, b in cell.parts for place in (line.place(a), line.place(b - 1) + 1)]
        stretches = (self._raw[a:b] for a, b in pairwise(places))
        parts = (collapse_marked(without_milestones(stretch)) for stretch in stretches)
        return join_marked(parts, "").with_marks_before(marks)
