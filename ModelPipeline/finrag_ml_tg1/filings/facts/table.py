"""The rows of the facts table: each tagged number once, with the row it is printed in and the passage that shows it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import polars as pl

from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact
from finrag_ml_tg1.filings.facts.fiscal_labels import FiscalLabels
from finrag_ml_tg1.filings.facts.places import PrintedPlaces, path_of
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.paged.footing import has_certain_unit, statements_in_doubt
from finrag_ml_tg1.filings.paged.totals import names_of_totals
from finrag_ml_tg1.filings.passages.building import Passage
from finrag_ml_tg1.filings.passages.identifiers import PassageIdentifiers
from finrag_ml_tg1.filings.table_schemas import FACTS_SCHEMA, is_storable
from finrag_ml_tg1.filings.tabular.model import NumberCell, RowReading, TableReading
from finrag_ml_tg1.filings.xbrl.issues import XbrlIssue

__all__ = ["facts_left_out", "facts_table", "words_of_concept"]

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def words_of_concept(concept: str) -> str:
    """Return a concept's name as words: "us-gaap:NetIncomeLoss" is "Net income loss"."""
    words = _WORD.findall(concept.rpartition(":")[2])
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return text[:1].upper() + text[1:]


def facts_table(filing: Filing, passages: Sequence[Passage], company_facts: Sequence[CompanyFact] = ()) -> pl.DataFrame:
    """Return the filing's facts, sorted by concept and period.

    The numbers it tags (`source` "tagged"), those that SEC holds of this filing and the document does not tag, since
    an exhibit does ("companyfacts"), and where it tags none, those of its primary statements as printed ("table").
    A fact printed in several places stands where it is best read: a primary statement, then another table, then
    prose; only places that print its most precise value count. `value` is null for a fact that is tagged as nil: the
    filer says that there is no such number. `row_label` is as printed, the words of the concept for a row of a table
    without a label, "" outside tables. `passage_id` is null where the number is not printed. Numbers that the column
    cannot hold exactly are not in the table: see `facts_left_out`.
    """
    rows = [*_tagged_rows(filing), *_company_rows(filing, company_facts), *_printed_rows(filing)]
    identifiers = PassageIdentifiers(filing.accession, passages)
    for row in rows:
        row["passage_id"] = identifiers.at(row["char_start"])
    cover = filing.cover
    common = {"cik": cover.cik, "accession": filing.accession, "form": cover.form}
    table = pl.DataFrame([common | row for row in rows], schema=FACTS_SCHEMA)
    return table.sort("concept", "dimensions", "period_end", "period_start", "char_start", nulls_last=True)


def facts_left_out(filing: Filing, company_facts: Sequence[CompanyFact] = ()) -> tuple[XbrlIssue, ...]:
    """Return the numbers from outside the filing's tags that the table has no exact place for.

    Those of its tags are among the filing's `issues`.
    """
    numbers = [(fact.concept, fact.value) for fact in _untagged(filing, company_facts)]
    numbers += [(row.label, cell.value) for _, row, cell in _statement_cells(filing)]
    reason = "it has more digits than the facts table holds exactly"
    return tuple(XbrlIssue.of(name, str(value), reason) for name, value in numbers if not is_storable(value))


def _tagged_rows(filing: Filing) -> Iterator[dict[str, Any]]:
    places = PrintedPlaces(filing)
    labels = FiscalLabels(filing.cover, _durations((fact.period_start, fact.period_end) for fact in filing.facts))
    for fact in filing.facts:
        if fact.value is not None and not is_storable(fact.value):
            continue
        place = places.best(occurrence for occurrence in fact.occurrences if occurrence.value == fact.value)
        label = words_of_concept(fact.concept)
        if fact.concept.startswith("dei:"):
            # Facts about the filing itself, such as the shares outstanding when it was filed.
            fiscal_year, fiscal_period = filing.cover.fiscal_year, filing.cover.fiscal_period
        else:
            fiscal_year, fiscal_period = labels.label(fact.period_start, fact.period_end)
        yield {
            "concept": fact.concept,
            "label": label,
            "row_label": place.row_label or (label if place.is_in_table else ""),
            "row_path": place.row_path,
            "statement": place.statement,
            "value": fact.value,
            "unit": fact.unit,
            "decimals": fact.decimals,
            "period_start": fact.period_start,
            "period_end": fact.period_end,
            "dimensions": "|".join(f"{axis}={member}" for axis, member in fact.dimensions),
            "fiscal_year": fiscal_year,
            "fiscal_period": fiscal_period,
            "source": "tagged",
            "char_start": place.span[0] if place.span else None,
            "char_end": place.span[1] if place.span else None,
            "occurrences": len(fact.occurrences),
        }


