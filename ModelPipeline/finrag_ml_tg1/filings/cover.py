"""Who filed, on which form, for which period: from the document's own `dei:` tags, else from the words of its cover.

The fiscal year is the filer's label (`dei:DocumentFiscalYearFocus`), not the calendar year of the period's end: two
filers whose years end on the same day may label it differently.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date, datetime

from lxml import html

from finrag_ml_tg1.errors import FilingError

__all__ = ["LOCAL_CIK_BASE", "Cover", "read_cover"]

# A filer whose document states no CIK gets a number above every possible CIK (ten digits), derived from its name.
LOCAL_CIK_BASE = 10_000_000_000

_COVER_CHARS = 12_000
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = re.compile(rf"({_MONTHS})\s+(\d{{1,2}})(?:\s*,\s*|\s+)(\d{{4}})", re.IGNORECASE)
_PERIOD = re.compile(
    rf"(?:fiscal\s+year|year|quarterly\s+period|period)\s+ended:?\s*((?:{_MONTHS})[^a-z]{{4,20}})", re.I
)
_FORM = re.compile(r"form\s+10[-‑–]\s?([kq](?:sb|405)?(?:/a)?)", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CIK = re.compile(r"\d{1,10}")
_NAME_CAPTION = re.compile(r"\(?exact\s+name\s+of\s+(?:the\s+)?registrant", re.IGNORECASE)
_TICKER = re.compile(r"[A-Z]{1,5}(?:[.-][A-Z])?")
_FIRST_WEEK_OF_JANUARY = 8


@dataclass(frozen=True, slots=True)
class Cover:
    """A filing's identity. `notes` tell what the document left out and how it was filled."""

    company: str
    cik: int
    tickers: tuple[str, ...]
    form: str
    fiscal_year: int
    fiscal_period: str
    period_end: date
    fiscal_year_end: str
    notes: tuple[str, ...]


def read_cover(root: html.HtmlElement, text: str) -> Cover:
    """Return the cover of a parsed filing with this canonical text; FilingError for another kind of document."""
    tags = _dei_tags(root)
    opening = text[:_COVER_CHARS]
    notes: list[str] = []
    form = (tags.get("DocumentType") or _form_in(opening)).upper()
    if not form.startswith(("10-K", "10-Q")):
        raise FilingError("neither its tags nor its first page name Form 10-K or 10-Q")
    company = tags.get("EntityRegistrantName") or _company_in(opening)
    period_end = _tagged_period_end(root) or _date_in(tags.get("DocumentPeriodEndDate", "")) or _period_in(opening)
    label = tags.get("DocumentFiscalYearFocus", "")
    if _YEAR.fullmatch(label):
        fiscal_year = int(label)
    else:
        fiscal_year = period_end.year - (period_end.month == 1 and period_end.day < _FIRST_WEEK_OF_JANUARY)
        notes.append("fiscal year taken from the period end on the cover: the document tags none")
    cik_text = tags.get("EntityCentralIndexKey", "")
    if _CIK.fullmatch(cik_text):
        cik = int(cik_text)
    else:
        cik = LOCAL_CIK_BASE + zlib.crc32(company.lower().encode())
        notes.append("the document states no CIK: a local number stands in for it")
    return Cover(
        company=company,
        cik=cik,
        tickers=_tickers(root),
        form=form,
        fiscal_year=fiscal_year,
        fiscal_period=tags.get("DocumentFiscalPeriodFocus") or ("FY" if form.startswith("10-K") else ""),
        period_end=period_end,
        fiscal_year_end=_month_day(tags.get("CurrentFiscalYearEndDate", ""), period_end),
        notes=tuple(notes),
    )


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


def _form_in(opening: str) -> str:
    match = _FORM.search(opening)
    return f"10-{match.group(1)}" if match else ""


def _company_in(opening: str) -> str:
    """The line above "(Exact name of registrant as specified in its charter)"."""
    match = _NAME_CAPTION.search(opening)
    lines = [line for line in opening[: match.start()].split("\n") if line.strip(" _-")] if match else []
    if not lines:
        raise FilingError("its first page names no registrant")
    return lines[-1].strip()


def _date_in(words: str) -> date | None:
    match = _DATE.search(words)
    if not match:
        return None
    try:
        return datetime.strptime(" ".join(match.groups()).title(), "%B %d %Y").date()
    except ValueError:
        return None


def _period_in(opening: str) -> date:
    for match in _PERIOD.finditer(opening):
        found = _date_in(match.group(1))
        if found:
            return found
    raise FilingError('its first page states no period ("for the fiscal year ended …")')


def _month_day(tagged: str, period_end: date) -> str:
    """`MM-DD` of the fiscal year's end; the tag is written `--MM-DD`."""
    match = re.fullmatch(r"--(\d\d-\d\d)", tagged)
    return match.group(1) if match else f"{period_end:%m-%d}"
