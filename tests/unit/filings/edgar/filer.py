"""A made-up filer on the EDGAR stand-in: its lists, documents and an old complete submission."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.unit.filings.edgar.edgar_server import EdgarServer

__all__ = ["CIK", "CONTACT", "Row", "columns", "list_filer", "list_tickers", "old_submission"]

CIK = 9990000200
CONTACT = "Example Research jane@example.com"
Row = tuple[str, str, str, str, str]  # accession, filed, period end, form, primary document


def columns(rows: Iterable[Row]) -> dict[str, list[str]]:
    names = ("accessionNumber", "filingDate", "reportDate", "form", "primaryDocument")
    values = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: list(column) for name, column in zip(names, values, strict=True)}


def list_filer(
    edgar: EdgarServer, rows: Iterable[Row], older: dict[str, list[Row]] | None = None, fiscal_year_end: str = "1231"
) -> None:
    files = []
    for number, (filed_to, page) in enumerate((older or {}).items(), start=1):
        name = f"CIK{CIK:010d}-submissions-{number:03d}.json"
        files.append({"name": name, "filingCount": len(page), "filingFrom": "1994-01-01", "filingTo": filed_to})
        edgar.files[f"/submissions/{name}"] = json.dumps(columns(page)).encode()
    document = {
        "cik": f"{CIK:010d}",
        "name": "Polar Ltd",
        "tickers": ["PLR", "PLR-B"],
        "fiscalYearEnd": fiscal_year_end,
        "filings": {"recent": columns(rows), "files": files},
    }
    edgar.files[f"/submissions/CIK{CIK:010d}.json"] = json.dumps(document).encode()


def list_tickers(edgar: EdgarServer) -> None:
    rows = [(CIK, "PLR", "Polar Ltd"), (1067983, "BRK-B", "Berkshire Hathaway Inc"), (320193, "AAPL", "Apple Inc.")]
    table = {str(n): {"cik_str": cik, "ticker": t, "title": name} for n, (cik, t, name) in enumerate(rows)}
    edgar.files["/files/company_tickers.json"] = json.dumps(table).encode()


def old_submission(documents: Iterable[tuple[str, bytes]], form: str = "10-K405") -> bytes:
    header = f"""<SEC-DOCUMENT>9990000200-96-000003.txt : 19960329
<SEC-HEADER>9990000200-96-000003.hdr.sgml : 19960329
ACCESSION NUMBER:\t\t9990000200-96-000003
CONFORMED SUBMISSION TYPE:\t{form}
PUBLIC DOCUMENT COUNT:\t\t2
CONFORMED PERIOD OF REPORT:\t19951231
FILED AS OF DATE:\t\t19960329

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tPOLAR LTD
\t\tCENTRAL INDEX KEY:\t\t\t{CIK:010d}
\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tELECTRONIC COMPUTERS [3571]
\t\tFISCAL YEAR END:\t\t\t1231

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tANOTHER FILER
\t\tCENTRAL INDEX KEY:\t\t\t0009999999
</SEC-HEADER>
""".encode()
    sections = [
        b"<DOCUMENT>\n<TYPE>%s\n<SEQUENCE>%d\n<FILENAME>d%d.txt\n<TEXT>\n%s\n</TEXT>\n</DOCUMENT>\n"
        % (kind.encode(), number, number, body)
        for number, (kind, body) in enumerate(documents, start=1)
    ]
    return header + b"".join(sections) + b"</SEC-DOCUMENT>\n"
