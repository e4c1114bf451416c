"""What the checks of a filing found, in numbers and in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from finrag_ml_tg1.filings.checks.amounts import Footing
from finrag_ml_tg1.filings.checks.contradictions import contradictions
from finrag_ml_tg1.filings.checks.footing import identities_judged
from finrag_ml_tg1.filings.checks.printed_values import PrintedMismatch, TaggedPlace, printed_mismatches
from finrag_ml_tg1.filings.checks.statement_amounts import StatementAmounts
from finrag_ml_tg1.filings.checks.subtotals import subtotals_judged
from finrag_ml_tg1.filings.facts.places import PrintedPlaces
from finrag_ml_tg1.filings.facts.printed import FilingFact
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.passages.identifiers import PassageIdentifiers

__all__ = ["FilingChecks", "check_filing"]

_MAX_TOLD = 3
_MAX_ADDENDS_TOLD = 4


@dataclass(frozen=True, slots=True)
class FilingChecks:
    """How many totals across the statements were held against their parts, how many of them hold, and what does not.

    `mismatches` are sentences: the first few of each kind, and how many there are.
    """

    made: int
    held: int
    mismatches: tuple[str, ...]


def check_filing(filing: Filing, facts: pl.DataFrame, passages: PassageIdentifiers) -> FilingChecks:
    """Check a filing against itself; `facts` is its facts table."""
    footings = [*identities_judged(StatementAmounts(facts)), *subtotals_judged(filing.tables.values())]
    broken = [footing for footing in footings if not footing.holds]
    printed = printed_mismatches(filing)
    contradicting = contradictions(filing.facts)
    places = PrintedPlaces(filing)
    return FilingChecks(
        made=len(footings),
        held=len(footings) - len(broken),
        mismatches=(
            *(_in_words(footing, passages) for footing in broken[:_MAX_TOLD]),
            *_how_many(len(broken), "totals that are not the sum of their parts"),
            *(_printed_in_words(mismatch, passages) for mismatch in printed[:_MAX_TOLD]),
            *_how_many(len(printed), "rows or sentences that are not tagged as printed"),
            *(_values_in_words(values, places, passages) for values in contradicting[:_MAX_TOLD]),
            *_how_many(len(contradicting), "facts tagged with different values"),
        ),
    )


def _how_many(count: int, what: str) -> Iterator[str]:
    if count > _MAX_TOLD:
        yield f"{count} {what} in all"


def _when(start: date | None, end: date) -> str:
    return f"at {end}" if start is None else f"from {start} to {end}"


def _in_words(footing: Footing, passages: PassageIdentifiers) -> str:
    start, end, unit = footing.period
    total = footing.total
    summed = sum((sign * addend.value for sign, addend in footing.addends), Decimal(0))
    return (
        f"the statements do not add up {_when(start, end)} ({footing.name}): {total.label!r} is "
        f"{_written(total.value)} {unit}, but {_parts(footing)} = {_written(summed)}"
        f"{_place(total.char_start, passages)}"
    )


def _parts(footing: Footing) -> str:
    if len(footing.addends) > _MAX_ADDENDS_TOLD:
        first, last = footing.addends[0][1], footing.addends[-1][1]
        return f"the sum of the {len(footing.addends)} rows from {first.label!r} to {last.label!r}"
    signed = [
        f"{'-' if sign < 0 else '+'} {addend.label!r} {_written(addend.value)}" for sign, addend in footing.addends
    ]
    return " ".join(signed).removeprefix("+ ")


def _printed_in_words(mismatch: PrintedMismatch, passages: PassageIdentifiers) -> str:
    first = mismatch.places[0]
    where = f"in the row {first.row.label!r}" if first.row else "in the text"
    if mismatch.printed is None:
        told = _signs(mismatch.places)
        return f"signs tagged by two conventions {where}: {first.fact.concept}: {told}{_place(first.start, passages)}"
    pairs = [
        f"{_written(value)} is printed, {_written(abs(place.value))} tagged"
        for place, value in zip(mismatch.places, mismatch.printed, strict=True)
    ]
    told = f"{'; '.join(pairs[:_MAX_TOLD])} ({first.fact.unit})"
    return f"not tagged as printed {where}: {first.fact.concept}: {told}{_place(first.start, passages)}"


def _signs(places: Sequence[TaggedPlace]) -> str:
    told = [f"{place.cell.printed} as {_written(place.value)}" for place in places if place.cell]
    return ", ".join(told)


def _values_in_words(values: Sequence[FilingFact], places: PrintedPlaces, passages: PassageIdentifiers) -> str:
    told = []
    for fact in values[:_MAX_TOLD]:
        place = places.best(fact.occurrences)
        where = f" in the row {place.row_label!r}" if place.row_label else "" if place.span else " hidden"
        value = "nil" if fact.value is None else f"{_written(fact.value)} {fact.unit}"
        told.append(f"{value}{where}{_place(place.span[0] if place.span else None, passages)}")
    first = values[0]
    return (
        f"tagged with {len(values)} values {_when(first.period_start, first.period_end)}: {first.concept}: "
        f"{'; '.join(told)}"
    )


def _place(offset: int | None, passages: PassageIdentifiers) -> str:
    identifier = passages.at(offset)
    return f" (passage {identifier})" if identifier else ""


def _written(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
