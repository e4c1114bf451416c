"""What the words of a report's first page say: form, registrant, period. For filings without tags, 1993 and later."""

from __future__ import annotations

import re
from datetime import date, datetime

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.vocabulary.months import MONTH, month_number

__all__ = ["company_in", "date_in", "form_in", "month_day_in", "period_in", "report_date_in"]

_DATE = (
    rf"(?:({MONTH})\.?[\s_]+(\d{{1,2}})[\s_]*(?:,[\s_]*|\s)((?:19|20)\d\d)|(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}|\d\d)"
    rf"|(\d{{1,2}})\s+({MONTH})\.?,?\s+((?:19|20)\d\d))(?!\d)"
)
_WRITTEN_DATE = re.compile(_DATE, re.IGNORECASE)
_PERIOD = re.compile(
    rf"(?:year|quarter|period|weeks|months)[\s_]+end(?:ed|ing)\s*:?[\s_]*(?:on\s+)?(?:[a-z]+day,?\s+)?({_DATE})",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    rf"date\s+of\s+report\s*:?\s*(?:\(?date\s+of\s+(?:the\s+)?earliest\s+event\s+reported\s*\)?)?[\s:_]*({_DATE})",
    re.IGNORECASE,
)
_TRANSITION = re.compile(rf"transition\s+period[\s_]+from[\s_]*:?[\s_]*{_DATE}[\s_]*to[\s_]*({_DATE})", re.IGNORECASE)
_FORM = re.compile(r"form\s+10\s?[-‑–]?\s?([kq])(?:[-\s]?(sb40|sb|t405|t|405)\b)?\s?(/\s?a\b)?", re.IGNORECASE)
_AMENDMENT = re.compile(r"\s*[\"”]?\s*\(?\s*amendment\s+n", re.IGNORECASE)
_REPORT = re.compile(r"(annual|quarterly)\s+report\s+(?:pursuant\s+to|under)\s+section\s+13", re.IGNORECASE)
_CHECKED_BOX = re.compile(
    r"(?:[\[({]\s*[x✓✔☒]\s*[\])}]|[☒☑þý])\s*\|?\s*(annual|transition|quarterly)\s+report", re.IGNORECASE
)
_CAPTION = re.compile(
    r"(?:exact\s+)?name\s+of\s+(?:the\s+)?(?:registrant|small\s+business\s+issuer|issuer)\b"
    r"(?:,?\s+(?:as\s+)?(?:it\s+appears|specified|stated|set\s+forth)?\s*in\s+(?:its|the)\s+charter)?\s*[)\]]?",
    re.IGNORECASE,
)
_FILE_NUMBER = re.compile(r"(?:commission|sec)\s+file|file\s+n(?:o|umber)", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"(?:--)?(\d{{1,2}})[-/](\d{{1,2}})|(\d\d)(\d\d)|({MONTH})\.?\s+(\d{{1,2}})", re.IGNORECASE)
_MAX_NAME_CHARS = 150
_FIRST_TWO_DIGIT_YEAR = 50


def form_in(opening: str) -> str:
    """Return the form, as "10-K405" or "10-K/A"; "" when the page names no annual or quarterly report."""
    match = _FORM.search(opening)
    if match is None:
        report = _REPORT.search(opening)
        return ("10-K" if report.group(1).lower() == "annual" else "10-Q") if report else ""
    form = f"10-{match.group(1)}{match.group(2) or ''}".upper()
    if form == "10-K" and _is_transition(opening):
        form = "10-KT"
    is_amended = match.group(3) or _AMENDMENT.match(opening, match.end())
    return f"{form}/A" if is_amended else form


def company_in(opening: str) -> str:
    """Return the name above, before or after "(Exact name of registrant …)"; FilingError when the page has none."""
    for caption in _CAPTION.finditer(opening):
        begin = opening.rfind("\n", 0, caption.start()) + 1
        same_line = _name(opening[begin : caption.start()])
        if same_line:
            return same_line
        after = opening[caption.end() :].split("\n", 1)[0]
        if after.lstrip().startswith(":") and _name(after):
            return _name(after)
        for line in reversed(opening[:begin].split("\n")):
            name = _name(line)
            if name:
                return name
    for file_number in _FILE_NUMBER.finditer(opening):
        # Covers without the caption print the name right below the file number.
        for line in opening[file_number.end() :].split("\n")[1:3]:
            if _name(line):
                return _name(line)
    raise FilingError("its first page names no registrant")


def _name(line: str) -> str:
    """The name in a line; "" for what is drawn, for file numbers, and for lines too long to be one."""
    name = " ".join(line.split(" | ", 1)[0].strip(" \t_-=:*([").split())
    is_name = any(char.isalpha() for char in name) and len(name) <= _MAX_NAME_CHARS
    return "" if not is_name or _FILE_NUMBER.match(name) else name


def date_in(words: str) -> date | None:
    """Return the first date written in words or figures; None when there is none, or no such day."""
    match = _WRITTEN_DATE.search(words)
    return _date(match.groups()) if match else None


def month_day_in(words: str) -> str:
    """Return a day of the year, written "--12-31", "12/31", "1231" or "December 31", as MM-DD; "" for anything else."""
    match = _MONTH_DAY.fullmatch(words.strip())
    if match is None:
        return ""
    name, day_after = match.group(5), match.group(6)
    month = int(match.group(1) or match.group(3) or month_number(name))
    day = int(match.group(2) or match.group(4) or day_after)
    return f"{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def period_in(opening: str) -> date | None:
    """Return the day on which the period of the report ends, as its first page states it; None when it does not."""
    if _is_transition(opening):
        for match in _TRANSITION.finditer(opening):
            end = date_in(match.group(10))
            if end:
                return end
    for match in _PERIOD.finditer(opening):
        end = date_in(match.group(1))
        if end:
            return end
    return None


def report_date_in(opening: str) -> date | None:
    """Return the date of a current report as its first page states it (Form 8-K, cover page); None when it does not."""
    match = _REPORTED.search(opening)
    return date_in(match.group(1)) if match else None


def _is_transition(opening: str) -> bool:
    """Whether the box of the transition report is checked, and that of the annual report is not."""
    checked = {match.group(1).lower() for match in _CHECKED_BOX.finditer(opening)}
    return checked == {"transition"}


def _date(groups: tuple[str | None, ...]) -> date | None:
    name, day, year, month_figure, day_figure, year_figure, day_before, name_after, year_after = groups
    month = month_figure or str(month_number(name or name_after or ""))
    full_year = int(year or year_figure or year_after or 0)
    if full_year < 100:
        full_year += 1900 if full_year >= _FIRST_TWO_DIGIT_YEAR else 2000
    try:
        return datetime(full_year, int(month), int(day or day_figure or day_before or 0)).date()
    except ValueError:
        return None
