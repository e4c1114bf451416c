"""The cover page, with the banner that says the company is fictional and the tagged document information."""

from calendar import monthrange
from datetime import date

from samples.cells import FactCells
from samples.company import FilingPlan
from samples.figures import format_date
from samples.inline_xbrl import Period
from samples.markup import write_heading, write_paragraph

__all__ = ["BANNER", "write_cover"]

BANNER = (
    "This is a fictional company. The document was written as sample data for FinRAG; no such registrant exists, "
    "and nothing in it was filed with the SEC."
)
_BOX = (
    '<div style="border:2pt solid #a00000;padding:6pt;text-align:center">'
    '<span style="font-weight:700">{}</span></div>\n'
)
_CHECKED = ("☒", "ixt:fixed-true")
_EMPTY = ("☐", "ixt:fixed-false")


def write_cover(cells: FactCells, plan: FilingPlan) -> str:
    """Return the cover page; document types and dates that a reader does not see go to the hidden facts."""
    company, writer = cells.company, cells.writer
    year = company.find_year(plan.fiscal_year)
    period = cells.find_duration(plan.fiscal_year)
    for concept, text in (
        ("dei:DocumentFiscalYearFocus", str(plan.fiscal_year)),
        ("dei:DocumentFiscalPeriodFocus", "FY"),
        ("dei:CurrentFiscalYearEndDate", f"--{year.end:%m-%d}"),
        ("dei:EntityCentralIndexKey", company.cik),
        ("dei:AmendmentFlag", "false"),
    ):
        writer.hide_text(concept, text, period)

    def tag(concept: str, text: str, form: str | None = None) -> str:
        return writer.tag_text(f"dei:{concept}", text, period, form)

    end = tag("DocumentPeriodEndDate", format_date(year.end), "ixt:date-monthname-day-year-en")
    fiscal_year_words = "For the fiscal year ended"
    if company.calendar.kind.startswith("saturday"):
        fiscal_year_words = f"For the fiscal year ({year.weeks} weeks) ended"
    lines = [
        _BOX.format(BANNER),
        write_heading("UNITED STATES SECURITIES AND EXCHANGE COMMISSION", "heading"),
        write_heading(f"FORM {tag('DocumentType', '10-K')}", "item"),
        write_paragraph(
            f"{tag('DocumentAnnualReport', *_CHECKED)} ANNUAL REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE "
            "SECURITIES EXCHANGE ACT OF 1934"
        ),
        write_paragraph(f"{fiscal_year_words} {end}"),
        write_paragraph(
            f"{tag('DocumentTransitionReport', *_EMPTY)} TRANSITION REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE "
            "SECURITIES EXCHANGE ACT OF 1934"
        ),
        write_heading(tag("EntityRegistrantName", company.name), "item"),
        write_paragraph("(Exact name of registrant as specified in its charter)"),
        write_paragraph("Principal executive offices: 1 Example Way, Sampletown (fictional)"),
        write_paragraph("Investor relations: investors@example.com"),
        _write_securities(
            tag("Security12bTitle", "Common Stock, $0.01 par value"), tag("TradingSymbol", company.ticker)
        ),
        write_paragraph(
            f"Filer category: {tag('EntityFilerCategory', company.category)}. "
            f"Shell company: {tag('EntityShellCompany', *_EMPTY)}"
        ),
        _write_market(cells, plan),
        write_paragraph(
            "Documents incorporated by reference: parts of the proxy statement for the next annual meeting of "
            "stockholders (Part III)."
        ),
    ]
    return "".join(lines)


def _write_securities(title: str, symbol: str) -> str:
    return (
        '<table style="width:100%"><tr><td>Title of each class</td><td>Trading symbol</td><td>Exchange</td></tr>'
        f"<tr><td>{title}</td><td>{symbol}</td><td>Sample Exchange (fictional)</td></tr></table>\n"
    )


def _write_market(cells: FactCells, plan: FilingPlan) -> str:
    company, writer = cells.company, cells.writer
    measures = {name: company.measures[name].values[plan.fiscal_year] for name in ("float", "outstanding_shares")}
    half_year = Period(_find_half_year(company.find_year(plan.fiscal_year).start))
    value = writer.tag_number("dei:EntityPublicFloat", measures["float"], half_year, unit="usd", scale=6, decimals=-6)
    shares = writer.tag_number(
        "dei:EntityCommonStockSharesOutstanding",
        measures["outstanding_shares"],
        Period(plan.filed),
        unit="shares",
        scale=0,
        decimals=0,
    )
    return write_paragraph(
        f"The aggregate market value of common stock held by non-affiliates was ${value} million on "
        f"{format_date(half_year.end)}. On {format_date(plan.filed)}, {shares} shares were outstanding."
    )


def _find_half_year(start: date) -> date:
    """Return the last day of the month in which the second quarter ends; a start late in a month counts as the next."""
    months = start.month + (5 if start.day < 15 else 6)
    year, month = start.year + (months - 1) // 12, (months - 1) % 12 + 1
    return date(year, month, monthrange(year, month)[1])
