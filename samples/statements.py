"""Financial statements that balance: a few drivers a year in, whole table units (thousands or millions) out.

Every stored amount is an integer, and every total is a sum of stored amounts, so that printed columns foot exactly.
Cash is the result of the cash flow statement, never a plug in the balance sheet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from samples.balance import BalanceSheet
from samples.flows import CashFlow, IncomeStatement

__all__ = ["SegmentDrivers", "YearDrivers", "YearStatements", "project_year"]


@dataclass(frozen=True)
class SegmentDrivers:
    """What moves a segment in a year: `growth` maps a cause to its part of revenue growth (0.05 is five points)."""

    growth: Mapping[str, Decimal]
    margin: Decimal


@dataclass(frozen=True)
class YearDrivers:
    """The assumptions of one year; `_share` is a part of revenue, `_rate` a part of the opening balance named."""

    segments: Mapping[str, SegmentDrivers]
    gross_margin: Decimal
    corporate_cost: int
    research_share: Decimal
    amortization: int
    goodwill_impairment: int
    interest_rate: Decimal
    interest_income_rate: Decimal
    other_income: int
    tax_rate: Decimal
    deferred_tax_share: Decimal
    capital_expenditure_share: Decimal
    depreciation_rate: Decimal
    acquisition: int
    acquired_intangibles: int
    receivable_days: Decimal
    inventory_days: Decimal
    payable_days: Decimal
    prepaid_share: Decimal
    accrued_share: Decimal
    deferred_revenue_share: Decimal
    new_leases: int
    lease_amortization: int
    borrowing: int
    repayment: int
    debt_current: int
    stock_compensation_share: Decimal
    repurchases: int
    dividend_per_share: Decimal
    basic_shares: int
    dilutive_shares: int
    translation: int


@dataclass(frozen=True)
class YearStatements:
    """The three statements of one year, with revenue and operating income by segment."""

    income: IncomeStatement
    balance: BalanceSheet
    cash: CashFlow
    segment_revenue: Mapping[str, int]
    segment_income: Mapping[str, int]
    corporate_cost: int


def project_year(
    opening: BalanceSheet, revenue_before: Mapping[str, int], drivers: YearDrivers, unit: int
) -> YearStatements:
    """Return the year that follows `opening`; `unit` is the dollars in one table unit (1,000 or 1,000,000)."""
    revenue = {
        name: _round(revenue_before[name] * (1 + sum(segment.growth.values(), Decimal(0))))
        for name, segment in drivers.segments.items()
    }
    segment_income = {name: _round(revenue[name] * segment.margin) for name, segment in drivers.segments.items()}
    total = sum(revenue.values())
    depreciation = _round(opening.property_net * drivers.depreciation_rate)
    income = _earn(opening, drivers, total, sum(segment_income.values()), unit)
    deferred_tax = _round(income.income_tax * drivers.deferred_tax_share)
    balance = _close(opening, drivers, income, depreciation, deferred_tax)
    cash = _reconcile(opening, balance, drivers, income, depreciation, deferred_tax)
    balance = balance.settle(cash.closing_cash, income.net_income - income.dividends - drivers.repurchases)
    return YearStatements(income, balance, cash, revenue, segment_income, drivers.corporate_cost)


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _earn(opening: BalanceSheet, drivers: YearDrivers, revenue: int, segment_income: int, unit: int) -> IncomeStatement:
    gross_profit = _round(revenue * drivers.gross_margin)
    research = _round(revenue * drivers.research_share)
    overhead = gross_profit - research - (segment_income - drivers.corporate_cost)
    interest = _round(opening.debt * drivers.interest_rate)
    interest_income = _round(opening.cash * drivers.interest_income_rate)
    before_charges = segment_income - drivers.corporate_cost - drivers.amortization
    taxable = before_charges - interest + interest_income + drivers.other_income  # an impairment is not deductible
    pretax = taxable - drivers.goodwill_impairment
    tax = _round(taxable * drivers.tax_rate)
    return IncomeStatement(
        revenue=revenue,
        cost_of_revenue=revenue - gross_profit,
        selling_general_administrative=overhead,
        research_development=research,
        amortization=drivers.amortization,
        goodwill_impairment=drivers.goodwill_impairment,
        interest_expense=interest,
        interest_income=interest_income,
        other_income=drivers.other_income,
        income_tax=tax,
        basic_shares=drivers.basic_shares,
        # Potential shares would make a loss per share smaller, so they are left out in a loss year.
        diluted_shares=drivers.basic_shares + (drivers.dilutive_shares if pretax > tax else 0),
        dividend_per_share=drivers.dividend_per_share,
        unit=unit,
    )


def _close(
    opening: BalanceSheet, drivers: YearDrivers, income: IncomeStatement, depreciation: int, deferred_tax: int
) -> BalanceSheet:
    """Return the closing balance sheet but for cash and retained earnings, which `settle` fills."""
    revenue, cost = income.revenue, income.cost_of_revenue
    debt = opening.debt + drivers.borrowing - drivers.repayment
    lease_growth = drivers.new_leases - drivers.lease_amortization
    lease_debt = opening.lease_liabilities + lease_growth
    lease_current = _round(lease_debt * Decimal("0.18"))
    capital_expenditures = _round(revenue * drivers.capital_expenditure_share)
    return BalanceSheet(
        cash=0,
        receivables=_round(revenue * drivers.receivable_days / 365),
        inventory=_round(cost * drivers.inventory_days / 365),
        prepaid=_round(revenue * drivers.prepaid_share),
        property_gross=opening.property_gross + capital_expenditures,
        accumulated_depreciation=opening.accumulated_depreciation + depreciation,
        lease_assets=opening.lease_assets + lease_growth,
        goodwill=opening.goodwill + drivers.acquisition - drivers.acquired_intangibles - drivers.goodwill_impairment,
        intangibles=opening.intangibles + drivers.acquired_intangibles - drivers.amortization,
        other_assets=opening.other_assets,
        payables=_round(cost * drivers.payable_days / 365),
        accrued=_round(revenue * drivers.accrued_share),
        deferred_revenue=_round(revenue * drivers.deferred_revenue_share),
        lease_liabilities_current=lease_current,
        lease_liabilities_noncurrent=lease_debt - lease_current,
        debt_current=drivers.debt_current,
        debt_noncurrent=debt - drivers.debt_current,
        deferred_tax=opening.deferred_tax + deferred_tax,
        other_liabilities=opening.other_liabilities,
        common_stock=opening.common_stock,
        paid_in_capital=opening.paid_in_capital + _round(revenue * drivers.stock_compensation_share),
        retained_earnings=opening.retained_earnings,
        other_comprehensive_income=opening.other_comprehensive_income + drivers.translation,
    )


def _reconcile(
    opening: BalanceSheet,
    closing: BalanceSheet,
    drivers: YearDrivers,
    income: IncomeStatement,
    depreciation: int,
    deferred_tax: int,
) -> CashFlow:
    """Return the cash flow statement by the indirect method; amounts that use cash are negative."""
    return CashFlow(
        net_income=income.net_income,
        depreciation_amortization=depreciation + drivers.amortization,
        goodwill_impairment=drivers.goodwill_impairment,
        stock_compensation=closing.paid_in_capital - opening.paid_in_capital,
        deferred_tax=deferred_tax,
        receivables=opening.receivables - closing.receivables,
        inventory=opening.inventory - closing.inventory,
        prepaid=opening.prepaid - closing.prepaid,
        payables=closing.payables - opening.payables,
        accrued=closing.accrued - opening.accrued,
        deferred_revenue=closing.deferred_revenue - opening.deferred_revenue,
        capital_expenditures=opening.property_gross - closing.property_gross,
        acquisitions=-drivers.acquisition,
        borrowing=drivers.borrowing,
        repayment=-drivers.repayment,
        dividends=-income.dividends,
        repurchases=-drivers.repurchases,
        exchange_effect=drivers.translation,
        opening_cash=opening.cash,
    )