def _durations(periods: Iterable[tuple[date | None, date | None]]) -> Iterator[tuple[date, date]]:
    return ((start, end) for start, end in periods if start is not None and end is not None)


def _untagged(filing: Filing, company_facts: Sequence[CompanyFact]) -> list[CompanyFact]:
    """The numbers that SEC holds of this very filing, without those its document tags."""
    tagged = {(fact.concept, fact.unit, fact.period_start, fact.period_end) for fact in filing.facts}
    return [
        fact
        for fact in company_facts
        if fact.accession == filing.accession
        and (fact.concept, fact.unit, fact.period_start, fact.period_end) not in tagged
    ]


def _company_rows(filing: Filing, company_facts: Sequence[CompanyFact]) -> Iterator[dict[str, Any]]:
    """What `fy` and `fp` say of a number is not read: they describe the filing."""
    facts = _untagged(filing, company_facts)
    labels = FiscalLabels(filing.cover, _durations((fact.period_start, fact.period_end) for fact in facts))
    for fact in facts:
        if not is_storable(fact.value):
            continue
        fiscal_year, fiscal_period = labels.label(fact.period_start, fact.period_end)
        yield {
            "concept": fact.concept,
            "label": words_of_concept(fact.concept),
            "row_label": "",
            "row_path": "",
            "statement": "none",
            "value": fact.value,
            "unit": fact.unit,
            "decimals": None,
            "period_start": fact.period_start,
            "period_end": fact.period_end,
            "dimensions": "",
            "fiscal_year": fiscal_year,
            "fiscal_period": fiscal_period,
            "source": "companyfacts",
            "char_start": None,
            "char_end": None,
            "occurrences": 1,
        }


def _statement_cells(filing: Filing) -> Iterator[tuple[TableReading, RowReading, NumberCell]]:
    """The numbers of primary statements whose period is known, of a filing that tags none.

    Where two numbers of a row are of the same period nobody can tell which of them is the filer's. Statements of a
    filing kept as pages that are in doubt give none, nor do its quarterly and current reports: which fiscal year a
    quarter is of cannot be told from them.
    """
    if filing.facts or (filing.page_numbers and not filing.cover.form.startswith("10-K")):
        return
    doubts = statements_in_doubt(filing) if filing.page_numbers else {}
    for reading in filing.tables.values():
        if not reading.is_primary or reading.statement in doubts:
            continue
        for row in reading.rows:
            times = Counter((cell.period_start, cell.period_end, _component(reading, cell)) for cell in row.cells)
            for cell in row.cells:
                is_alone = times[cell.period_start, cell.period_end, _component(reading, cell)] == 1
                is_sure = not filing.page_numbers or has_certain_unit(reading.statement, row.label, cell.unit)
                if cell.period_end is not None and is_alone and is_sure:
                    yield reading, row, cell


def _component(reading: TableReading, cell: NumberCell) -> str:
    """What the column stands for where that is no period: a component of equity; "" for the whole company."""
    column = reading.columns[cell.column]
    return "" if column.period_end is not None or not column.heading else f"column={column.heading[-1]}"


def _printed_rows(filing: Filing) -> Iterator[dict[str, Any]]:
    """The numbers of primary statements that carry no tags: concept is empty, the row's label says what they are."""
    names = names_of_totals(filing.tables.values()) if filing.page_numbers else {}
    cells = list(_statement_cells(filing))
    labels = FiscalLabels(filing.cover, _durations((cell.period_start, cell.period_end) for _, _, cell in cells))
    for reading, row, cell in cells:
        if cell.period_end is None or not is_storable(cell.value):
            continue
        fiscal_year, fiscal_period = labels.label(cell.period_start, cell.period_end)
        label = row.label or names.get((reading.block, row.index), "")
        yield {
            "concept": "",
            "label": label,
            "row_label": label,
            "row_path": path_of(row),
            "statement": reading.statement,
            "value": cell.value,
            "unit": cell.unit,
            "decimals": str(-cell.scale) if cell.scale > 0 else None,
            "period_start": cell.period_start,
            "period_end": cell.period_end,
            "dimensions": _component(reading, cell),
            "fiscal_year": fiscal_year,
            "fiscal_period": fiscal_period,
            "source": "table",
            "char_start": cell.char_start,
            "char_end": cell.char_end,
            "occurrences": 1,
        }
