"""Where a tagged number is printed, and which of several places shows best what it means."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from finrag_ml_tg1.filings.facts.printed import Occurrence
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.tabular.model import RowReading, TableReading

__all__ = ["Place", "PrintedPlaces", "path_of"]

_STATEMENT_ORDER = {"income": 0, "balance": 1, "cash flow": 2, "comprehensive income": 3, "equity": 4}
_OTHER_TABLE, _PROSE, _HIDDEN = 10, 20, 30
# A number inside a row's label, as the shares outstanding in the line of common stock, after all that stand in columns.
_IN_LABEL = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the text, None where hidden: the row's label and sections, its statement; the best has lowest rank."""

    rank: int
    row_label: str
    row_path: str
    statement: str
    span: tuple[int, int] | None

    @property
    def is_in_table(self) -> bool:
        """Whether it is in a row of a table."""
        return self.rank < _PROSE


@dataclass(frozen=True, slots=True)
class _PrintedRow:
    char_start: int
    char_end: int
    reading: TableReading
    row: RowReading


class PrintedPlaces:
    """The rows of a filing's tables by their characters."""

    def __init__(self, filing: Filing) -> None:
        self._rows: list[_PrintedRow] = []
        for index, reading in sorted(filing.tables.items()):
            block = filing.document.blocks[index]
            printed = block.table.rows if block.table else ()
            for row in reading.rows:
                start, end = printed[row.index].char_start, printed[row.index].char_end
                self._rows.append(_PrintedRow(block.char_start + start, block.char_start + end, reading, row))
        self._starts = [row.char_start for row in self._rows]

    def best(self, occurrences: Iterable[Occurrence]) -> Place:
        """Return the best of at least one place: a primary statement, then another table, prose, nowhere.

        A row without a label, as that of a total may be, is labelled as another of the places labels the number.
        """
        places = sorted((self._place(occurrence) for occurrence in occurrences), key=lambda place: place.rank)
        best = places[0]
        if best.row_label or not best.is_in_table:
            return best
        return replace(best, row_label=next((place.row_label for place in places if place.row_label), ""))

    def _place(self, occurrence: Occurrence) -> Place:
        span = occurrence.span
        if span is None or span[0] == span[1]:
            return Place(_HIDDEN, "", "", "none", None)
        printed = self._row_at(span[0])
        if printed is None:
            return Place(_PROSE, "", "", "none", span)
        reading, row = printed.reading, printed.row
        statement = reading.statement if reading.is_primary else "none"
        rank = _STATEMENT_ORDER.get(statement, _OTHER_TABLE)
        # A tag encloses the digits, not always the sign: any character of the cell will do.
        if not any(cell.char_start <= span[0] < cell.char_end for cell in row.cells):
            rank += _IN_LABEL
        return Place(rank, row.label, path_of(row), statement, span)

    def _row_at(self, offset: int) -> _PrintedRow | None:
        index = bisect_right(self._starts, offset) - 1
        return self._rows[index] if index >= 0 and offset < self._rows[index].char_end else None


def path_of(row: RowReading) -> str:
    """Return the sections a row stands in, outermost first, as one text."""
    return " > ".join(section.rstrip(": ") for section in row.label_path)
