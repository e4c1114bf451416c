"""Documents made up for the tests of tables: a cover and one HTML table, whose numbers are known."""

from __future__ import annotations

from datetime import date

from finrag_ml_tg1.filings.cover.reading import Cover
from finrag_ml_tg1.filings.tabular.model import TableReading
from finrag_ml_tg1.filings.tabular.reading import read_tables
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html, read_canonical

__all__ = ["cover_of", "document_of", "html_table", "readings_of"]


def cover_of(period_end: date = date(2023, 12, 31), fiscal_year: int = 2023, form: str = "10-K") -> Cover:
    """Return the cover of a filing for a fiscal year that ends on `period_end`."""
    return Cover(
        company="Plain Example Corp.",
        cik=1,
        tickers=(),
        form=form,
        fiscal_year=fiscal_year,
        fiscal_period="FY",
        period_end=period_end,
        fiscal_year_end=f"{period_end:%m-%d}",
        notes=(),
    )


def html_table(*rows: str) -> str:
    """Return a table; cells are parted by "|", and "*3" at the end of a cell is its colspan."""
    lines = []
    for row in rows:
        cells = ""
        for cell in row.split("|"):
            text, _, span = cell.partition("*")
            cells += f"<td colspan='{span or 1}'>{text}</td>"
        lines.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"


def document_of(body: str) -> CanonicalDocument:
    """Return the canonical document of an HTML body."""
    return read_canonical(parse_html(f"<html><body>{body}</body></html>".encode()))


def readings_of(body: str, cover: Cover | None = None) -> list[TableReading]:
    """Return the readings of the tables of an HTML body, in order."""
    return list(read_tables(document_of(body), cover or cover_of()).values())
