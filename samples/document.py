"""A whole 10-K as one XHTML document: cover, contents, items, signatures, with the inline XBRL header in front."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from html import escape
from pathlib import Path

import yaml

from samples.cells import FactCells
from samples.company import Company, FilingPlan
from samples.cover import write_cover
from samples.discussion import write_cash_summary, write_growth, write_results
from samples.figures import Figures
from samples.inline_xbrl import InlineWriter
from samples.markup import write_bullet, write_heading, write_paragraph
from samples.notes import (
    write_disaggregation,
    write_earnings_per_share,
    write_goodwill,
    write_property,
    write_segments,
)
from samples.obligations import (
    write_debt,
    write_intangibles,
    write_leases,
    write_maturities,
    write_tax_rate,
    write_taxes,
)
from samples.prose import Block, read_blocks
from samples.tables import write_balance_sheet, write_cash_flow, write_equity, write_income_statement

__all__ = ["ITEM_TITLES", "list_items", "write_document"]

ITEM_TITLES: Mapping[str, str] = {
    "1": "Business",
    "1A": "Risk Factors",
    "1B": "Unresolved Staff Comments",
    "1C": "Cybersecurity",
    "2": "Properties",
    "3": "Legal Proceedings",
    "4": "Mine Safety Disclosures",
    "5": "Market for Registrant's Common Equity, Related Stockholder Matters and Issuer Purchases of Equity Securities",
    "6": "[Reserved]",
    "7": "Management's Discussion and Analysis of Financial Condition and Results of Operations",
    "7A": "Quantitative and Qualitative Disclosures About Market Risk",
    "8": "Financial Statements and Supplementary Data",
    "9": "Changes in and Disagreements With Accountants on Accounting and Financial Disclosure",
    "9A": "Controls and Procedures",
    "9B": "Other Information",
    "9C": "Disclosure Regarding Foreign Jurisdictions that Prevent Inspections",
    "10": "Directors, Executive Officers and Corporate Governance",
    "11": "Executive Compensation",
    "12": "Security Ownership of Certain Beneficial Owners and Management and Related Stockholder Matters",
    "13": "Certain Relationships and Related Transactions, and Director Independence",
    "14": "Principal Accountant Fees and Services",
    "15": "Exhibits and Financial Statement Schedules",
    "16": "Form 10-K Summary",
}
_PARTS = {"1": "PART I", "5": "PART II", "10": "PART III", "15": "PART IV"}
_TABLES: Mapping[str, Callable[[FactCells], str]] = {
    "results": write_results,
    "growth": write_growth,
    "cash_summary": write_cash_summary,
    "income": write_income_statement,
    "balance": write_balance_sheet,
    "cash": write_cash_flow,
    "equity": write_equity,
    "segments": write_segments,
    "disaggregation": write_disaggregation,
    "property": write_property,
    "goodwill": write_goodwill,
    "earnings_per_share": write_earnings_per_share,
    "debt": write_debt,
    "maturities": write_maturities,
    "leases": write_leases,
    "intangibles": write_intangibles,
    "taxes": write_taxes,
    "tax_rate": write_tax_rate,
}
_PAGE_BREAK = (
    '<div style="text-align:center"><span style="font-size:8pt">{page}</span></div>\n'
    '<hr style="page-break-after:always"/>\n'
    '<div><a href="#contents"><span style="font-size:8pt;text-decoration:underline">Table of Contents</span></a>'
    "</div>\n"
)


def list_items(company: Company, fiscal_year: int) -> list[str]:
    """Return the items of the report in order; Item 1C exists only once the rule applied."""
    cybersecurity = company.find_year(fiscal_year).reports_cybersecurity
    return [item for item in ITEM_TITLES if item != "1C" or cybersecurity]


def write_document(company: Company, plan: FilingPlan) -> str:
    """Return the filing as XHTML text; the same inputs give the same bytes."""
    writer = InlineWriter(company.cik, company.ticker)
    cells = FactCells(company, plan.fiscal_year, writer)
    cover = write_cover(cells, plan)
    items = list_items(company, plan.fiscal_year)
    body = cover + _write_contents(items) + _PAGE_BREAK.format(page=2)
    for page, item in enumerate(items, start=3):
        body += _write_item(cells, item) + _PAGE_BREAK.format(page=page)
    body += _write_signatures(company, plan)
    stem = f"{company.ticker.lower()}-{company.find_year(plan.fiscal_year).end:%Y%m%d}"
    return _open_document(company, plan, stem) + writer.write_header(f"{stem}.xsd") + "\n" + body + "</body></html>\n"


def _write_contents(items: list[str]) -> str:
    rows = "".join(
        (
            f'<tr><td colspan="3"><span style="font-weight:700">{_PARTS[item]}</span></td></tr>\n'
            if item in _PARTS
            else ""
        )
        + f'<tr><td style="width:70pt"><a href="#item_{item.lower()}">Item {item}.</a></td>'
        f'<td><a href="#item_{item.lower()}">{escape(ITEM_TITLES[item], quote=False)}</a></td>'
        f'<td style="text-align:right">{page}</td></tr>\n'
        for page, item in enumerate(items, start=3)
    )
    heading = write_heading("Table of Contents", "item")
    return f'<div id="contents"></div>{heading}<table style="width:100%">{rows}</table>\n'


def _write_item(cells: FactCells, item: str) -> str:
    shared = _load_shared()
    text = cells.company.items.get(item) or shared[f"item_{item}"]
    figures = Figures(cells.company, cells.fiscal_year)
    html = f'<div id="item_{item.lower()}"></div>\n'
    if item in _PARTS:
        html += write_heading(_PARTS[item], "item")
    html += write_heading(f"Item {item}. {escape(ITEM_TITLES[item], quote=False)}", "item")
    for block in read_blocks(text, cells.fiscal_year, shared):
        html += _write_block(cells, figures, block)
    return html


def _write_block(cells: FactCells, figures: Figures, block: Block) -> str:
    if block.kind == "table":
        return _TABLES[block.text](cells)
    period = cells.find_duration(cells.fiscal_year)

    def tag(key: str, dollars: Decimal) -> str:
        concept = cells.company.measures[key].concept
        if concept is None:
            raise KeyError(f"the measure {key} has no concept to be tagged with")
        when = cells.find_instant(cells.fiscal_year) if concept in _INSTANT_CONCEPTS else period
        amount = cells.writer.tag_number(concept, dollars, when, unit="usd", scale=6, decimals=-5)
        return f"${amount} million"

    html = figures.fill(escape(block.text, quote=False), tag)
    if block.kind in {"heading", "subheading"}:
        return write_heading(html, block.kind)
    return write_bullet(html) if block.kind == "bullet" else write_paragraph(html)


_INSTANT_CONCEPTS = {
    "us-gaap:EmployeeServiceShareBasedCompensationNonvestedAwardsTotalCompensationCostNotYetRecognized",
    "us-gaap:RevenueRemainingPerformanceObligation",
    "us-gaap:UnrecognizedTaxBenefits",
}


def _write_signatures(company: Company, plan: FilingPlan) -> str:
    intro = (
        "Pursuant to the requirements of Section 13 or 15(d) of the Securities Exchange Act of 1934, the registrant "
        f"would sign this report here. {company.name} does not exist, and nobody has signed."
    )
    return (
        write_heading("SIGNATURES", "item")
        + write_paragraph(escape(intro, quote=False))
        + write_paragraph(f"Date: {plan.filed:%B} {plan.filed.day}, {plan.filed.year}")
        + write_paragraph("Chief Executive Officer (principal executive officer)")
        + write_paragraph("Chief Financial Officer (principal financial officer)")
    )


def _load_shared() -> dict[str, str]:
    shared: dict[str, str] = yaml.safe_load((Path(__file__).parent / "companies" / "shared.yaml").read_text("utf-8"))
    return shared


def _open_document(company: Company, plan: FilingPlan, stem: str) -> str:
    taxonomy = plan.fiscal_year
    prefix = company.ticker.lower()
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"'
        ' xmlns:ixt="http://www.xbrl.org/inlineXBRL/transformation/2020-02-12"'
        ' xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:xbrldi="http://xbrl.org/2006/xbrldi"'
        ' xmlns:link="http://www.xbrl.org/2003/linkbase" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' xmlns:iso4217="http://www.xbrl.org/2003/iso4217"'
        f' xmlns:country="http://xbrl.sec.gov/country/{taxonomy}" xmlns:dei="http://xbrl.sec.gov/dei/{taxonomy}"'
        f' xmlns:srt="http://fasb.org/srt/{taxonomy}" xmlns:us-gaap="http://fasb.org/us-gaap/{taxonomy}"'
        f' xmlns:{prefix}="http://{prefix}.example.com/{stem[-8:]}" xml:lang="en-US">\n'
        f'<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/><title>{stem}</title></head>\n'
        '<body style="font-family:Arial,sans-serif">\n'
    )
