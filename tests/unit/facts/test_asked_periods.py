"""Years and parts of years of a plan, on facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import CompanyReference
from tests.unit.facts.company import COMPANY_CIK, make_company, make_row

COMPANY = CompanyReference(COMPANY_CIK, "Marrowby Works, Inc. (fictional)", ("MRBY",))
YEARS = [make_row("Revenues", value, year) for year, value in ((2021, 100), (2022, 110), (2023, 99), (2024, 132))]
HALF = [make_row("Revenues", 60, 2023, "H1"), make_row("Revenues", 35, 2023, "Q2")]


def find(plan: Plan, *rows: dict[str, Any]) -> FactSet:
    company = make_company(*rows)
    return FactFinder(lambda cik: company).find(plan, [COMPANY])


PLAN = Plan("lookup", metrics=("revenue",), line_item="revenue")


def values(found: FactSet) -> list[Decimal]:
    return [calculation.value for calculation in found.calculations] or [used.fact.value for used in found.facts]


def test_years_from_one_on_are_all_up_to_the_latest_known() -> None:
    assert values(find(replace(PLAN, years=(2022,), up_to_latest="each"), *YEARS)) == [110, 99, 132]
    assert values(find(replace(PLAN, operation="sum", years=(2022,), up_to_latest="each"), *YEARS)) == [341]


def test_growth_since_a_year_is_from_that_year_to_the_latest() -> None:
    assert values(find(replace(PLAN, operation="growth", years=(2022,), up_to_latest="each"), *YEARS)) == [
        Decimal("0.2")
    ]


def test_sum_since_a_year_that_is_not_known_is_refused() -> None:
    found = find(replace(PLAN, operation="sum", years=(2019,), up_to_latest="each"), *YEARS)
    assert not found.is_found
    assert "fiscal 2019 and fiscal 2020" in found.missing[0].reason


def test_year_compared_with_no_other_is_compared_with_the_latest() -> None:
    assert values(find(replace(PLAN, years=(2022,), up_to_latest="ends"), *YEARS)) == [110, 132]


def test_growth_of_each_year_is_from_the_year_before_it() -> None:
    plan = replace(PLAN, operation="growth", years=(2022, 2023), of_each_year=True)
    assert values(find(plan, *YEARS)) == [Decimal("0.1"), Decimal("-0.1")]


def test_growth_of_each_year_since_one_is_from_that_year_on() -> None:
    plan = replace(PLAN, operation="growth", years=(2022,), up_to_latest="each", of_each_year=True)
    expected = [Decimal(99) / Decimal(110) - 1, (Decimal(132) - 99) / 99]
    assert [round(value, 9) for value in values(find(plan, *YEARS))] == [round(value, 9) for value in expected]


def test_year_told_by_its_distance_is_counted_from_the_latest_known() -> None:
    assert values(find(replace(PLAN, years_ago=2), *YEARS)) == [110]


def test_year_told_by_its_distance_that_is_not_known_is_refused_by_its_name() -> None:
    found = find(replace(PLAN, years_ago=9), *YEARS)
    assert not found.is_found
    assert "fiscal 2015" in found.missing[0].reason


def test_first_quarter_is_the_half_year_less_the_second() -> None:
    assert values(find(replace(PLAN, years=(2023,), fiscal_period="Q1"), *HALF)) == [25]


def test_second_half_is_the_year_less_the_first() -> None:
    found = find(replace(PLAN, years=(2023,), fiscal_period="H2"), *YEARS, *HALF)
    assert values(found) == [39]
    assert found.calculations[0].period == "the second half of fiscal 2023"


def test_balance_of_a_quarter_is_no_difference_of_balances() -> None:
    balance = make_row("Assets", 500, 2023, "Q2", instant=True)
    plan = Plan("lookup", metrics=("total_assets",), line_item="total assets", years=(2023,), fiscal_period="Q1")
    assert not find(plan, balance).is_found


@pytest.mark.parametrize(("rows", "expected"), [(HALF, 35), ([*HALF, make_row("Revenues", 80, 2023, "9M")], 20)])
def test_latest_quarter_is_the_last_that_is_stated_or_a_difference(rows: list[dict[str, Any]], expected: int) -> None:
    assert values(find(replace(PLAN, fiscal_period="Q"), *YEARS[:2], *rows)) == [expected]


def test_refused_quarter_is_named_with_what_it_would_be() -> None:
    reason = find(replace(PLAN, years=(2023,), fiscal_period="Q4"), *YEARS, *HALF).missing[0].reason
    assert reason == (
        "Revenue is not among the tagged numbers of Q4 of fiscal 2023; it would be the year less the first nine "
        "months, and the first nine months cannot be had either."
    )


def test_quarters_without_quarterly_numbers_are_refused_in_one_sentence() -> None:
    missing = find(replace(PLAN, fiscal_period="quarters"), *YEARS).missing
    assert [part.reason.partition(" is not")[0] for part in missing] == ["Revenue for single quarters"]


def test_years_that_are_missing_share_a_sentence() -> None:
    found = find(replace(PLAN, years=(2010, 2011, 2024)), *YEARS)
    assert [part.reason for part in found.missing] == [
        "Revenue is not among the tagged numbers of fiscal 2010 and fiscal 2011; stated for fiscal 2021, 2022, 2023, "
        "2024."
    ]
