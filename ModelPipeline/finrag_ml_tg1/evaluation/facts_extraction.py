"""How many of the numbers a filer tagged are read, and read right: ours against a reference, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from finrag_ml_tg1.evaluation.printed_numbers import shows_number
from finrag_ml_tg1.filings.facts.printed import FilingFact
from finrag_ml_tg1.filings.xbrl.facts import TaggedFact

__all__ = ["FactKey", "FactMiss", "FactRow", "FactsComparison", "compare_facts", "rows_of"]

# A reference holds its values as 64-bit floats: equal within what they resolve, or within this of nought.
_TOLERANCE = 1e-9
_QUALIFIED_NAME = re.compile(r"[^\s:]+:[^\s:]+")

FactKey = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class FactRow:
    """One number of one file. Dates are ISO, `start` is empty for an instant; `dims` is "axis=member|axis=member".

    `printed` is what stands at the number's place in the text, None where it is hidden or not known.
    """

    file: str
    concept: str
    start: str
    end: str
    dims: str
    unit: str
    value: float
    printed: str | None = None

    @property
    def key(self) -> FactKey:
        """What the number is of: file, concept, period, dimensions and unit."""
        return self.file, self.concept, self.start, self.end, self.dims, self.unit


@dataclass(frozen=True, slots=True)
class FactMiss:
    """A reference row that was not met: missing when `found` is empty, else different from all of it."""

    row: FactRow
    found: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FactsComparison:
    """Counts over the reference rows, with `expected == equal + missing + different`, and the rows not met.

    `shown` counts the equal rows that are printed; `misplaced` are those whose place shows another number than the
    reference gives, with what stands there.
    """

    expected: int
    equal: int
    missing: int
    different: int
    misses: tuple[FactMiss, ...]
    shown: int
    misplaced: tuple[tuple[FactRow, str], ...]


def rows_of(file: str, facts: Iterable[TaggedFact | FilingFact]) -> list[FactRow]:
    """Return the rows of tagged facts that have a value; a typed member stands as "typed", as the reference has it."""
    return [
        FactRow(
            file,
            fact.concept,
            fact.period_start.isoformat() if fact.period_start else "",
            fact.period_end.isoformat(),
            "|".join(
                f"{axis}={member if _QUALIFIED_NAME.fullmatch(member) else 'typed'}" for axis, member in fact.dimensions
            ),
            fact.unit,
            float(fact.value),
        )
        for fact in facts
        if fact.value is not None
    ]


def compare_facts(found: Iterable[FactRow], reference: Iterable[FactRow]) -> FactsComparison:
    """Compare row by row; where a key holds several values on either side, each reference row must be among ours."""
    rows: dict[FactKey, list[FactRow]] = {}
    for row in found:
        rows.setdefault(row.key, []).append(row)
    expected = shown = 0
    misses: list[FactMiss] = []
    misplaced: list[tuple[FactRow, str]] = []
    for row in reference:
        expected += 1
        candidates = rows.get(row.key, [])
        equal = [candidate for candidate in candidates if _is_equal(candidate.value, row.value)]
        if not equal:
            misses.append(FactMiss(row, tuple(candidate.value for candidate in candidates)))
            continue
        places = [candidate.printed for candidate in equal if candidate.printed is not None]
        wrong = [printed for printed in places if not shows_number(printed, row.value)]
        shown += bool(places)
        if wrong:
            misplaced.append((row, wrong[0]))
    missing = sum(not miss.found for miss in misses)
    return FactsComparison(
        expected, expected - len(misses), missing, len(misses) - missing, tuple(misses), shown, tuple(misplaced)
    )


def _is_equal(found: float, wanted: float) -> bool:
    return abs(wanted - found) <= _TOLERANCE * max(abs(wanted), 1.0)
