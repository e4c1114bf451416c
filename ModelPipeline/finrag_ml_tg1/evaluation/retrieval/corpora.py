"""The corpora that questions are asked over, as the documents they consist of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from finrag_ml_tg1.errors import FilingError, SettingsError
from finrag_ml_tg1.filings.batch import ReadSource
from finrag_ml_tg1.filings.cover.cover_words import company_in
from finrag_ml_tg1.filings.ingest import Source, find_sources, read_source
from finrag_ml_tg1.filings.paged.corpus import paged_sources
from finrag_ml_tg1.filings.paged.document import PagedDocument, written

__all__ = ["corpus_sources"]

_YEAR = re.compile(r"\b20[012]\d\b")
_NO_YEAR = 2019
_UNNAMED = "Unnamed filer"


def corpus_sources(dataset: str, corpus: Path) -> list[ReadSource]:
    """Return the calls that read the documents of a corpus; raises SettingsError when it is not of the dataset."""
    try:
        if dataset == "filings":
            return [partial(read_source, path) for path in find_sources([corpus])]
        if dataset == "financebench":
            return list(paged_sources(corpus))
        documents = _quarterly_reports if dataset == "docugami" else _contexts
        return [partial(_source, document) for document in documents(pl.read_parquet(corpus))]
    except (FilingError, PolarsError, OSError, KeyError) as error:
        raise SettingsError(f"--corpus {corpus}: no corpus of {dataset} ({error})") from error


def _source(document: PagedDocument) -> Source:
    return Source(document.identifier, written(document))


def _quarterly_reports(pages: pl.DataFrame) -> Iterator[PagedDocument]:
    """Pages of 10-Qs that tell the ticker, the year and the quarter; who filed stands on the first page."""
    for (name,), own in pages.sort("doc_name", "page_num").group_by("doc_name", maintain_order=True):
        first = own.row(0, named=True)
        company = first["ticker"]
        with suppress(FilingError):
            company = company_in(first["page_text"])
        yield PagedDocument(
            identifier=str(name),
            company=company,
            tickers=(first["ticker"],),
            form="10-Q",
            fiscal_year=int(first["year"]),
            fiscal_period=first["quarter"],
            pages=tuple(zip(own["page_num"].to_list(), own["page_text"].to_list(), strict=True)),
        )


def _contexts(contexts: pl.DataFrame) -> Iterator[PagedDocument]:
    """One page of a report each; some tell neither who filed it nor when."""
    for row in contexts.iter_rows(named=True):
        ticker = row["ticker"]
        yield PagedDocument(
            identifier=row["context_id"],
            company=ticker or _UNNAMED,
            tickers=(ticker,) if ticker else (),
            form="10-K",
            fiscal_year=int(row["year"] or _latest_year(row)),
            fiscal_period="FY",
            pages=((0, row["text"]),),
        )


def _latest_year(row: Mapping[str, Any]) -> int:
    return max(map(int, _YEAR.findall(row["text"])), default=_NO_YEAR)
