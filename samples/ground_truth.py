"""What a reader must find in the sample filings: taken from the model, never from the HTML."""

from decimal import Decimal

from samples.company import Company, FilingPlan
from samples.document import list_items
from samples.inline_xbrl import Period
from samples.lines import BALANCE_LINES, CASH_LINES, INCOME_LINES, Line

__all__ = ["describe_filing", "name_file"]

_UNITS = {"money": "USD", "shares": "shares", "per_share": "USD/shares"}


def name_file(company: Company, plan: FilingPlan) -> str:
    """Return the file name of a filing."""
    return f"{company.ticker}_10-K_{plan.accession}.html"


def describe_filing(company: Company, plan: FilingPlan) -> dict[str, object]:
    """Return the identity of a filing, its items, and its own year's values by concept and by segment."""
    year = company.find_year(plan.fiscal_year)
    statements = company.statements[plan.fiscal_year]
    values: dict[str, dict[str, str | None]] = {}
    for lines, statement, period in (
        (INCOME_LINES, statements.income, Period(year.end, year.start)),
        (BALANCE_LINES, statements.balance, Period(year.end)),
        (CASH_LINES, statements.cash, Period(year.end, year.start)),
    ):
        for line in lines:
            amount = getattr(statement, line.figure) if line.figure else 0
            if amount:
                concept = line.concept or company.revenue_concept
                values[concept] = _describe_value(line, Decimal(amount), company.unit, period)
    return {
        "file": name_file(company, plan),
        "cik": company.cik,
        "ticker": company.ticker,
        "company": company.name,
        "form": "10-K",
        "accession": plan.accession,
        "filed": plan.filed.isoformat(),
        "fiscal_year": plan.fiscal_year,
        "weeks": year.weeks,
        "period_start": year.start.isoformat(),
        "period_end": year.end.isoformat(),
        "items": list_items(company, plan.fiscal_year),
        "values": values,
        "segments": {
            title: {
                "revenue": str(statements.segment_revenue[name] * company.unit),
                "operating_income": str(statements.segment_income[name] * company.unit),
            }
            for name, title in company.segments.items()
        },
    }


def _describe_value(line: Line, amount: Decimal, unit: int, period: Period) -> dict[str, str | None]:
    scale = {"money": unit, "shares": 1000}.get(line.kind, 1)
    return {
        "value": str((-amount if line.flip else amount) * scale),
        "unit": _UNITS[line.kind],
        "period_start": period.start.isoformat() if period.start else None,
        "period_end": period.end.isoformat(),
    }
