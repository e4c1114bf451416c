"""One filing's bytes to its rows in the tables: a pure function, so that any engine can run it anywhere.

Everything in and out can be sent between processes and machines; nothing is read or written on the way.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.checks.report import check_filing
from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact
from finrag_ml_tg1.filings.facts.table import facts_left_out, facts_table
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.items.pointers import pointer_in
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.paged.footing import statements_in_doubt
from finrag_ml_tg1.filings.passages.building import Passage, build_passages
from finrag_ml_tg1.filings.passages.identifiers import PassageIdentifiers
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.filings.table_schemas import FILINGS_SCHEMA, PASSAGES_SCHEMA, READER_VERSION, to_parquet

__all__ = ["FilingTables", "Provenance", "extract_tables", "filing_row"]

_MAX_ISSUES_TOLD = 3


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of a filing from where it was fetched, and may stand nowhere in it.

    `company_facts` are the numbers SEC holds of this filing; they are taken where the filing itself tags none.
    """

    filed: date | None = None
    source_url: str | None = None
    cik: int | None = None
    tickers: tuple[str, ...] = ()
    company_facts: tuple[CompanyFact, ...] = ()


_UNKNOWN = Provenance()


@dataclass(frozen=True, slots=True)
class FilingTables:
    """What is stored of one filing: compressed text, Parquet bytes, and its names. `notes` are for people."""

    cik: int
    accession: str
    sha256: str
    description: str
    fiscal_year: int
    text: bytes
    passages: bytes
    facts: bytes
    row: bytes
    passage_count: int
    fact_count: int
    notes: tuple[str, ...]


def extract_tables(
    document: bytes, name: str, token_offsets: TokenOffsets, provenance: Provenance = _UNKNOWN
) -> FilingTables:
    """Read a filing's document, named `name`, into its tables; raises FilingError when it is no readable filing."""
    filing = read_filing(document, name, cik=provenance.cik, tickers=provenance.tickers)
    passages = build_passages(filing, token_offsets)
    if not passages:
        raise FilingError("the document holds nothing but page numbers and running heads")
    facts = facts_table(filing, passages, provenance.company_facts)
    cover = filing.cover
    row = filing_row(filing, passages, facts, provenance)
    return FilingTables(
        cik=cover.cik,
        accession=filing.accession,
        sha256=filing.sha256,
        description=f"{cover.company} {cover.form} FY{cover.fiscal_year}",
        fiscal_year=cover.fiscal_year,
        text=gzip.compress(filing.document.text.encode(), mtime=0),
        passages=to_parquet(_passages_table(filing, passages)),
        facts=to_parquet(facts),
        row=to_parquet(pl.DataFrame([row], schema=FILINGS_SCHEMA)),
        passage_count=len(passages),
        fact_count=facts.height,
        notes=tuple(row["notes"]),
    )


def _gaps(filing: Filing, provenance: Provenance) -> Iterator[str]:
    if not filing.items:
        yield "no item headings were recognised: its text is searchable but carries no item"
    if filing.page_numbers and filing.cover.form.startswith("10-K"):
        for reason in statements_in_doubt(filing).values():
            yield f"no number was taken from a statement: {reason}"
    issues = (*filing.issues, *facts_left_out(filing, provenance.company_facts))
    for issue in issues[:_MAX_ISSUES_TOLD]:
        yield f"number in doubt: {issue.concept} {issue.text!r}: {issue.reason}"
    if len(issues) > _MAX_ISSUES_TOLD:
        yield f"numbers in doubt: {len(issues)} in all"


def _passages_table(filing: Filing, passages: Sequence[Passage]) -> pl.DataFrame:
    cover = filing.cover
    identifiers = PassageIdentifiers(filing.accession, passages)
    rows = [
        {
            "passage_id": identifiers.of(passage),
            "cik": cover.cik,
            "fiscal_year": cover.fiscal_year,
            "form": cover.form,
            "accession": filing.accession,
            "item": passage.item,
            "kind": passage.kind,
            "statement": passage.statement,
            "note": passage.note,
            "heading": passage.heading,
            "position": passage.position,
            "char_start": passage.char_start,
            "char_end": passage.char_end,
            "page_num": passage.page_num,
            "lead": passage.lead,
            "text": passage.text,
        }
        for passage in passages
    ]
    return pl.DataFrame(rows, schema=PASSAGES_SCHEMA)


def filing_row(
    filing: Filing, passages: Sequence[Passage], facts: pl.DataFrame, provenance: Provenance = _UNKNOWN
) -> dict[str, Any]:
    """Return the filing's row of the `filings` table; `facts` is its facts table."""
    cover = filing.cover
    checks = check_filing(filing, facts, PassageIdentifiers(filing.accession, passages))
    return {
        "cik": cover.cik,
        "tickers": list(cover.tickers),
        "company": cover.company,
        "form": cover.form,
        "accession": filing.accession,
        "fiscal_year": cover.fiscal_year,
        "fiscal_period": cover.fiscal_period,
        "period_end": cover.period_end,
        "fiscal_year_end": cover.fiscal_year_end,
        "filed": provenance.filed or cover.filed,
        "source_url": provenance.source_url or filing.source_url,
        "sha256": filing.sha256,
        "reader_version": READER_VERSION,
        "characters": len(filing.document.text),
        "passages": len(passages),
        "facts": facts.height,
        "checks_made": checks.made,
        "checks_held": checks.held,
        "items": [_item(filing, span) for span in filing.items],
        "notes": [*cover.notes, *_gaps(filing, provenance), *checks.mismatches],
    }


def _item(filing: Filing, span: ItemSpan) -> dict[str, object]:
    document = filing.document
    words = [
        document.text_of(block)
        for block in document.blocks
        if block.kind != "furniture" and span.char_start <= block.char_start and block.char_end <= span.char_end
    ]
    return {
        "item": span.item,
        "char_start": span.char_start,
        "char_end": span.char_end,
        "confidence": span.confidence,
        "basis": span.basis,
        "pointer": pointer_in("\n\n".join(words) or document.text[span.char_start : span.char_end]),
    }
