"""Annual numbers straight from a reference: which year, which report, which of several."""

from __future__ import annotations

from datetime import date

from finrag_ml_tg1.evaluation.hand_formulas import DERIVED
from finrag_ml_tg1.evaluation.hand_year import FiscalYear
from finrag_ml_tg1.evaluation.tagged_years import CompanyNumbers, TaggedNumber

END = date(2023, 12, 31)
FLOWS = ("Revenues", "CostOfRevenue", "NetIncomeLoss", "IncomeTaxExpenseBenefit", "Depreciation")


def number(concept: str, value: float, **changes: object) -> TaggedNumber:
    fields = {
        "report": 2023,
        "is_annual": True,
        "concept": f"us-gaap:{concept}",
        "start": date(2023, 1, 1),
        "end": END,
        "unit": "USD",
        "value": value,
        "decimals": -6,
    }
    return TaggedNumber(**(fields | changes))  # type: ignore[arg-type]


def of_year(*numbers: TaggedNumber) -> FiscalYear:
    flows = [number(concept, 100.0 + place) for place, concept in enumerate(FLOWS)]
    return FiscalYear(CompanyNumbers(1, [*flows, *numbers]), 2023)


def test_quarter_is_no_year() -> None:
    quarter = number("OperatingIncomeLoss", 7, start=date(2023, 10, 1))
    assert of_year(quarter).tagged("operating_income") is None


def test_later_report_replaces_an_earlier_one_and_a_quarterly_one_only_fills_in() -> None:
    restated = number("OperatingIncomeLoss", 9, report=2024)
    assert of_year(number("OperatingIncomeLoss", 8), restated)["operating_income"] == 9
    quarterly = number("Assets", 5, report=2024, start=None, is_annual=False)
    assert of_year(quarterly)["assets"] == 5
    assert of_year(quarterly, number("Assets", 6, start=None))["assets"] == 6


def test_exact_number_goes_before_one_that_a_sentence_rounds() -> None:
    rounded = number("DepreciationDepletionAndAmortization", 250e6, decimals=-7)
    exact = number("DepreciationAndAmortization", 252_354e3, decimals=-3)
    assert of_year(rounded, exact)["depreciation_amortization"] == 252_354e3


def test_years_are_labelled_from_the_reports_own() -> None:
    before = [
        number(concept, 1, start=date(2021, 12, 26), end=date(2022, 12, 31)) for concept in (*FLOWS, "GrossProfit")
    ]
    company = of_year(*before).company
    assert company.end_of(2022) == date(2022, 12, 31)
    assert company.end_of(2021) is None


def test_formulas_by_hand_give_what_a_textbook_example_gives() -> None:
    """Revenue 100, cost 101; receivables 20 and 30 with revenue 100: 91.25 days."""
    opening = number("AccountsReceivableNetCurrent", 20, start=None, end=date(2022, 12, 31))
    before = [number(concept, 1, start=date(2022, 1, 1), end=date(2022, 12, 31)) for concept in FLOWS]
    year = of_year(opening, number("AccountsReceivableNetCurrent", 30, start=None), *before)
    assert DERIVED["days_sales_outstanding"](year) == 91.25
    assert DERIVED["gross_profit"](year) == -1


def test_debt_that_a_tag_holds_whole_is_not_counted_twice() -> None:
    whole = number("LongTermDebt", 28.5, start=None)
    current = number("LongTermDebtCurrent", 10.8, start=None)
    assert DERIVED["total_debt"](of_year(whole, current)) == 28.5
    later = number("LongTermDebtNoncurrent", 17.7, start=None)
    assert DERIVED["total_debt"](of_year(whole, current, later)) == 28.5
