"""The rows of a table block with their words and numbers, placed in the canonical text."""

from __future__ import annotations

from dataclasses import dataclass

from finrag_ml_tg1.filings.tabular.numbers import PrintedNumber, is_year, read_number
from finrag_ml_tg1.filings.text.tables import TableText

__all__ = ["Cell", "Row", "read_rows"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's words, where they stand in the canonical text, its grid columns [column, end) and its number."""

    text: str
    char_start: int
    char_end: int
    column: int
    end: int
    number: PrintedNumber | None

    @property
    def counts(self) -> bool:
        """Whether it prints a number that is not just a year."""
        return self.number is not None and not is_year(self.text)

    def overlaps(self, column: int, end: int) -> bool:
        """Return whether it covers any of the grid columns [column, end)."""
        return self.column < end and column < self.end


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its place in it, its cells, its label's indent in points, and whether it is all bold."""

    index: int
    cells: tuple[Cell, ...]
    indent: float
    is_bold: bool


def read_rows(text: str, char_start: int, table: TableText) -> tuple[Row, ...]:
    """Return the rows of the table that begins at `char_start` of the canonical text."""
    rows = []
    for index, row in enumerate(table.rows):
        cells = []
        for cell in row.cells:
            start, end = char_start + cell.char_start, char_start + cell.char_end
            words = text[start:end]
            cells.append(Cell(words, start, end, cell.column, cell.column + cell.span, read_number(words)))
        rows.append(Row(index, tuple(cells), row.indent, row.is_bold))
    return tuple(rows)
