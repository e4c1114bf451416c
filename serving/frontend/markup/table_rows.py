"""The rows of a printed table as columns. Pure; shows nothing itself.

The text of a filing holds one row a line with its cells parted by " | ", and leaves out a cell that is empty. A line of
years is therefore one cell shorter than the lines below it, and would stand over the wrong numbers as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["CELL_BREAK", "Cell", "Row", "count_headings", "is_amount", "lay_out", "split_rows"]

# Parts the cells of a printed row.
CELL_BREAK = re.compile(r" \| |^\| | \|$")
_AMOUNT = re.compile(r"[($€£¥\s]*[-–—+]?[\d,.]+[)%\s]*|[-–—]|")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Cell:
    """Words that begin at `offset` of the passage's text and stand over `span` columns."""

    offset: int
    text: str
    span: int = 1
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; a line with one cell is words between the rows."""

    cells: tuple[Cell, ...]


def is_amount(text: str) -> bool:
    """Return whether a cell holds a number, a dash, or nothing."""
    return bool(_AMOUNT.fullmatch(text))


def split_rows(text: str) -> list[Row]:
    """Return the lines that are not blank, split into cells."""
    lines = [match for match in re.finditer(r"[^\n]+", text) if match[0].strip()]
    return [Row(tuple(_split_cells(match.start(), match[0]))) for match in lines]


def lay_out(headers: Sequence[Row], rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return both with column headings moved over the columns they head, and single cells across the table."""
    width = max((len(row.cells) for row in [*headers, *rows]), default=1)
    heads = count_headings(rows)
    fitted = [_fit(row, width, is_head=place < heads) for place, row in enumerate(rows)]
    return [_fit(row, width, is_head=True) for row in headers], fitted


def count_headings(rows: Sequence[Row]) -> int:
    """Return how many rows come before the first number with a name; 0 where no row is one."""
    return next((place for place, row in enumerate(rows) if _is_named_amount(row)), 0)


def _split_cells(line_offset: int, line: str) -> list[Cell]:
    cells, position = [], 0
    for separator in CELL_BREAK.finditer(line):
        cells.append(Cell(line_offset + position, line[position : separator.start()]))
        position = separator.end()
    return [*cells, Cell(line_offset + position, line[position:])]


def _is_named_amount(row: Row) -> bool:
    first, *others = row.cells
    return not is_amount(first.text) and any(is_amount(cell.text) and not _is_year(cell) for cell in others)


def _is_year(cell: Cell) -> bool:
    return not cell.text.strip() or bool(_YEAR.search(cell.text))


def _fit(row: Row, width: int, *, is_head: bool) -> Row:
    missing = width - len(row.cells)
    if len(row.cells) == 1:
        return Row((replace(row.cells[0], span=width),))
    if not missing or not (is_head or all(_is_year(cell) for cell in row.cells)):
        return row
    # Without a cell above the names of the rows, each heading covers as many columns as there are for it.
    span, rest = divmod(width - 1, len(row.cells))
    headings = [replace(cell, span=1 if rest else span, is_heading=True) for cell in row.cells]
    covered = sum(cell.span for cell in headings)
    return Row((*(Cell(0, "") for _ in range(width - covered)), *headings))
