"""Derived metrics written out by hand, to hold the product's own against: nothing here reads its registry of metrics.

Each formula is the textbook definition that the product states with its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from finrag_ml_tg1.evaluation.hand_year import FiscalYear, NotStatedError

__all__ = ["DERIVED", "research"]


def _gross_profit(y: FiscalYear) -> float:
    tagged = y.tagged("gross_profit")
    if tagged is not None:
        return tagged
    if y.is_of_bank_or_insurer:
        raise NotStatedError("gross profit of a bank or insurer")
    return y["revenue"] - y["cost_of_revenue"]


def _depreciation(y: FiscalYear) -> float:
    """That of the cash flow statement: it holds all of it, an expense line or a note may hold a part."""
    tagged = y.largest("depreciation_amortization")
    return tagged if tagged is not None else y["depreciation"] + y["amortization"]


def research(y: FiscalYear) -> float:
    """Return all of it: one of its tags may stand for what was bought in process."""
    largest = y.largest("research")
    if largest is None:
        raise NotStatedError("research")
    return largest


def _ebitda(y: FiscalYear) -> float:
    return y["operating_income"] + _depreciation(y)


def _free_cash(y: FiscalYear) -> float:
    return y["operating_cash"] - y["capital_expenditures"]


def _liabilities(y: FiscalYear) -> float:
    tagged = y.tagged("liabilities")
    if tagged is not None:
        return tagged
    return y["liabilities_and_equity"] - y["equity_with_minorities"] - y.or_nil("redeemable")


def _debt_due(y: FiscalYear) -> float:
    tagged = y.tagged("debt_due")
    if tagged is not None:
        return tagged
    parts = [y.tagged("short_term_borrowings"), y.tagged("current_long_term_debt")]
    if parts == [None, None]:
        raise NotStatedError("debt due within a year")
    return sum(part for part in parts if part is not None)


def _payables(y: FiscalYear) -> float:
    tagged = y.tagged("payables")
    return tagged if tagged is not None else y["payables_and_accrued"]


def _debt_due_later(y: FiscalYear) -> float:
    """A tag that holds long-term debt whole holds what of it is due within the year already."""
    tagged = y.tagged("long_term_debt")
    return tagged if tagged is not None else y["whole_long_term_debt"] - y.or_nil("current_long_term_debt")


def _debt(y: FiscalYear) -> float:
    later = _debt_due_later(y)
    try:
        return later + _debt_due(y)
    except NotStatedError:
        return later


def _cash_and_investments(y: FiscalYear) -> float:
    tagged = y.tagged("cash_and_investments")
    return tagged if tagged is not None else y["cash"] + y["short_term_investments"]


def _net_debt(y: FiscalYear) -> float:
    return _debt(y) - y["cash"] - y.or_nil("short_term_investments")


def _working_capital(y: FiscalYear) -> float:
    return y["current_assets"] - y["current_liabilities"]


def _shares(y: FiscalYear) -> float:
    """Shares outstanding at the balance date, else those on the cover, counted some weeks later."""
    tagged = y.tagged("shares_outstanding")
    if tagged is None:
        tagged = y.company.on_cover("dei:EntityCommonStockSharesOutstanding", y.year)
    if tagged is None:
        raise NotStatedError("shares outstanding")
    return tagged


def _tax_rate(y: FiscalYear) -> float:
    tagged = y.tagged("tax_rate")
    return tagged if tagged is not None else y["income_tax"] / y["pretax_income"]


def _invested(y: FiscalYear) -> float:
    return _debt(y) + y["equity"] - y["cash"]


def _return_on_invested(y: FiscalYear) -> float:
    after_tax = y["operating_income"] * (1 - y["income_tax"] / y["pretax_income"])
    return after_tax / y.mean(_invested)


def _sales_days(y: FiscalYear) -> float:
    return 365 * y.mean_of("receivables") / y["revenue"]


def _inventory_days(y: FiscalYear) -> float:
    return 365 * y.mean_of("inventory") / y["cost_of_revenue"]


def _payable_days(y: FiscalYear) -> float:
    return 365 * y.mean(_payables) / y["cost_of_revenue"]


DERIVED: Mapping[str, Callable[[FiscalYear], float]] = {
    "gross_profit": _gross_profit,
    "depreciation_amortization": _depreciation,
    "total_liabilities": _liabilities,
    "accounts_payable": _payables,
    "noncurrent_long_term_debt": _debt_due_later,
    "debt_due_within_a_year": _debt_due,
    "cash_and_short_term_investments": _cash_and_investments,
    "effective_tax_rate": _tax_rate,
    "gross_margin": lambda y: _gross_profit(y) / y["revenue"],
    "operating_margin": lambda y: y["operating_income"] / y["revenue"],
    "net_margin": lambda y: y["net_income"] / y["revenue"],
    "pretax_margin": lambda y: y["pretax_income"] / y["revenue"],
    "cost_of_revenue_to_revenue": lambda y: y["cost_of_revenue"] / y["revenue"],
    "ebitda": _ebitda,
    "ebitda_margin": lambda y: _ebitda(y) / y["revenue"],
    "free_cash_flow": _free_cash,
    "free_cash_flow_margin": lambda y: _free_cash(y) / y["revenue"],
    "free_cash_flow_conversion": lambda y: _free_cash(y) / y["net_income"],
    "operating_cash_flow_margin": lambda y: y["operating_cash"] / y["revenue"],
    "operating_cash_flow_ratio": lambda y: y["operating_cash"] / y["current_liabilities"],
    "return_on_equity": lambda y: y["net_income"] / y.mean_of("equity"),
    "return_on_assets": lambda y: y["net_income"] / y.mean_of("assets"),
    "invested_capital": _invested,
    "return_on_invested_capital": _return_on_invested,
    "current_ratio": lambda y: y["current_assets"] / y["current_liabilities"],
    "quick_ratio": lambda y: (
        (y["cash"] + y.or_nil("short_term_investments") + y["receivables"]) / y["current_liabilities"]
    ),
    "cash_ratio": lambda y: (y["cash"] + y.or_nil("short_term_investments")) / y["current_liabilities"],
    "working_capital": _working_capital,
    "total_debt": _debt,
    "net_debt": _net_debt,
    "net_cash": lambda y: -_net_debt(y),
    "debt_to_equity": lambda y: _debt(y) / y["equity"],
    "debt_to_assets": lambda y: _debt(y) / y["assets"],
    "liabilities_to_equity": lambda y: _liabilities(y) / y["equity"],
    "equity_ratio": lambda y: y["equity"] / y["assets"],
    "equity_multiplier": lambda y: y.mean_of("assets") / y.mean_of("equity"),
    "net_debt_to_ebitda": lambda y: _net_debt(y) / _ebitda(y),
    "debt_to_ebitda": lambda y: _debt(y) / _ebitda(y),
    "interest_coverage": lambda y: y["operating_income"] / y["interest_expense"],
    "days_sales_outstanding": _sales_days,
    "days_inventory_outstanding": _inventory_days,
    "days_payable_outstanding": _payable_days,
    "cash_conversion_cycle": lambda y: _inventory_days(y) + _sales_days(y) - _payable_days(y),
    "asset_turnover": lambda y: y["revenue"] / y.mean_of("assets"),
    "fixed_asset_turnover": lambda y: y["revenue"] / y.mean_of("property"),
    "inventory_turnover": lambda y: y["cost_of_revenue"] / y.mean_of("inventory"),
    "receivables_turnover": lambda y: y["revenue"] / y.mean_of("receivables"),
    "payables_turnover": lambda y: y["cost_of_revenue"] / y.mean(_payables),
    "working_capital_turnover": lambda y: y["revenue"] / y.mean(_working_capital),
    "payout_ratio": lambda y: y["dividends"] / y["net_income"],
    "retention_ratio": lambda y: 1 - y["dividends"] / y["net_income"],
    "capex_to_revenue": lambda y: y["capital_expenditures"] / y["revenue"],
    "research_to_revenue": lambda y: research(y) / y["revenue"],
    "sga_to_revenue": lambda y: y["selling_general"] / y["revenue"],
    "capex_to_depreciation": lambda y: y["capital_expenditures"] / _depreciation(y),
    "shareholder_returns": lambda y: y["repurchases"] + y.or_nil("dividends"),
    "book_value_per_share": lambda y: y["equity"] / _shares(y),
    "free_cash_flow_per_share": lambda y: _free_cash(y) / y["diluted_shares"],
    "revenue_per_share": lambda y: y["revenue"] / y["diluted_shares"],
    "tangible_book_value": lambda y: y["equity"] - y.or_nil("goodwill") - y.or_nil("intangibles"),
    "revenue_per_employee": lambda y: y["revenue"] / y["employees"],
    "net_income_per_employee": lambda y: y["net_income"] / y["employees"],
}
