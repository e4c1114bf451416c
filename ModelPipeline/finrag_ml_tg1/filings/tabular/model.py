"""What is known of a table once it is read: its columns with their periods, its rows with their labels and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["Column", "NumberCell", "RowReading", "TableReading"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers: grid columns [grid_start, grid_end), its heading, and its period.

    `heading` holds the header cells over it, top to bottom. Both dates are inclusive; an instant has only the end, and
    a column without a period (a component of equity, a change) has neither.
    """

    grid_start: int
    grid_end: int
    heading: tuple[str, ...]
    period_start: date | None
    period_end: date | None


@dataclass(frozen=True, slots=True)
class NumberCell:
    """A number: `document.text[char_start:char_end] == printed`.

    `value` is in the base unit, exact: dollars rather than millions, a ratio rather than a percentage; a dash is 0
    with `is_dash` set. `scale` is the power of ten between the digits printed and the value. `column` counts the
    table's columns. The period is the column's, unless the row names its own.
    """

    char_start: int
    char_end: int
    printed: str
    value: Decimal
    unit: str
    scale: int
    is_dash: bool
    footnotes: tuple[str, ...]
    column: int
    period_start: date | None
    period_end: date | None


@dataclass(frozen=True, slots=True)
class RowReading:
    """A row below the header: `index` in the table's rows, its label, the sections it stands in, outermost first."""

    index: int
    label: str
    label_path: tuple[str, ...]
    footnotes: tuple[str, ...]
    cells: tuple[NumberCell, ...]


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table as a reader understands it.

    `statement` is the financial statement it shows, "none" for any other table; `is_primary` where it is, or is part
    of, the filing's own consolidated one. A continuation has the caption, units and header of the table it continues
    where it shows none itself; `header_rows` counts its own rows only.
    """

    block: int
    caption: str
    units_line: str
    header_rows: int
    statement: str
    is_primary: bool
    is_continuation: bool
    columns: tuple[Column, ...]
    rows: tuple[RowReading, ...]
