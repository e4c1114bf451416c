"""Untagged tables of Item 7: results as a part of revenue, causes of growth by segment, and cash flows."""

from decimal import ROUND_HALF_UP, Decimal

from samples.cells import FactCells
from samples.markup import Cell, Row, write_table

__all__ = ["write_cash_summary", "write_growth", "write_results"]

_RESULTS = (
    ("revenue", "Revenue"),
    ("cost_of_revenue", "Cost of revenue"),
    ("gross_profit", "Gross profit"),
    ("selling_general_administrative", "Selling, general and administrative"),
    ("research_development", "Research and development"),
    ("goodwill_impairment", "Goodwill impairment"),
    ("operating_income", "Operating income (loss)"),
    ("net_income", "Net income (loss)"),
)
_CASH = (
    ("operating", "Operating activities"),
    ("investing", "Investing activities"),
    ("financing", "Financing activities"),
)


def write_results(cells: FactCells) -> str:
    """Return the main lines of income as percentages of revenue for three years."""
    rows: list[Row] = []
    statements = [cells.company.statements[label].income for label in cells.years]
    for figure, title in _RESULTS:
        ratios = [Decimal(getattr(statement, figure)) / statement.revenue for statement in statements]
        if any(ratios):
            label = cells.company.name_line(title)
            rows.append(Row(label, [_write_percent(ratio) for ratio in ratios]))
    return write_table("(Percent of revenue)", [f"Fiscal {label}" for label in cells.years], rows)


def write_growth(cells: FactCells) -> str:
    """Return revenue growth by segment with its causes for two years."""
    rows: list[Row] = []
    years = cells.years[:2]
    for name, title in cells.company.segments.items():
        rows.append(Row(title))
        drivers = [cells.company.growth[label][name].growth for label in years]
        for cause in drivers[0]:
            points = [driver[cause] for driver in drivers]
            if any(points):
                rows.append(Row(cause.replace("_", " ").capitalize(), [_write_percent(p) for p in points], indent=True))
        totals = [_write_percent(sum(driver.values(), Decimal(0))) for driver in drivers]
        rows.append(Row("Total change", totals, total=True))
    return write_table("(Percentage points of change)", [f"Fiscal {label}" for label in years], rows)


def write_cash_summary(cells: FactCells) -> str:
    """Return cash from operating, investing and financing activities for three years."""
    statements = [cells.company.statements[label].cash for label in cells.years]
    rows = []
    for figure, title in _CASH:
        amounts = [getattr(statement, figure) for statement in statements]
        rows.append(Row(title, [Cell(f"{abs(amount):,}", amount < 0, dollar=True) for amount in amounts]))
    return write_table(cells.units, [f"Fiscal {label}" for label in cells.years], rows)


def _write_percent(ratio: Decimal) -> Cell:
    value = (ratio * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Cell(f"{abs(value)}", value < 0, percent=True)
