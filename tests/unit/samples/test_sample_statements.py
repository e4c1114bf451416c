"""Accounting identities hold for any drivers; ground truth is double-entry bookkeeping itself."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.balance import BalanceSheet
from samples.company import Company, load_companies
from samples.schedules import spread_amortization, spread_debt, spread_leases
from samples.statements import SegmentDrivers, YearDrivers, YearStatements, project_year

AMOUNTS = st.integers(0, 500_000)
RATIOS = st.decimals(Decimal("-0.3"), Decimal("0.6"), places=3)
SHARE_COUNTS = st.integers(1_000, 90_000)


@st.composite
def draw_drivers(draw: st.DrawFn) -> YearDrivers:
    segments = {
        name: SegmentDrivers({"price": draw(RATIOS), "volume": draw(RATIOS)}, draw(RATIOS)) for name in ("one", "two")
    }
    values: dict[str, object] = {}
    for field in fields(YearDrivers):
        if field.name != "segments":
            values[field.name] = draw(AMOUNTS if field.type is int else RATIOS)
    values |= {"basic_shares": draw(SHARE_COUNTS), "dilutive_shares": draw(SHARE_COUNTS)}
    values["dividend_per_share"] = draw(st.decimals(0, 9, places=2))
    return YearDrivers(segments=segments, **values)  # type: ignore[arg-type]  # drawn by each field's own type


@st.composite
def draw_opening(draw: st.DrawFn) -> BalanceSheet:
    lines = {field.name: draw(AMOUNTS) for field in fields(BalanceSheet)}
    draft = BalanceSheet(**(lines | {"retained_earnings": 0}))
    return replace(draft, retained_earnings=draft.assets - draft.liabilities_and_equity)


@settings(deadline=None)
@given(draw_opening(), draw_drivers(), st.sampled_from([1_000, 1_000_000]))
def test_statements_balance_for_any_drivers(opening: BalanceSheet, drivers: YearDrivers, unit: int) -> None:
    year = project_year(opening, {"one": 200_000, "two": 90_000}, drivers, unit)

    check_identities(opening, year)
    expected = Decimal(year.income.net_income * unit) / (year.income.basic_shares * 1000)
    assert abs(year.income.basic_earnings_per_share - expected) <= Decimal("0.005")
    if year.income.net_income <= 0:
        assert year.income.diluted_shares == year.income.basic_shares


def check_identities(opening: BalanceSheet, year: YearStatements) -> None:
    balance, income, cash = year.balance, year.income, year.cash
    assert balance.assets == balance.liabilities + balance.equity
    assert balance.cash == opening.cash + cash.operating + cash.investing + cash.financing + cash.exchange_effect
    assert balance.retained_earnings - opening.retained_earnings == (
        income.net_income + cash.dividends + cash.repurchases
    )
    assert sum(year.segment_revenue.values()) == income.revenue
    charges = year.corporate_cost + income.amortization + income.goodwill_impairment
    assert sum(year.segment_income.values()) - charges == income.operating_income
    assert balance.debt - opening.debt == cash.borrowing + cash.repayment


@pytest.mark.parametrize("company", load_companies(), ids=lambda company: company.ticker)
def test_sample_companies_balance_and_stay_plausible_in_every_year(company: Company) -> None:
    for label, year in company.statements.items():
        check_identities(company.find_balance(label - 1), year)
        for line in ("cash", "property_net", "goodwill", "intangibles", "equity", "payables"):
            assert getattr(year.balance, line) > 0, (label, line)
        overhead = Decimal(year.income.selling_general_administrative) / year.income.revenue
        assert Decimal("0.15") < overhead < Decimal("0.35")


@pytest.mark.parametrize("company", load_companies(), ids=lambda company: company.ticker)
def test_schedules_sum_to_the_balance_they_explain(company: Company) -> None:
    for label, year in company.statements.items():
        balance = year.balance
        due = spread_debt(balance.debt, balance.debt_current, company.debt, label)
        payments, interest = spread_leases(balance.lease_liabilities)
        assert sum(due) == balance.debt
        assert due[0] == balance.debt_current
        assert min(due) >= 0
        assert sum(payments) - interest == balance.lease_liabilities
        assert sum(spread_amortization(balance.intangibles, year.income.amortization)) == balance.intangibles


def test_store_count_rolls_forward_by_openings_and_closings() -> None:
    (retailer,) = [company for company in load_companies() if company.ticker == "HBLW"]
    counts = {name: retailer.measures[name].values for name in ("stores_open", "stores_opened", "stores_closed")}

    for year in (2021, 2022, 2023, 2024):
        change = counts["stores_opened"][year] - counts["stores_closed"][year]
        assert counts["stores_open"][year] == counts["stores_open"][year - 1] + change


def test_extra_week_sales_in_prose_are_those_of_the_growth_drivers() -> None:
    (retailer,) = [company for company in load_companies() if company.ticker == "HBLW"]
    before = retailer.statements[2022].segment_revenue
    extra = sum(before[name] * drivers.growth["extra_week"] for name, drivers in retailer.growth[2023].items())

    assert round(extra) * 1_000_000 == retailer.measures["extra_week_sales"].values[2023]
