"""Plans carried out on facts made by hand: periods, restatements, parts of years, arithmetic and its refusals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.plan import Operation, Plan
from finrag_ml_tg1.scope import CompanyReference
from tests.unit.facts.company import COMPANY_CIK, make_company, make_row

COMPANY = CompanyReference(COMPANY_CIK, "Marrowby Works, Inc. (fictional)", ("MRBY",))


def find(plan: Plan, *rows: dict[str, Any], forms: dict[str, str] | None = None) -> FactSet:
    company = make_company(*rows, forms=forms)
    return FactFinder(lambda cik: company).find(plan, [COMPANY])


def lookup(
    metric: str,
    *years: int,
    operation: Operation = "lookup",
    fiscal_period: str = "FY",
    as_first_reported: bool = False,
) -> Plan:
    return Plan(
        operation,
        metrics=(metric,),
        line_item=metric,
        years=years,
        fiscal_period=fiscal_period,
        as_first_reported=as_first_reported,
    )


def test_fourth_quarter_is_never_taken_for_the_year() -> None:
    quarter = make_row("Revenues", 30, 2023, "Q3")
    found = find(lookup("revenue", 2023), quarter)
    assert not found.is_found
    assert "2023" in found.missing[0].reason


def test_duration_of_another_length_is_no_annual_value() -> None:
    short = make_row("Revenues", 30, 2023) | {"period_start": make_row("Revenues", 1, 2023, "Q3")["period_start"]}
    assert not find(lookup("revenue", 2023), short).is_found


def test_latest_filing_replaces_what_an_earlier_one_said() -> None:
    first = make_row("Revenues", 100, 2022)
    restated = make_row("Revenues", 90, 2022, accession="A-2023")
    used = find(lookup("revenue", 2022), first, restated).facts[0]
    assert used.fact.value == 90
    assert any("100" in note and "A-2022" in note for note in used.notes)


def test_first_report_is_given_when_asked_for() -> None:
    first = make_row("Revenues", 100, 2022)
    restated = make_row("Revenues", 90, 2022, accession="A-2023")
    assert find(lookup("revenue", 2022, as_first_reported=True), first, restated).facts[0].fact.value == 100


def test_share_split_is_named_when_it_explains_the_difference() -> None:
    first = make_row("EarningsPerShareDiluted", "11.93", 2023, unit="USD/shares", decimals="2")
    split = make_row("EarningsPerShareDiluted", "1.19", 2023, unit="USD/shares", decimals="2", accession="A-2024")
    assert "10-for-1" in find(lookup("eps_diluted", 2023), first, split).facts[0].notes[0]


def test_value_on_the_statement_goes_before_one_in_a_note() -> None:
    in_note = make_row("Revenues", 5, 2023, statement="none")
    on_statement = make_row("RevenueFromContractWithCustomerExcludingAssessedTax", 100, 2023)
    assert find(lookup("revenue", 2023), in_note, on_statement).facts[0].fact.value == 100


def test_quarter_that_no_report_states_is_the_year_less_nine_months() -> None:
    rows = [make_row("Revenues", 100, 2023), make_row("Revenues", 70, 2023, "9M", accession="Q-2023")]
    forms = {"Q-2023": "10-Q", "A-2023": "10-K"}
    calculation = find(lookup("revenue", 2023, fiscal_period="Q4"), *rows, forms=forms).calculations[0]
    assert calculation.value == 30
    assert calculation.formula == "fiscal 2023 − the first nine months of fiscal 2023"


def test_fourth_quarter_of_earnings_a_share_is_no_difference() -> None:
    rows = [
        make_row("EarningsPerShareDiluted", 4, 2023, unit="USD/shares"),
        make_row("EarningsPerShareDiluted", 3, 2023, "9M", unit="USD/shares"),
    ]
    assert not find(lookup("eps_diluted", 2023, fiscal_period="Q4"), *rows).is_found


def test_transition_period_is_named_and_not_taken_for_a_year() -> None:
    """A filer that moves its year end from June to December reports the six months between."""
    moved = make_row("Revenues", 40, 2023) | {"period_start": date(2023, 7, 1), "fiscal_period": ""}
    found = find(lookup("revenue", 2023), moved)
    assert not found.is_found
    assert "184 days from 2023-07-01 to 2023-12-31" in found.missing[0].reason


@pytest.mark.parametrize(("base", "words"), [(-5, "negative"), (0, "zero")])
def test_growth_from_nothing_or_less_is_refused(base: int, words: str) -> None:
    rows = [make_row("NetIncomeLoss", base, 2022), make_row("NetIncomeLoss", 8, 2023)]
    found = find(lookup("net_income", 2023, operation="growth"), *rows)
    assert not found.is_found
    assert words in found.missing[0].reason


def test_division_by_zero_is_refused_with_the_name_of_the_divisor() -> None:
    rows = [make_row("NetIncomeLoss", 5, 2023), make_row("Revenues", 0, 2023)]
    found = find(lookup("net_margin", 2023), *rows)
    assert not found.is_found
    assert "Revenue is zero" in found.missing[0].reason


def test_missing_input_of_a_formula_is_named() -> None:
    found = find(lookup("gross_margin", 2023), make_row("Revenues", 100, 2023))
    assert not found.is_found
    assert "Gross profit" in found.missing[0].reason


def test_values_in_two_currencies_are_not_compared() -> None:
    rows = [make_row("Revenues", 10, 2022, unit="EUR"), make_row("Revenues", 12, 2023)]
    plan = lookup("revenue", 2023, operation="growth")
    found = find(plan, *rows)
    assert not found.is_found


def test_average_of_opening_and_closing_balance_is_said() -> None:
    rows = [
        make_row("NetIncomeLoss", 30, 2023),
        make_row("StockholdersEquity", 100, 2022, instant=True, statement="balance"),
        make_row("StockholdersEquity", 200, 2023, instant=True, statement="balance"),
    ]
    calculation = find(lookup("return_on_equity", 2023), *rows).calculations[0]
    assert calculation.value == Decimal(30) / 150
    assert "average" in calculation.formula
    assert any("average" in note for note in calculation.notes)


def test_gross_profit_that_is_not_tagged_is_calculated() -> None:
    rows = [make_row("Revenues", 100, 2023), make_row("CostOfRevenue", 60, 2023)]
    calculation = find(lookup("gross_profit", 2023), *rows).calculations[0]
    assert calculation.value == 40
    assert calculation.formula == "Revenue − Cost of revenue"


def test_bank_is_told_why_it_has_no_gross_margin() -> None:
    rows = [make_row("NoninterestExpense", 5, 2023), make_row("InterestIncomeExpenseNet", 9, 2023)]
    assert "Banks" in find(lookup("gross_profit", 2023), *rows).missing[0].reason


def test_line_that_is_no_registered_metric_is_found_by_its_label() -> None:
    row = make_row(
        "PrepaidExpenseCurrent", 12, 2023, instant=True, row_label="Prepaid expenses", label="Prepaid expense current"
    )
    found = find(Plan("lookup", line_item="prepaid expenses", years=(2023,)), row)
    assert found.facts[0].fact.value == 12


def test_lines_that_words_do_not_tell_apart_are_shown_and_none_is_chosen() -> None:
    rows = [
        make_row("OtherCostA", 12, 2023, row_label="Other costs", label="Other cost a"),
        make_row("OtherCostB", 13, 2023, row_label="Other costs", label="Other cost b"),
    ]
    found = find(Plan("lookup", line_item="other costs", years=(2023,)), *rows)
    assert not found.is_found
    assert {used.fact.value for used in found.candidates} == {12, 13}


def test_member_by_one_axis_goes_before_one_by_two() -> None:
    product = "srt:ProductOrServiceAxis=x:GadgetsMember"
    place = f"{product}|srt:StatementGeographicalAxis=country:US"
    rows = [
        make_row("Revenues", 100, 2023),
        make_row("Revenues", 40, 2023, dimensions=product, row_label="Gadgets"),
        make_row("Revenues", 25, 2023, dimensions=place, row_label="Gadgets"),
    ]
    plan = Plan("lookup", metrics=("revenue",), qualifier="gadgets", line_item="gadgets revenue", years=(2023,))
    assert find(plan, *rows).facts[0].fact.value == 40


def test_part_that_is_not_reported_is_not_answered_by_the_total() -> None:
    plan = Plan("lookup", metrics=("revenue",), qualifier="widgets", line_item="widgets revenue", years=(2023,))
    found = find(plan, make_row("Revenues", 100, 2023))
    assert not found.is_found
    assert "widgets" in found.missing[0].reason


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(1, 12))
def test_cagr_compounds_back_to_the_last_value(first: int, last: int, span: int) -> None:
    rows = [make_row("Revenues", first, 2005), make_row("Revenues", last, 2005 + span)]
    plan = lookup("revenue", *range(2005, 2006 + span), operation="cagr")
    rate = find(plan, *rows).calculations[0].value
    assert abs(first * (1 + rate) ** span / last - 1) < Decimal("1e-15")


@given(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=6))
def test_sum_average_and_change_are_those_of_fractions(values: list[int]) -> None:
    rows = [make_row("NetIncomeLoss", value, 2010 + place) for place, value in enumerate(values)]
    years = range(2010, 2010 + len(values))
    results = {
        operation: find(lookup("net_income", *years, operation=operation), *rows).calculations[0].value
        for operation in ("sum", "average", "change")
    }
    assert results["sum"] == sum(values)
    assert abs(results["average"] * len(values) - sum(values)) < Decimal("1e-12")
    assert results["change"] == values[-1] - values[0]


@pytest.mark.parametrize(("equity", "is_meaningful"), [(-50, False), (50, True)])
def test_ratio_to_negative_equity_is_said_to_mean_nothing(equity: int, is_meaningful: bool) -> None:
    rows = [
        make_row("LongTermDebt", 100, 2023, instant=True, statement="balance"),
        make_row("StockholdersEquity", equity, 2023, instant=True, statement="balance"),
    ]
    (calculation,) = find(lookup("debt_to_equity", 2023), *rows).calculations
    assert calculation.value == Decimal(100) / equity
    assert calculation.caveat == ("" if is_meaningful else "not meaningful, because shareholders' equity is negative")


def test_tax_rate_of_a_loss_is_given_as_it_is() -> None:
    rows = [
        make_row("IncomeTaxExpenseBenefit", -10, 2023),
        make_row(
            "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest", -50, 2023
        ),
    ]
    (calculation,) = find(lookup("effective_tax_rate", 2023), *rows).calculations
    assert (calculation.value, calculation.caveat) == (Decimal("0.2"), "")
