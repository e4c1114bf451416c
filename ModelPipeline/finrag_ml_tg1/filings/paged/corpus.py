"""A Parquet file of pages to the documents in it: one row a page, with who filed it, on which form, for which year."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.ingest import Source
from finrag_ml_tg1.filings.paged.document import PagedDocument, written

__all__ = ["paged_sources"]

_COLUMNS = ("doc_name", "company", "ticker", "doc_type", "doc_period", "quarter", "page_num", "page_text")
_FORMS = {"10k": "10-K", "10q": "10-Q", "8k": "8-K", "earnings": "8-K EX-99"}


def paged_sources(path: Path, named: Collection[str] = ()) -> list[partial[Source]]:
    """Return for each document of the file, or each of those named, the call that reads it, in the file's order.

    Raises FilingError when the file is no Parquet of pages, saying which columns there have to be, and when it lacks a
    document that is named.
    """
    try:
        held = list(pl.read_parquet_schema(path))
        names = pl.scan_parquet(path).select("doc_name").unique(maintain_order=True).collect()["doc_name"].to_list()
    except (PolarsError, OSError) as error:
        raise FilingError(f"{path.name}: no Parquet file of pages with the column doc_name") from error
    missing = [column for column in _COLUMNS if column not in held]
    if missing:
        raise FilingError(f"{path.name}: a file of pages needs the columns {', '.join(missing)}")
    unknown = sorted(set(named) - set(names))
    if unknown:
        raise FilingError(f"{path.name}: it holds no document {', '.join(unknown)}")
    return [partial(_source, path, name) for name in names if not named or name in named]


def _source(path: Path, name: str) -> Source:
    pages = pl.scan_parquet(path).filter(pl.col("doc_name") == name).select(_COLUMNS).sort("page_num").collect()
    first = pages.row(0, named=True)
    form = _FORMS.get(str(first["doc_type"]).lower())
    if form is None or first["doc_period"] is None:
        raise FilingError(f"{name}: {first['doc_type']!r} for {first['doc_period']} is no form and year that is read")
    document = PagedDocument(
        identifier=name,
        company=first["company"],
        tickers=(first["ticker"],) if first["ticker"] else (),
        form=form,
        fiscal_year=int(first["doc_period"]),
        fiscal_period=first["quarter"] or "",
        pages=tuple(zip(pages["page_num"].to_list(), (text or "" for text in pages["page_text"]), strict=True)),
    )
    return Source(name, written(document))
