"""What totals printed without a label are called: only where the numbers themselves leave no doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from finrag_ml_tg1.filings.tabular.model import RowReading, TableReading

__all__ = ["names_of_totals"]

_Place = tuple[int, int]
_MIN_PARTS = 2


def names_of_totals(tables: Iterable[TableReading]) -> Mapping[_Place, str]:
    """Return names for rows without a label, by (block, row index).

    A row that is the sum of all rows of the section above it, in every column, is that section's total. The two rows of
    a balance sheet that are alike in every column are its two totals.
    """
    primary = [reading for reading in tables if reading.is_primary]
    names = {place: name for reading in primary for place, name in _section_totals(reading)}
    names.update(_balance_totals([reading for reading in primary if reading.statement == "balance"]))
    return names


def _section_totals(reading: TableReading) -> Iterator[tuple[_Place, str]]:
    parts: list[RowReading] = []
    for row in reading.rows:
        if parts and row.label_path != parts[0].label_path:
            parts = []
        if row.label and row.cells:
            parts.append(row)
        elif row.cells:
            if row.label_path and len(parts) >= _MIN_PARTS and _is_sum(row, parts):
                section = row.label_path[-1].rstrip(": ")
                yield (reading.block, row.index), f"Total {section[:1].lower()}{section[1:]}"
            parts = []


def _is_sum(row: RowReading, parts: Sequence[RowReading]) -> bool:
    sums: dict[int, Decimal] = {}
    for part in parts:
        for cell in part.cells:
            sums[cell.column] = sums.get(cell.column, Decimal(0)) + cell.value
    return len(sums) == len(row.cells) and all(sums.get(cell.column) == cell.value for cell in row.cells)


def _balance_totals(readings: Sequence[TableReading]) -> Iterator[tuple[_Place, str]]:
    places: dict[tuple[Decimal, ...], list[_Place]] = {}
    for reading in readings:
        for row in reading.rows:
            if row.cells and not row.label:
                places.setdefault(tuple(cell.value for cell in row.cells), []).append((reading.block, row.index))
    pairs = [found for found in places.values() if len(found) > 1]
    if len(pairs) == 1:
        yield from zip(pairs[0], ("Total assets", "Total liabilities and equity"), strict=False)
