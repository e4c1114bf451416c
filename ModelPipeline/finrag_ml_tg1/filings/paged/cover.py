"""Who filed the pages, on which form, for which period: as their collector says, and as the first page prints."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date

from finrag_ml_tg1.filings.cover.cover_words import period_in, report_date_in
from finrag_ml_tg1.filings.cover.fiscal_year import fiscal_year_of
from finrag_ml_tg1.filings.cover.reading import LOCAL_CIK_BASE, Cover
from finrag_ml_tg1.filings.paged.document import PagedDocument

__all__ = ["as_its_filer_counts", "cover_of_pages"]

_COVER_CHARS = 12_000
# A collector may label a report with the year before or after, a current report even with another.
_MOST_YEARS_APART = 2
_NO_NUMBERS = "no numbers are taken from its tables, as it does not tell on which days the filer's fiscal years end"
_QUARTER_ENDS = {"Q1": (3, 31), "Q2": (6, 30), "Q3": (9, 30)}


def cover_of_pages(document: PagedDocument, text: str) -> Cover:
    """Return the cover. The company's number is made from its name, as the pages carry none."""
    is_annual = document.form.startswith("10-K")
    numbers = "numbers are read from its statement tables, without tags" if is_annual else _NO_NUMBERS
    notes = [f"read from the text of its pages: {numbers}"]
    opening = " ".join(text[:_COVER_CHARS].split())
    period_end = (report_date_in(opening) if document.form.startswith("8-K") else None) or period_in(opening)
    if period_end is None or abs(period_end.year - document.fiscal_year) > _MOST_YEARS_APART:
        month, day = _QUARTER_ENDS.get(document.fiscal_period, (12, 31))
        period_end = date(document.fiscal_year, month, day)
        notes.append(f"its first page states no period: {period_end.isoformat()} stands in for the period's end")
    own_label = fiscal_year_of(text, period_end, None).label
    if is_annual and own_label != document.fiscal_year:
        notes.append(f"held as fiscal {document.fiscal_year}; its filer calls the year fiscal {own_label}")
    return Cover(
        company=document.company,
        cik=LOCAL_CIK_BASE + zlib.crc32(document.company.lower().encode()),
        tickers=document.tickers,
        form=document.form,
        fiscal_year=document.fiscal_year,
        fiscal_period="FY" if is_annual else document.fiscal_period,
        period_end=period_end,
        fiscal_year_end=f"{period_end:%m-%d}" if is_annual else "12-31",
        notes=tuple(notes),
    )


def as_its_filer_counts(cover: Cover, text: str) -> Cover:
    """Return the cover with the year's label that the filer prints over its columns, whatever its collector says."""
    if not cover.form.startswith("10-K"):
        return cover
    return replace(cover, fiscal_year=fiscal_year_of(text, cover.period_end, None).label)
