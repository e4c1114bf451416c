"""Companies made up for the EDGAR stand-in, with documents of their fiscal years."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from tests.unit.filings.documents import filing_html
from tests.unit.filings.edgar.edgar_server import EdgarServer
from tests.unit.filings.edgar.filer import columns

__all__ = ["ALDER", "BIRCH", "companyfacts", "document_path", "list_companies", "list_company", "list_years"]

ALDER, BIRCH = 9_990_000_401, 9_990_000_402
_TICKERS = {ALDER: "ALD", BIRCH: "BIR"}


def list_companies(edgar: EdgarServer) -> None:
    """Put both companies into the table of tickers."""
    table = {str(cik): {"cik_str": cik, "ticker": ticker, "title": ticker} for cik, ticker in _TICKERS.items()}
    edgar.files["/files/company_tickers.json"] = json.dumps(table).encode()


def accession_of_year(cik: int, year: int) -> str:
    return f"{cik:010d}-{(year + 1) % 100:02d}-000001"


def document_path(cik: int, year: int) -> str:
    """Return where the company's report on a fiscal year lies."""
    return f"/Archives/edgar/data/{cik}/{accession_of_year(cik, year).replace('-', '')}/report.htm"


def list_company(edgar: EdgarServer, cik: int, rows: Iterable[tuple[str, str, str, str, str]]) -> None:
    """List filings: accession, filed, period end, form, primary document."""
    document = {
        "cik": f"{cik:010d}",
        "name": f"{_TICKERS[cik]} Corp",
        "tickers": [_TICKERS[cik]],
        "fiscalYearEnd": "1231",
        "filings": {"recent": columns(rows), "files": []},
    }
    edgar.files[f"/submissions/CIK{cik:010d}.json"] = json.dumps(document).encode()


def list_years(edgar: EdgarServer, cik: int, years: Iterable[int]) -> None:
    """List and hold a 10-K of calendar years."""
    rows = []
    for year in sorted(years, reverse=True):
        rows.append((accession_of_year(cik, year), f"{year + 1}-02-20", f"{year}-12-31", "10-K", "report.htm"))
        edgar.files[document_path(cik, year)] = filing_html(f"{_TICKERS[cik]} Corp", cik=cik, year=year)
    list_company(edgar, cik, rows)


def companyfacts(cik: int, numbers: Iterable[tuple[str, int, str]]) -> bytes:
    """Return the SEC's file with revenues: accession, value and last day of the year, each under a misleading fy."""
    rows = [
        {
            "start": f"{end[:4]}-01-01",
            "end": end,
            "val": value,
            "accn": accession,
            "fy": 1901,
            "fp": "Q4",
            "form": "10-K",
            "filed": date(int(end[:4]) + 1, 2, 20).isoformat(),
        }
        for accession, value, end in numbers
    ]
    units = {"us-gaap": {"Revenues": {"label": "Revenues", "description": "", "units": {"USD": rows}}}}
    return json.dumps({"cik": cik, "entityName": "Alder Corp", "facts": units}).encode()
