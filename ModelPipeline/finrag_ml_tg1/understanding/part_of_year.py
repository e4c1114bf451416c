"""Which part of a fiscal year a question asks for: a quarter, a half, nine months, the year to date."""

from __future__ import annotations

import re

__all__ = ["ORDINALS", "fiscal_part", "is_of_quarterly_report", "unread_part", "without_part_of_year"]

# No Form 10-Q is filed for a fourth quarter, and a "quarterly dividend" asks for no quarter.
_IN_QUARTERLY_REPORT = re.compile(
    r"\bq[1-3](?!\d\b|[a-z])|\b[1-3]q|\b(?:first|second|third|[123](?:st|nd|rd)|this|last|latest|recent)\s+quarters?\b"
    r"|\bquarterly\s+(?:reports?|filings?|results)\b|\b10-?q\b",
    re.IGNORECASE,
)
ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_NAMED_QUARTER = re.compile(
    r"\bq([1-4])(?:(?=\D|$)|(?=20\d\d\b))|\b([1-4])q(?=\d|\b)|"
    r"\b(first|second|third|fourth|1st|2nd|3rd|4th)[\s-]+quarters?\b",
    re.IGNORECASE,
)
_LONGER_PARTS = (
    ("H1", re.compile(r"\b(?:first|1st)[\s-]half\b|\b(?:h1|1h)(?=\d|\b)|\b(?:six|6)[\s-]months?\b", re.IGNORECASE)),
    ("H2", re.compile(r"\b(?:second|2nd|last|latter)[\s-]half\b|\b(?:h2|2h)(?=\d|\b)", re.IGNORECASE)),
    ("9M", re.compile(r"\b(?:first )?(?:nine|9)[\s-]months?\b|\bfirst three quarters\b", re.IGNORECASE)),
)
_KIND = r"(?!\s+(?:dividends?|reports?|filings?))"
_SOME_QUARTER = re.compile(
    rf"\b(?:this|last|latest|(?:most )?recent)\s+(?:fiscal\s+|reported\s+)?quarter(?:ly)?\b{_KIND}", re.IGNORECASE
)
_EACH_QUARTER = re.compile(
    rf"\bquarterly\b{_KIND}|\b(?:each|every|by|per|all(?: four)?(?: the)?)\s+quarters?\b", re.IGNORECASE
)
_YEAR_TO_DATE = re.compile(r"\byear[\s-]to[\s-]date\b|\bytd\b", re.IGNORECASE)
_TO_DATE = {"Q1": "Q1", "Q2": "H1", "Q3": "9M", "Q4": "FY", "H1": "H1", "9M": "9M"}
_TWELVE_MONTHS = re.compile(
    r"\b(?:ttm|ltm)\b|\b(?:trailing|rolling|last|past|latest|previous|recent)[\s-](?:twelve|12)[\s-]months?\b"
    r"|\b(?:trailing|last|past|latest|previous)[\s-](?:four|4)[\s-]quarters\b",
    re.IGNORECASE,
)
_SOME_PART = re.compile(
    r"(?<!\ba )(?<!-)\bquarters?\b(?!-(?:point|million|billion))|\bhalf[\s-]year\b"
    r"|\b(?:three|3)[\s-]months?\s+end(?:ed|ing)\b",
    re.IGNORECASE,
)


def fiscal_part(question: str) -> str:
    """Return "FY", "Q1" to "Q4", "H1", "H2", "9M", "Q" for the latest quarter, or "quarters" for each of the year."""
    part = _named_part(question)
    return _TO_DATE.get(part, part) if _YEAR_TO_DATE.search(question) else part


def is_of_quarterly_report(question: str) -> bool:
    """Return whether a Form 10-Q holds what is asked for."""
    return _IN_QUARTERLY_REPORT.search(question) is not None


def unread_part(question: str) -> str | None:
    """Return in a sentence why no period can be told for the words, None when one can: it is never the whole year."""
    if _TWELVE_MONTHS.search(question):
        return (
            "Twelve months that end within a fiscal year are not calculated: name a fiscal year, a quarter of it, or "
            "its first six or nine months."
        )
    part = _named_part(question)
    if _YEAR_TO_DATE.search(question) and part not in _TO_DATE:
        return "The year to date ends with a quarter, and none is named: name it, or the day it ends."
    if part == "FY" and _SOME_PART.search(question):
        return "Which part of the fiscal year is meant is not understood: name it as Q1 to Q4, or by the day it ends."
    return None


def without_part_of_year(text: str) -> str:
    """Return a text with a comma where it names a part of a year."""
    longer = (pattern for _, pattern in _LONGER_PARTS)
    for pattern in (_TWELVE_MONTHS, _YEAR_TO_DATE, *longer, _NAMED_QUARTER, _SOME_QUARTER, _EACH_QUARTER):
        text = pattern.sub(" , ", text)
    return text


def _named_part(question: str) -> str:
    for name, pattern in _LONGER_PARTS:
        if pattern.search(question):
            return name
    match = _NAMED_QUARTER.search(question)
    if match:
        return f"Q{match[1] or match[2] or ORDINALS[match[3].lower()]}"
    if _SOME_QUARTER.search(question):
        return "Q"
    return "quarters" if _EACH_QUARTER.search(question) else "FY"
