"""A filing as the text of its pages, with who filed what for which year: the bytes that are stored of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from finrag_ml_tg1.errors import FilingError

__all__ = ["PagedDocument", "identifier_of", "read_paged", "written"]

_KIND = "finrag pages 1"
_OPENING = json.dumps({"kind": _KIND})[:-1].encode()
_IDENTIFIER = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class PagedDocument:
    """One filing; `pages` are (page number, text) in order. `fiscal_year` is the label its collector gave it.

    `identifier` stands where filings have an accession number: the pages tell none.
    """

    identifier: str
    company: str
    tickers: tuple[str, ...]
    form: str
    fiscal_year: int
    fiscal_period: str
    pages: tuple[tuple[int, str], ...]


def identifier_of(name: str) -> str:
    """Return what stands for a filing that its collector calls `name`, where others have an accession number."""
    return _IDENTIFIER.sub("-", name)


def written(document: PagedDocument) -> bytes:
    """Return the document as bytes, which `read_paged` reads."""
    record = {
        "kind": _KIND,
        "identifier": identifier_of(document.identifier),
        "company": document.company,
        "tickers": list(document.tickers),
        "form": document.form,
        "fiscal_year": document.fiscal_year,
        "fiscal_period": document.fiscal_period,
        "pages": [list(page) for page in document.pages],
    }
    return json.dumps(record, ensure_ascii=False).encode()


def read_paged(data: bytes) -> PagedDocument | None:
    """Return the document in these bytes, None when they are of another kind; raises FilingError when damaged."""
    if not data.startswith(_OPENING):
        return None
    try:
        record = json.loads(data)
        return PagedDocument(
            identifier=record["identifier"],
            company=record["company"],
            tickers=tuple(record["tickers"]),
            form=record["form"],
            fiscal_year=int(record["fiscal_year"]),
            fiscal_period=record["fiscal_period"],
            pages=tuple((int(number), str(text)) for number, text in record["pages"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FilingError(f"the pages are damaged: {error}") from error
