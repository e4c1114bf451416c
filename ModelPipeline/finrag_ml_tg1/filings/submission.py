"""A file as it was handed in: a complete submission from EDGAR with its header, or the report alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from finrag_ml_tg1.filings.edgar.submission_text import SubmissionHeader, documents, main_document, read_header

__all__ = ["NO_HEADER", "Submission", "read_submission"]

NO_HEADER = SubmissionHeader(form="", company="", cik=None, period_end=None, filed=None, fiscal_year_end="", sic="")

_BEGINNING_BYTES = 20_000
_BEGINNING = re.compile(
    rb"^<(?:SEC-DOCUMENT|IMS-DOCUMENT|SEC-HEADER|IMS-HEADER|DOCUMENT)>", re.MULTILINE | re.IGNORECASE
)
_HEADER_END = re.compile(rb"^</(?:SEC|IMS)-HEADER>", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Submission:
    """The report's own bytes, and the facts of the header above them."""

    document: bytes
    header: SubmissionHeader


def read_submission(data: bytes) -> Submission:
    """Return the report in a file; FilingError when it is a submission that holds none."""
    if not _BEGINNING.search(data, 0, _BEGINNING_BYTES):
        return Submission(data, NO_HEADER)
    header = read_header(data)
    return Submission(_document(data, header), header)


def _document(data: bytes, header: SubmissionHeader) -> bytes:
    first = next(documents(data), None)
    if first is not None:
        return main_document(data, header.form or first.type)
    end = _HEADER_END.search(data)
    return data[end.end() :] if end else data
