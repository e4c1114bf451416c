"""Who filed, on which form, for which period: from the document's own `dei:` tags, else from the words of its cover.

The fiscal year is the filer's label (`dei:DocumentFiscalYearFocus`), not the calendar year of the period's end: two
filers whose years end on the same day may label it differently.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import html

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.cover.cover_words import company_in, date_in, form_in, month_day_in, period_in
from finrag_ml_tg1.filings.cover.fiscal_year import fiscal_period_of, fiscal_year_of, fiscal_year_of_quarter
from finrag_ml_tg1.filings.edgar.submission_text import SubmissionHeader
from finrag_ml_tg1.filings.submission import NO_HEADER

__all__ = ["LOCAL_CIK_BASE", "Cover", "read_cover"]

# A filer whose document states no CIK gets a number above every possible CIK (ten digits), derived from its name.
LOCAL_CIK_BASE = 10_000_000_000

_COVER_CHARS = 12_000
_YEAR = re.compile(r"(?:19|20)\d\d")
_CIK = re.compile(r"\d{1,10}")
_TICKER = re.compile(r"[A-Z]{1,5}(?:[.-][A-Z])?")
# EDGAR's period of report is often the month's end where the year has 52 or 53 weeks.
_MAX_ROUNDING = timedelta(days=16)


@dataclass(frozen=True, slots=True)
class Cover:
    """A filing's identity. `notes` tell what the document left out and how it was filled.

    `filed` is known from a submission's header only.
    """

    company: str
    cik: int
    tickers: tuple[str, ...]
    form: str
    fiscal_year: int
    fiscal_period: str
    period_end: date
    fiscal_year_end: str
    notes: tuple[str, ...]
    filed: date | None = None


def read_cover(root: html.HtmlElement, text: str, header: SubmissionHeader = NO_HEADER) -> Cover:
    """Return the cover of a parsed filing with this canonical text; FilingError for another kind of document.

    `header` is that of the submission the document came in: EDGAR checked its form and CIK.
    """
    tags = _dei_tags(root)
    opening = text[:_COVER_CHARS]
    form = header.form or (tags.get("DocumentType") or form_in(opening)).upper()
    if not form.startswith(("10-K", "10-Q")):
        raise FilingError("neither its tags nor its first page name Form 10-K or 10-Q")
    company = tags.get("EntityRegistrantName") or header.company or company_in(opening)
    notes: list[str] = []
    period_end = _period_end(root, tags, opening, header, notes)
    fiscal_year_end = month_day_in(tags.get("CurrentFiscalYearEndDate", "")) or month_day_in(header.fiscal_year_end)
    label = tags.get("DocumentFiscalYearFocus", "")
    tagged = int(label) if _YEAR.fullmatch(label) else None
    if form.startswith("10-K"):
        year = fiscal_year_of(text, period_end, tagged)
        fiscal_period = "FY"
        fiscal_year_end = fiscal_year_end or f"{period_end:%m-%d}"
    else:
        year = fiscal_year_of_quarter(text, period_end, tagged, fiscal_year_end)
        fiscal_period = fiscal_period_of(period_end, fiscal_year_end)
    if year.note:
        notes.append(year.note)
    cik = _cik(header, tags.get("EntityCentralIndexKey", ""))
    if cik is None:
        cik = LOCAL_CIK_BASE + zlib.crc32(company.lower().encode())
        notes.append("the document states no CIK: a local number stands in for it")
    return Cover(
        company=company,
        cik=cik,
        tickers=_tickers(root),
        form=form,
        fiscal_year=year.label,
        fiscal_period=tags.get("DocumentFiscalPeriodFocus") or fiscal_period,
        period_end=period_end,
        fiscal_year_end=fiscal_year_end or f"{period_end:%m-%d}",
        notes=tuple(notes),
        filed=header.filed,
    )


def _period_end(
    root: html.HtmlElement, tags: dict[str, str], opening: str, header: SubmissionHeader, notes: list[str]
) -> date:
    """The tagged end, else the printed one, else EDGAR's, which decides when it is another month's than the printed."""
    tagged = _tagged_period_end(root) or date_in(tags.get("DocumentPeriodEndDate", ""))
    if tagged:
        return tagged
    printed = period_in(opening)
    if header.period_end and (printed is None or abs(printed - header.period_end) > _MAX_ROUNDING):
        if printed:
            notes.append(f"period end {header.period_end} taken from EDGAR's header: the first page says {printed}")
        return header.period_end
    if printed is None:
        raise FilingError('its first page states no period ("for the fiscal year ended …")')
    return printed


def _cik(header: SubmissionHeader, tagged: str) -> int | None:
    if header.cik is not None:
        return header.cik
    return int(tagged) if _CIK.fullmatch(tagged) else None


def _dei_elements(root: html.HtmlElement) -> list[tuple[str, html.HtmlElement]]:
    found = []
    for tag in ("ix:nonnumeric", "ix:nonfraction"):
        for element in root.iter(tag):
            name = element.get("name") or ""
            if name.startswith("dei:"):
                found.append((name[4:], element))
    return found


def _dei_tags(root: html.HtmlElement) -> dict[str, str]:
    """The first value of each dei tag, as printed."""
    tags: dict[str, str] = {}
    for name, element in _dei_elements(root):
        value = " ".join("".join(element.itertext()).split())
        if value:
            tags.setdefault(name, value)
    return tags


def _tagged_period_end(root: html.HtmlElement) -> date | None:
    """The end of the context that DocumentPeriodEndDate or DocumentType is reported in."""
    elements = dict(reversed(_dei_elements(root)))
    element = elements.get("DocumentPeriodEndDate", elements.get("DocumentType"))
    if element is None:
        return None
    reference = element.get("contextref")
    for context in root.iter("xbrli:context"):
        if context.get("id") == reference:
            for end in context.iter("xbrli:enddate"):
                return _iso_date_in((end.text or "").strip()[:10])
    return None


def _iso_date_in(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _tickers(root: html.HtmlElement) -> tuple[str, ...]:
    """Trading symbols of shares; listed notes carry digits and are left out unless there is nothing else."""
    symbols = ["".join(element.itertext()).strip() for name, element in _dei_elements(root) if name == "TradingSymbol"]
    shares = [symbol for symbol in symbols if _TICKER.fullmatch(symbol)]
    return tuple(dict.fromkeys(shares or [symbol for symbol in symbols if any(c.isalpha() for c in symbol)]))
