"""Whether the totals of the printed primary statements are the sums of the rows above them, column by column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from finrag_ml_tg1.filings.checks.amounts import Amount, Footing, PeriodAndUnit, last_place
from finrag_ml_tg1.filings.tabular.model import NumberCell, RowReading, TableReading

__all__ = ["subtotals_judged"]

_STATEMENTS = ("income", "balance", "cash flow")
_TOTAL = re.compile(
    r"^(?:sub-?)?total\b|^net cash\b|^cash (?:flows? )?\(?(?:provided|generated|used|from)\b", re.IGNORECASE
)
_DEDUCTED = re.compile(r"^(?:less|deduct)\b", re.IGNORECASE)
# More than any statement prints between a heading and its total.
_MAX_ROWS = 200
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(slots=True)
class _Row:
    """A row's amounts by column; `opens` where it, or what it is the total of, begins right below a heading."""

    amounts: Mapping[PeriodAndUnit, Amount]
    is_total: bool
    opens: bool


def subtotals_judged(readings: Iterable[TableReading]) -> list[Footing]:
    """Return the totals of the primary statements whose rows are known, in each column.

    Others are not judged: a row may be a part of the one above, or be deducted without a sign. In doubt is a column
    where the very rows do not add up that do in another.
    """
    return [footing for rows in _statements(readings) for footing in _judged(rows)]


def _statements(readings: Iterable[TableReading]) -> list[list[_Row]]:
    """The rows of each primary statement, those of its continuations after its own."""
    statements: list[list[_Row]] = []
    for reading in sorted(readings, key=lambda reading: reading.block):
        if reading.is_primary and reading.statement in _STATEMENTS:
            if not (reading.is_continuation and statements):
                statements.append([])
            statements[-1].extend(_rows(reading))
    return statements


def _rows(reading: TableReading) -> Iterator[_Row]:
    is_after_heading = True
    for row in reading.rows:
        if amounts := _amounts(reading, row):
            yield _Row(amounts, not row.label or _TOTAL.match(row.label) is not None, is_after_heading)
        is_after_heading = not row.cells


def _amounts(reading: TableReading, row: RowReading) -> dict[PeriodAndUnit, Amount]:
    """The row's money by the period of its column; a period that two columns share stands for neither."""
    found: dict[PeriodAndUnit, Amount] = {}
    shared: set[PeriodAndUnit] = set()
    for cell in row.cells:
        column = reading.columns[cell.column]
        if column.period_end is None or not _CURRENCY.fullmatch(cell.unit):
            continue
        key = column.period_start, column.period_end, cell.unit
        if key in found:
            shared.add(key)
        found[key] = _amount(row.label, cell)
    return {key: amount for key, amount in found.items() if key not in shared}


def _amount(label: str, cell: NumberCell) -> Amount:
    value = -cell.value if _DEDUCTED.match(label) and cell.value > 0 else cell.value
    return Amount(value, last_place(cell.value), label, cell.char_start)


def _judged(rows: Iterable[_Row]) -> Iterator[Footing]:
    """Rows that have been added up give way to their total, which is an addend of the next."""
    open_rows: list[_Row] = []
    for row in rows:
        if row.is_total:
            start, footings = _best(row, open_rows)
            yield from footings
            if start < len(open_rows):
                row.opens = open_rows[start].opens
                del open_rows[start:]
        open_rows.append(row)


def _best(total: _Row, above: Sequence[_Row]) -> tuple[int, list[Footing]]:
    """The stretch of rows directly above that adds up to the total in most columns: where it begins, and its footings.

    The total of a single row repeats it, which is no check.
    """
    if above and _values(above[-1]) == _values(total):
        return len(above) - 1, []
    best: tuple[int, list[Footing]] = (len(above), [])
    most = 0
    for start in _starts(total, above):
        rows = above[start:]
        footings = list(_footings(total, rows))
        holding = [footing.period for footing in footings if footing.holds]
        if len(holding) > most and (len(holding) == len(footings) or _are_known(rows, footings, holding)):
            best, most = (start, footings), len(holding)
    return best


def _starts(total: _Row, above: Sequence[_Row]) -> Iterator[int]:
    """Where the rows may begin that add up in a column, nearest first: sums are carried on, not begun anew."""
    left = {period: amount.value for period, amount in total.amounts.items()}
    slack = {period: _unit(amount) for period, amount in total.amounts.items()}
    for start in range(len(above) - 1, max(-1, len(above) - 1 - _MAX_ROWS), -1):
        for period, amount in above[start].amounts.items():
            if period in left:
                left[period] -= amount.value
                slack[period] += _unit(amount)
        if start < len(above) - 1 and any(abs(left[period]) <= slack[period] for period in left):
            yield start


def _unit(amount: Amount) -> Decimal:
    return Decimal(1).scaleb(amount.place or 0)


def _are_known(rows: Sequence[_Row], footings: Sequence[Footing], holding: Collection[PeriodAndUnit]) -> bool:
    """Whether rows that add up in some columns only are the total's all the same, so that the others are in doubt.

    They are all rows below a heading, add up in half of the columns, and each counts in one where they do: a row that
    is nought there may as well be none of the total's.
    """
    return (
        rows[0].opens
        and 2 * len(holding) >= len(footings)
        and all(
            any(_value(row, period) for period in holding)
            for row in rows
            if any(_value(row, footing.period) for footing in footings)
        )
    )


def _value(row: _Row, period: PeriodAndUnit) -> Decimal:
    return row.amounts[period].value if period in row.amounts else Decimal(0)


def _values(row: _Row) -> dict[PeriodAndUnit, Decimal]:
    return {period: amount.value for period, amount in row.amounts.items()}


def _footings(total: _Row, rows: Sequence[_Row]) -> Iterator[Footing]:
    for period, amount in total.amounts.items():
        addends = tuple((1, row.amounts[period]) for row in rows if period in row.amounts)
        if sum(addend.value != 0 for _, addend in addends) >= 2:
            yield Footing("total = its rows", period, amount, addends)
