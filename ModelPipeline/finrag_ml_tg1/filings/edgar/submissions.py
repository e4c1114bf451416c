"""A company's filings as data.sec.gov lists them: submissions/CIK##########.json and its pages of older filings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.fiscal_years import possible_fiscal_years
from finrag_ml_tg1.filings.edgar.selection import is_annual, is_asked_for

__all__ = ["FilingListing", "Submissions", "select_filings"]

_ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
_PAGE_NAME = re.compile(r"CIK\d{10}-submissions-\d{3,}\.json")


@dataclass(frozen=True, slots=True)
class FilingListing:
    """One filing as EDGAR lists it. `url` is its main document, or the whole submission's text when none is named.

    `company` and `fiscal_year_end` (MMDD, or empty) are the company's of today, not those at the time of filing.
    `fiscal_years` are the labels its year may carry: the cover, once read, decides which one it is.
    """

    cik: int
    company: str
    tickers: tuple[str, ...]
    form: str
    accession: str
    filed: date
    period_end: date | None
    primary_document: str
    url: str
    fiscal_year_end: str
    fiscal_years: frozenset[int]


def _date_or_none(value: object) -> date | None:
    """The period's end; some old rows have none. One row's slip must not hide all filings of a company."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


class _Columns(BaseModel):
    accession: list[str] = Field(alias="accessionNumber")
    filed: list[date] = Field(alias="filingDate")
    period_end: list[Annotated[date | None, BeforeValidator(_date_or_none)]] = Field(alias="reportDate")
    form: list[str]
    primary_document: list[str] = Field(alias="primaryDocument")

    @model_validator(mode="after")
    def _of_one_length(self) -> _Columns:
        columns = (self.accession, self.filed, self.period_end, self.form, self.primary_document)
        if len({len(column) for column in columns}) != 1:
            raise ValueError("the columns differ in length")
        return self


class _Page(BaseModel):
    name: str
    filed_to: date = Field(alias="filingTo")


class _Filings(BaseModel):
    recent: _Columns
    files: list[_Page] = Field(default_factory=list)


class _Document(BaseModel):
    name: str
    tickers: list[str] = Field(default_factory=list)
    fiscal_year_end: str | None = Field(default=None, alias="fiscalYearEnd")
    filings: _Filings


@dataclass(frozen=True, slots=True)
class _Row:
    accession: str
    filed: date
    period_end: date | None
    form: str
    primary_document: str


@dataclass(frozen=True, slots=True)
class Submissions:
    """A company and its filings; `older_pages` are (file name, date of the last filing in it)."""

    company: str
    tickers: tuple[str, ...]
    fiscal_year_end: str
    rows: tuple[_Row, ...]
    older_pages: tuple[tuple[str, date], ...]

    @classmethod
    def from_json(cls, data: bytes, source: str) -> Submissions:
        """Return what the file says; FilingError, naming `source`, when it does not have the documented form."""
        try:
            document = _Document.model_validate_json(data)
        except ValidationError as error:
            raise _malformed(error, source) from error
        pages = tuple((page.name, page.filed_to) for page in document.filings.files)
        for name, _ in pages:
            if not _PAGE_NAME.fullmatch(name):
                raise FilingError(f"{source} names a page of older filings in an unknown way: {name[:60]!r}")
        return cls(
            company=document.name,
            tickers=tuple(document.tickers),
            fiscal_year_end=document.fiscal_year_end or "",
            rows=_rows(document.filings.recent, source),
            older_pages=pages,
        )

    def pages_with(self, years: Iterable[int]) -> list[str]:
        """Return the names of the older pages that may list reports of these fiscal years.

        A report is filed after its period, which begins at the earliest in the calendar year before its label; however
        late it comes, so that no page is too new.
        """
        earliest = date(min(years) - 1, 1, 1)
        return [name for name, filed_to in self.older_pages if filed_to >= earliest]

    def with_older(self, data: bytes, source: str) -> Submissions:
        """Return these submissions with the filings of an older page added; FilingError as `from_json`."""
        try:
            columns = _Columns.model_validate_json(data)
        except ValidationError as error:
            raise _malformed(error, source) from error
        rows = (*self.rows, *_rows(columns, source))
        return Submissions(self.company, self.tickers, self.fiscal_year_end, rows, self.older_pages)


def select_filings(
    submissions: Submissions, cik: int, forms: tuple[str, ...], years: frozenset[int], archives_url: str
) -> list[FilingListing]:
    """Return the filings on one of `forms` that may belong to one of the fiscal `years`, newest first, each once."""
    year_ends = [row.period_end for row in submissions.rows if row.period_end and is_annual(row.form)]
    listings = {}
    for row in submissions.rows:
        if not is_asked_for(row.form, forms):
            continue
        fiscal_years = possible_fiscal_years(
            row.period_end,
            row.filed,
            annual=is_annual(row.form),
            year_ends=year_ends,
            fiscal_year_end=submissions.fiscal_year_end,
        )
        if fiscal_years.isdisjoint(years):
            continue
        listings[row.accession] = FilingListing(
            cik=cik,
            company=submissions.company,
            tickers=submissions.tickers,
            form=row.form,
            accession=row.accession,
            filed=row.filed,
            period_end=row.period_end,
            primary_document=row.primary_document,
            url=_document_url(archives_url, cik, row.accession, row.primary_document),
            fiscal_year_end=submissions.fiscal_year_end,
            fiscal_years=fiscal_years,
        )
    return sorted(listings.values(), key=lambda listing: (listing.filed, listing.accession), reverse=True)


def _document_url(archives_url: str, cik: int, accession: str, document: str) -> str:
    """Return the address of a filing's document; filings of before 2001 lie there as one text, without a folder."""
    folder = f"{archives_url}/Archives/edgar/data/{cik}"
    if not document:
        return f"{folder}/{accession}.txt"
    return f"{folder}/{accession.replace('-', '')}/{quote(document)}"


def _rows(columns: _Columns, source: str) -> tuple[_Row, ...]:
    rows = tuple(
        map(_Row, columns.accession, columns.filed, columns.period_end, columns.form, columns.primary_document)
    )
    for row in rows:
        document = row.primary_document
        if not _ACCESSION.fullmatch(row.accession) or document.startswith("/") or ".." in document.split("/"):
            raise FilingError(f"{source} lists a filing with an impossible number or path: {row.accession[:30]!r}")
    return rows


def _malformed(error: ValidationError, source: str) -> FilingError:
    where = ".".join(str(part) for part in error.errors()[0]["loc"][:4]) or "the whole"
    return FilingError(f"{source} does not have its documented form ({where})")
