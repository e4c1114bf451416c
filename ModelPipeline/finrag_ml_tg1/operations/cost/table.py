"""The rows of an overview as lines for a terminal: catalogues side by side, amounts rounded for reading alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import as_decimal
from finrag_ml_tg1.operations.cost.hosting import Hosting
from finrag_ml_tg1.operations.cost.overview import Row

__all__ = ["hosting_table", "row_lines", "write_hours", "write_usd"]

_LEAST_WIDTH = 14
_LONGEST_MONTH_H = 744


def hosting_table(hostings: Sequence[Hosting], rows: Sequence[Row]) -> list[str]:
    """Return the catalogues' heads, then the rows by section."""
    roles = [process.role for process in hostings[0].processes]
    heads = [
        ("", [hosting.catalogue for hosting in hostings]),
        ("prices as of", [hosting.as_of.isoformat() for hosting in hostings]),
        *((role, [_process(hosting, position) for hosting in hostings]) for position, role in enumerate(roles)),
    ]
    width = max(_LEAST_WIDTH, *(len(cell) + 2 for _, cells in heads for cell in cells))
    label = _label_width(rows)
    return [*(_line(name, cells, label, width) for name, cells in heads), *row_lines(rows, label, width)]


def row_lines(rows: Sequence[Row], label_width: int | None = None, width: int = _LEAST_WIDTH) -> Iterator[str]:
    """Yield rows under the names of their sections, an empty line before each."""
    label = label_width or _label_width(rows)
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            yield ""
            yield section
        write = write_hours if row.is_hours else write_usd
        yield _line(f"  {row.label}", [write(value) for value in row.values], label, width)


def write_usd(amount: Fraction) -> str:
    """Return US dollars: four places below a dollar, where a session's amounts differ, else cents."""
    places = Decimal("0.01") if amount >= 1 or amount == 0 else Decimal("0.0001")
    return f"${as_decimal(amount).quantize(places, ROUND_HALF_UP):,}"


def write_hours(hours: Fraction) -> str:
    """Return hours with one place; "all month" for more than the longest month has."""
    if hours > _LONGEST_MONTH_H:
        return "all month"
    return f"{as_decimal(hours).quantize(Decimal('0.1'), ROUND_HALF_UP):,} h"


def _label_width(rows: Sequence[Row]) -> int:
    return max(len(row.label) for row in rows) + 2


def _process(hosting: Hosting, position: int) -> str:
    process = hosting.processes[position]
    instances = f"{process.instances} × " if process.instances > 1 else ""
    mark = "*" if process.confidence == "reported" else ""
    return f"{instances}{process.size} {write_usd(Fraction(process.month))}{mark}"


def _line(label: str, cells: Sequence[str], label_width: int, width: int) -> str:
    return (f"{label:<{label_width}}" + "".join(f"{cell:>{width}}" for cell in cells)).rstrip()
