"""Tables as text: a row one line, cells joined by " | ", with the place of every row and cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

from finrag_ml_tg1.filings.text.grid import GridRow
from finrag_ml_tg1.filings.text.marked_text import MarkedText, join_marked

__all__ = ["TableCell", "TableRow", "TableText", "is_layout_table", "render_table"]

CELL_SEPARATOR = " | "

_NUMBER = re.compile(r"\(?[-–—]?[$€£¥]?\s*\(?\d[\d,]*\.?\d*\)?\s*%?\)?|[-–—]")
_YEAR = re.compile(r"(?:fy\s*)?(?:19|20)\d\d", re.IGNORECASE)
_LIST_MARK = re.compile(r"[•·●▪■◦○*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]", re.IGNORECASE)
_ITEM_MARK = re.compile(r"items?\s+\d{1,2}[abc]?\b.*|part\s+[iv]+\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell: where it stands in the table's text, its first grid column, and how many columns it covers."""

    char_start: int
    char_end: int
    column: int
    span: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: where it stands in the table's text, its cells, how far its label is indented (points), its weight."""

    char_start: int
    char_end: int
    cells: tuple[TableCell, ...]
    indent: float
    is_bold: bool


@dataclass(frozen=True, slots=True)
class TableText:
    """The rows of a table as rendered, and how many of them, from the top, are headers."""

    rows: tuple[TableRow, ...]
    header_rows: int


def is_layout_table(rows: list[GridRow]) -> bool:
    """Return whether a table only places text: one cell a row, list marks, or an item heading with its title."""
    texts = [[cell.text.text for cell in row.cells] for row in rows]
    if all(len(row) == 1 for row in texts):
        return True
    if all(len(row) <= 2 and _LIST_MARK.fullmatch(row[0]) for row in texts):
        return True
    return len(texts) <= 2 and all(len(row) <= 2 and _ITEM_MARK.fullmatch(row[0]) for row in texts)


def render_table(rows: list[GridRow]) -> tuple[MarkedText, TableText]:
    """Return the table's text and where its rows and cells stand in it."""
    lines = [join_marked((cell.text for cell in row.cells), CELL_SEPARATOR) for row in rows]
    placed = []
    offset = 0
    for row, line in zip(rows, lines, strict=True):
        placed.append(_placed_row(row, offset, offset + len(line.text)))
        offset += len(line.text) + 1
    return join_marked(lines, "\n"), TableText(tuple(placed), _header_rows(rows))


def _placed_row(row: GridRow, start: int, end: int) -> TableRow:
    cells = []
    offset = start
    for cell in row.cells:
        cells.append(TableCell(offset, offset + len(cell.text.text), cell.column, cell.span))
        offset += len(cell.text.text) + len(CELL_SEPARATOR)
    return TableRow(start, end, tuple(cells), row.cells[0].indent, all(cell.style.bold for cell in row.cells))


def _header_rows(rows: list[GridRow]) -> int:
    """Rows above the first that holds a label and a number which is no year; 0 when there is no such row."""
    for index, row in enumerate(rows[:8]):
        texts = [cell.text.text for cell in row.cells[1:]]
        if any(_NUMBER.fullmatch(text) and not _YEAR.fullmatch(text) for text in texts):
            return index
    return 0
