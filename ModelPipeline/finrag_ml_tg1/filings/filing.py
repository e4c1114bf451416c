"""A filing as read: bytes in; cover, canonical text, blocks and items out. A pure function: any engine can run it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.cover.reading import LOCAL_CIK_BASE, Cover, read_cover
from finrag_ml_tg1.filings.document_bytes import accession_of, decompressed, stated_accession
from finrag_ml_tg1.filings.facts.printed import FilingFact, TaggedNumbers
from finrag_ml_tg1.filings.items.finding import find_items
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.notes import NoteSpan, TaggedNotes, find_notes
from finrag_ml_tg1.filings.paged.cover import as_its_filer_counts, cover_of_pages
from finrag_ml_tg1.filings.paged.document import read_paged
from finrag_ml_tg1.filings.paged.layout import as_html
from finrag_ml_tg1.filings.submission import read_submission
from finrag_ml_tg1.filings.tabular.model import TableReading
from finrag_ml_tg1.filings.tabular.reading import read_tables
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html, read_canonical
from finrag_ml_tg1.filings.text.links import InternalLinks
from finrag_ml_tg1.filings.xbrl.issues import XbrlIssue
from finrag_ml_tg1.vocabulary.items import STATEMENT_ITEMS, items_of_form

__all__ = ["Filing", "read_filing"]

_UNALLOCATED_CIKS = 9_000_000_000


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing. `sha256` is over the uncompressed bytes; `source_url` is None where SEC holds no such filing.

    `tables` are by the index of their block; `issues` are tagged numbers that could not be read.
    `page_numbers` are those of the pages of a filing kept as pages, in order; empty for any other.
    """

    accession: str
    sha256: str
    source_url: str | None
    cover: Cover
    document: CanonicalDocument
    items: tuple[ItemSpan, ...]
    tables: Mapping[int, TableReading]
    notes: tuple[NoteSpan, ...]
    facts: tuple[FilingFact, ...]
    issues: tuple[XbrlIssue, ...]
    page_numbers: tuple[int, ...] = ()


def read_filing(data: bytes, name: str, *, cik: int | None = None, tickers: tuple[str, ...] = ()) -> Filing:
    """Return the filing in `data`; raises FilingError with the reason when it is none.

    `data` is the report in HTML or plain text, or the complete submission that holds it, or its pages as
    `paged.document` writes them, or gzip of any. The accession number is looked for in the file's name and the
    submission's header; without one, the name of its pages or a local identifier from the content stands in. `cik` and
    `tickers` are taken where the document states none.
    """
    data = decompressed(data)
    paged = read_paged(data)
    submission = read_submission(data)
    root = parse_html(submission.document if paged is None else as_html(paged))
    links, numbers, notes = InternalLinks(root), TaggedNumbers(root), TaggedNotes(root)
    document = read_canonical(root, [*links.elements, *numbers.elements, *notes.elements])
    spans = iter(document.spans)
    link_spans, number_spans = (tuple(islice(spans, len(traced.elements))) for traced in (links, numbers))
    if not document.text.strip():
        raise FilingError("the document holds no visible text")
    header = submission.header if submission.header.cik is not None else replace(submission.header, cik=cik)
    cover = read_cover(root, document.text, header) if paged is None else cover_of_pages(paged, document.text)
    if not cover.tickers:
        cover = replace(cover, tickers=tickers)
    accession = accession_of(data, name)
    items = find_items(document, items_of_form(cover.form), links.placed(link_spans))
    tables = read_tables(document, cover if paged is None else as_its_filer_counts(cover, document.text))
    return Filing(
        accession=accession,
        sha256=hashlib.sha256(data).hexdigest(),
        source_url=_sec_url(cover.cik, accession) if paged is None and stated_accession(data, name) else None,
        cover=cover,
        document=document,
        items=items,
        tables=tables,
        notes=find_notes(document, notes.placed(tuple(spans)), _where_notes_stand(document, items, tables), items),
        facts=numbers.placed(number_spans),
        issues=numbers.issues,
        page_numbers=tuple(number for number, _ in paged.pages) if paged is not None else (),
    )


def _where_notes_stand(
    document: CanonicalDocument, items: Sequence[ItemSpan], tables: Mapping[int, TableReading]
) -> list[tuple[int, int]]:
    """The notes follow the primary statements, in their item or later, likeliest first.

    Where those were not recognised, they are in the item that has to hold them.
    """
    statements = [document.blocks[index].char_start for index, reading in tables.items() if reading.is_primary]
    if statements:
        first = min(statements)
        same_item = [span.char_end for span in items if span.char_start <= first < span.char_end]
        return [(first, end) for end in (*same_item, len(document.text))]
    return [(span.char_start, span.char_end) for span in items if span.item in STATEMENT_ITEMS]


def _sec_url(cik: int, accession: str) -> str | None:
    if cik >= _UNALLOCATED_CIKS:
        return None if cik < LOCAL_CIK_BASE else f"https://www.sec.gov/Archives/edgar/data/{accession}.txt"
    folder = accession.replace("-", "")
    return f"https://www.sec.gov/Archives/edgar/data/{cik}/{folder}/{accession}-index.htm"
