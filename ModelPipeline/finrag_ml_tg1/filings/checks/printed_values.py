"""Tagged numbers against what is printed where they are tagged: scale and sign are not printed, and may be wrong."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from finrag_ml_tg1.filings.facts.printed import FilingFact
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.tabular.model import NumberCell, RowReading, TableReading

__all__ = ["PrintedMismatch", "TaggedPlace", "printed_mismatches"]

_DIGITS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+")
_POWER_FOLLOWS = re.compile(r"\s{0,2}\)?\s?(%|(?:percent|thousand|million|billion|trillion)\b)", re.IGNORECASE)
_POWERS = {"%": -2, "percent": -2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
# In the statement of equity columns of shares stand beside columns of money, and the units line speaks of either.
_STATEMENTS = ("income", "balance", "cash flow", "comprehensive income")


@dataclass(frozen=True, slots=True, eq=False)
class TaggedPlace:
    """A place where a fact is tagged as `value`: the characters [start, end), and the table's cell, if any.

    Two places are never equal.
    """

    fact: FilingFact
    value: Decimal
    start: int
    end: int
    cell: NumberCell | None = None
    row: RowReading | None = None
    reading: TableReading | None = None


@dataclass(frozen=True, slots=True)
class PrintedMismatch:
    """Places of one concept in one row that are not tagged as printed; one place only outside tables.

    `printed` are the values that the places print, without sign; None where the signs of a row are tagged by two
    conventions, and either may be the wrong one.
    """

    places: tuple[TaggedPlace, ...]
    printed: tuple[Decimal, ...] | None


def printed_mismatches(filing: Filing) -> tuple[PrintedMismatch, ...]:
    """Return the tagged numbers that are not what is printed there, by place.

    Certain are: a percent sign or "million" behind the number itself; the units of a primary statement, where most of
    its numbers are tagged by them; and the signs of a row, which is printed by one convention.
    """
    places = list(_tagged_places(filing))
    printed = {
        place: value
        for place in places
        for value in [_value_in_words(place, filing.document.text)]
        if value is not None
    }
    printed |= _values_in_statements(places)
    rows: dict[object, list[TaggedPlace]] = defaultdict(list)
    for place in printed:
        rows[_row_of(place)].append(place)
    scales = [PrintedMismatch(tuple(row), tuple(printed[place] for place in row)) for row in rows.values()]
    signs = [PrintedMismatch(row, None) for row in _rows_of_two_signs(places)]
    return tuple(sorted((*scales, *signs), key=lambda mismatch: mismatch.places[0].start))


def _tagged_places(filing: Filing) -> Iterator[TaggedPlace]:
    cells = sorted(
        ((cell, row, reading) for reading in filing.tables.values() for row in reading.rows for cell in row.cells),
        key=lambda found: found[0].char_start,
    )
    starts = [cell.char_start for cell, _, _ in cells]
    for fact in filing.facts:
        for occurrence in fact.occurrences:
            if occurrence.span is None or occurrence.value is None:
                continue
            start, end = occurrence.span
            index = bisect_right(starts, start) - 1
            if index >= 0 and start < cells[index][0].char_end:
                yield TaggedPlace(fact, occurrence.value, start, end, *cells[index])
            else:
                yield TaggedPlace(fact, occurrence.value, start, end)


def _row_of(place: TaggedPlace) -> object:
    """What places have in common that are in one row and of one concept; outside tables each stands alone."""
    if place.reading is None or place.row is None:
        return place.start
    return place.reading.block, place.row.index, place.fact.concept, place.fact.dimensions


def _value_in_words(place: TaggedPlace, text: str) -> Decimal | None:
    """What the digits and the word or sign behind them say, where that is not what is tagged."""
    digits, follows = text[place.start : place.end].strip(), _POWER_FOLLOWS.match(text, place.end)
    if not follows or not _DIGITS.fullmatch(digits):
        return None
    power = _POWERS[follows[1].lower()]
    if power < 0 and place.fact.unit != "pure":
        return None
    value = Decimal(digits.replace(",", "")).scaleb(power)
    return value if value != abs(place.value) else None


def _values_in_statements(places: Iterable[TaggedPlace]) -> dict[TaggedPlace, Decimal]:
    """What a primary statement's units say, where that is not what is tagged."""
    tables: dict[tuple[int, str], list[tuple[TaggedPlace, Decimal]]] = defaultdict(list)
    for place in places:
        cell, reading = place.cell, place.reading
        if not (cell and reading and reading.is_primary and reading.statement in _STATEMENTS):
            continue
        if place.fact.unit == cell.unit:
            tables[reading.block, cell.unit].append((place, abs(cell.value)))
    found: dict[TaggedPlace, Decimal] = {}
    for (_, unit), values in tables.items():
        differing = {place: value for place, value in values if value != abs(place.value)}
        if 2 * len(differing) < len(values):
            found |= differing
        elif unit == "shares":
            # There is no part of a share: whatever the units are, they are not in the tag.
            found |= {
                place: value for place, value in differing.items() if place.value != place.value.to_integral_value()
            }
    return found


def _rows_of_two_signs(places: Iterable[TaggedPlace]) -> Iterator[tuple[TaggedPlace, ...]]:
    """Rows where some numbers are tagged with the sign printed, and others with the opposite one."""
    rows: dict[object, dict[TaggedPlace, bool]] = defaultdict(dict)
    for place in places:
        if place.cell and place.reading and place.reading.statement != "equity" and place.value and place.cell.value:
            rows[_row_of(place)][place] = (place.value < 0) == (place.cell.value < 0)
    return (tuple(row) for row in rows.values() if len(set(row.values())) > 1)
