"""Tagged filings made up for tests: a cover, contexts and units, and whatever body a test puts below."""

from __future__ import annotations

from finrag_ml_tg1.filings.filing import Filing, read_filing
from tests.unit.filings.xbrl.inline_document import NAMESPACES, USD, context, fact

__all__ = ["PERIODS", "USD_AND_SHARES", "read_tagged", "tagged_filing"]

USD_AND_SHARES = USD + '<xbrli:unit id="shares"><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unit>'

# Context ids and their periods: (first day, last day), or the one day of an instant.
PERIODS = {
    "c": ("2023-01-01", "2023-12-31"),
    "before": ("2022-01-01", "2022-12-31"),
    "end": ("2023-12-31",),
    "end_before": ("2022-12-31",),
}


def _period(days: tuple[str, ...]) -> str:
    if len(days) == 1:
        return f"<xbrli:instant>{days[0]}</xbrli:instant>"
    return f"<xbrli:startDate>{days[0]}</xbrli:startDate><xbrli:endDate>{days[1]}</xbrli:endDate>"


def tagged_filing(
    body: str,
    *,
    periods: dict[str, tuple[str, ...]] | None = None,
    year: int = 2023,
    form: str = "10-K",
    extra: str = "",
) -> bytes:
    """Return a filing for the period of context "c"; `extra` are further contexts."""
    contexts = "".join(context(_period(days), identifier=name) for name, days in (periods or PERIODS).items()) + extra
    declared = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in NAMESPACES.items())
    dei = {
        "DocumentType": form,
        "EntityRegistrantName": "Plain Example Corp.",
        "EntityCentralIndexKey": "9990000100",
        "DocumentFiscalYearFocus": str(year),
        "DocumentFiscalPeriodFocus": "FY",
    }
    tags = " ".join(
        f'<ix:nonNumeric name="dei:{name}" contextRef="c">{value}</ix:nonNumeric>' for name, value in dei.items()
    )
    header = f"<ix:header><ix:resources>{contexts}{USD_AND_SHARES}</ix:resources></ix:header>"
    return (
        f'<html xmlns="http://www.w3.org/1999/xhtml" {declared}><body><div style="display:none">{header}</div>'
        f"<p>{tags}</p>{body}</body></html>"
    ).encode()


def read_tagged(
    body: str,
    *,
    periods: dict[str, tuple[str, ...]] | None = None,
    year: int = 2023,
    form: str = "10-K",
    extra: str = "",
) -> Filing:
    """Return the filing as read."""
    return read_filing(tagged_filing(body, periods=periods, year=year, form=form, extra=extra), "made-up.html")


def statement(title: str, *rows: str) -> str:
    """Return a statement with two columns; a row is its cells, parted by "|"."""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row.split("|")) + "</tr>" for row in rows)
    return f"<p><b>{title}</b></p><table><tr><td></td><td>2023</td><td>2022</td></tr>{lines}</table>"


__all__ += ["fact", "statement"]
