"""A complete submission, the one text file as which EDGAR keeps a filing: header facts and the documents inside.

The form is that of EDGAR's Public Dissemination Service: `<SEC-HEADER>` (`<IMS-HEADER>` before 2000) with lines
`NAME:  value`, then `<DOCUMENT>` sections, each with `<TYPE>`, … and `<TEXT>`. Tags stand at the start of a line.
Closing tags may be missing: a section ends where the next begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.selection import family

__all__ = [
    "SubmissionDocument",
    "SubmissionHeader",
    "documents",
    "main_document",
    "read_header",
]

_MAX_HEADER_BYTES = 1_000_000
_MAX_DOCUMENT_HEAD_BYTES = 10_000
_DOCUMENT = re.compile(rb"^<DOCUMENT>[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_TEXT = re.compile(rb"^<TEXT>[ \t]*(?:\r?\n|\Z)?", re.MULTILINE | re.IGNORECASE)
_END = re.compile(rb"\r?\n</(?:TEXT|DOCUMENT|SEC-DOCUMENT|IMS-DOCUMENT)>", re.IGNORECASE)
_LINE_BREAK_AT_END = re.compile(rb"\r?\n\Z")
_TAG = re.compile(rb"^<(TYPE|SEQUENCE|FILENAME|DESCRIPTION)>([^\r\n<]*)", re.MULTILINE | re.IGNORECASE)
_FIELD = re.compile(r"^[ \t]*([A-Z][A-Z -]{2,60}):[ \t]*([^\r\n]*)", re.MULTILINE)
_WRAPPER = re.compile(rb"\s*<(XBRL|XML)>[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SubmissionHeader:
    """The header's facts; of several filers the first. What the header leaves out is empty or None."""

    form: str
    company: str
    cik: int | None
    period_end: date | None
    filed: date | None
    fiscal_year_end: str
    sic: str


@dataclass(frozen=True, slots=True)
class SubmissionDocument:
    """One document; `start` and `end` are where its text lies in the submission, in bytes."""

    type: str
    filename: str
    description: str
    start: int
    end: int


def read_header(data: bytes) -> SubmissionHeader:
    """Return the facts of the header, the part before the first document; never fails, at worst all are empty."""
    first = _DOCUMENT.search(data)
    header = data[: min(first.start() if first else len(data), _MAX_HEADER_BYTES)].decode("latin-1")
    values: dict[str, str] = {}
    for name, value in _FIELD.findall(header):
        values.setdefault(name, value.strip())
    cik = values.get("CENTRAL INDEX KEY", "")
    fiscal_year_end = values.get("FISCAL YEAR END", "")
    sic = re.search(r"\[(\d{3,4})\]|^(\d{3,4})$", values.get("STANDARD INDUSTRIAL CLASSIFICATION", ""))
    return SubmissionHeader(
        form=values.get("CONFORMED SUBMISSION TYPE", "").upper(),
        company=values.get("COMPANY CONFORMED NAME", ""),
        cik=int(cik) if re.fullmatch(r"[0-9]{1,10}", cik) else None,
        period_end=_date(values.get("CONFORMED PERIOD OF REPORT", "")),
        filed=_date(values.get("FILED AS OF DATE", "")),
        fiscal_year_end=fiscal_year_end if re.fullmatch(r"[0-9]{4}", fiscal_year_end) else "",
        sic=(sic.group(1) or sic.group(2)) if sic else "",
    )


def documents(data: bytes) -> Iterator[SubmissionDocument]:
    """Yield the submission's documents in their order; one without a `<TEXT>` is left out, as nothing is in it."""
    opened = list(_DOCUMENT.finditer(data))
    limits = [match.start() for match in opened[1:]] + [len(data)]
    for start, limit in zip((match.end() for match in opened), limits, strict=False):
        text = _TEXT.search(data, start, limit)
        if text is None:
            continue
        head = data[start : min(text.start(), start + _MAX_DOCUMENT_HEAD_BYTES)]
        tags = {name.upper(): value.strip().decode("latin-1") for name, value in _TAG.findall(head)}
        yield SubmissionDocument(
            type=tags.get(b"TYPE", "").upper(),
            filename=tags.get(b"FILENAME", ""),
            description=tags.get(b"DESCRIPTION", ""),
            start=text.end(),
            end=_end_of_text(data, text.end(), limit),
        )


def main_document(data: bytes, form: str) -> bytes:
    """Return the report itself: the first document of the form's family (10-K405 for 10-K), as filed.

    A first document that does not tell its type is taken for the report. Raises FilingError when there is none.
    """
    wanted = family(form)
    found = list(documents(data))
    for position, document in enumerate(found):
        if family(document.type) == wanted or (position == 0 and not document.type):
            return _content(data, document)
    types = ", ".join(dict.fromkeys(document.type[:20] for document in found[:10])) or "no document at all"
    raise FilingError(f"the submission holds no {wanted}, but {types}")


def _end_of_text(data: bytes, start: int, limit: int) -> int:
    """Return where a text ends: before the line break in front of its closing tag, or of the next section."""
    match = _END.search(data, start - 1, limit)  # an empty text has that line break in front of it
    if match is None:
        match = _LINE_BREAK_AT_END.search(data, max(start, limit - 2), limit)
    return max(start, match.start()) if match else limit


def _content(data: bytes, document: SubmissionDocument) -> bytes:
    """Return a document's text without the `<XBRL>` or `<XML>` that marks its kind in newer submissions."""
    text = data[document.start : document.end]
    wrapper = _WRAPPER.match(text)
    if wrapper is None:
        return text
    inner = text[wrapper.end() :].rstrip()
    closing = b"</" + wrapper.group(1).upper() + b">"
    return inner[: -len(closing)].rstrip() if inner[-len(closing) :].upper() == closing else inner


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
