"""The filing's tagged numbers with the places where they are printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import html

from finrag_ml_tg1.filings.table_schemas import is_storable
from finrag_ml_tg1.filings.xbrl.facts import read_tagged_facts
from finrag_ml_tg1.filings.xbrl.issues import XbrlIssue
from finrag_ml_tg1.filings.xbrl.reconcile import Fact, reconcile

__all__ = ["FilingFact", "Occurrence", "TaggedNumbers"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place where a fact is tagged: the value tagged there, and its characters; None where it is hidden."""

    value: Decimal | None
    decimals: str | None
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class FilingFact:
    """One distinct fact with its most precise value; None for nil. `occurrences` are in document order."""

    concept: str
    period_start: date | None
    period_end: date
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    value: Decimal | None
    decimals: str | None
    occurrences: tuple[Occurrence, ...]


class TaggedNumbers:
    """A document's tagged numbers; `elements` have to be traced through the reading of its text.

    `issues` are what was tagged and could not be read, or is no number the facts table can hold.
    """

    def __init__(self, root: html.HtmlElement) -> None:
        tagged = read_tagged_facts(root)
        self._tagged = tagged.facts
        self._facts = reconcile(tagged.facts)
        self.elements: list[html.HtmlElement] = [fact.element for fact in tagged.facts]
        self.issues: tuple[XbrlIssue, ...] = (*tagged.issues, *_beyond_the_table(self._facts))

    def placed(self, spans: Sequence[tuple[int, int] | None]) -> tuple[FilingFact, ...]:
        """Return the facts by first occurrence; `spans` are those of `elements`."""
        occurrences = {
            fact.element: Occurrence(fact.value, fact.decimals, span)
            for fact, span in zip(self._tagged, spans, strict=True)
        }
        return tuple(
            FilingFact(
                fact.concept,
                fact.period_start,
                fact.period_end,
                fact.dimensions,
                fact.unit,
                fact.value,
                fact.decimals,
                tuple(occurrences[element] for element in fact.elements),
            )
            for fact in self._facts
        )


def _beyond_the_table(facts: Sequence[Fact]) -> Iterator[XbrlIssue]:
    for fact in facts:
        if fact.value is not None and not is_storable(fact.value):
            yield XbrlIssue.of(fact.concept, str(fact.value), "it has more digits than the facts table holds exactly")
