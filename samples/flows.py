"""The statements over a period: income and cash flow, integers in table units, totals as sums."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["CashFlow", "IncomeStatement"]

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class IncomeStatement:
    """One year's income statement; expenses are positive, shares are thousands, `unit` is dollars a table unit."""

    revenue: int
    cost_of_revenue: int
    selling_general_administrative: int
    research_development: int
    amortization: int
    goodwill_impairment: int
    interest_expense: int
    interest_income: int
    other_income: int
    income_tax: int
    basic_shares: int
    diluted_shares: int
    dividend_per_share: Decimal
    unit: int

    @property
    def gross_profit(self) -> int:
        """Return revenue less its cost."""
        return self.revenue - self.cost_of_revenue

    @property
    def operating_expenses(self) -> int:
        """Return the expenses between gross profit and operating income."""
        running = self.selling_general_administrative + self.research_development
        return running + self.amortization + self.goodwill_impairment

    @property
    def operating_income(self) -> int:
        """Return gross profit less operating expenses; negative for a loss."""
        return self.gross_profit - self.operating_expenses

    @property
    def pretax_income(self) -> int:
        """Return income before income taxes."""
        return self.operating_income - self.interest_expense + self.interest_income + self.other_income

    @property
    def net_income(self) -> int:
        """Return income after taxes; negative for a loss."""
        return self.pretax_income - self.income_tax

    @property
    def basic_earnings_per_share(self) -> Decimal:
        """Return net income a basic share, in dollars and cents."""
        return self._divide(self.basic_shares)

    @property
    def diluted_earnings_per_share(self) -> Decimal:
        """Return net income a diluted share, in dollars and cents."""
        return self._divide(self.diluted_shares)

    @property
    def dividends(self) -> int:
        """Return dividends on the basic shares, in table units."""
        dollars = self.dividend_per_share * self.basic_shares * 1000
        return int((dollars / self.unit).quantize(Decimal(1), ROUND_HALF_UP))

    def _divide(self, thousand_shares: int) -> Decimal:
        return (Decimal(self.net_income * self.unit) / (thousand_shares * 1000)).quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class CashFlow:
    """One year's cash flow statement; what uses cash is negative."""

    net_income: int
    depreciation_amortization: int
    goodwill_impairment: int
    stock_compensation: int
    deferred_tax: int
    receivables: int
    inventory: int
    prepaid: int
    payables: int
    accrued: int
    deferred_revenue: int
    capital_expenditures: int
    acquisitions: int
    borrowing: int
    repayment: int
    dividends: int
    repurchases: int
    exchange_effect: int
    opening_cash: int

    @property
    def operating(self) -> int:
        """Return net cash from operating activities."""
        noncash = self.depreciation_amortization + self.goodwill_impairment + self.stock_compensation
        assets = self.receivables + self.inventory + self.prepaid
        liabilities = self.payables + self.accrued + self.deferred_revenue
        return self.net_income + noncash + self.deferred_tax + assets + liabilities

    @property
    def investing(self) -> int:
        """Return net cash from investing activities."""
        return self.capital_expenditures + self.acquisitions

    @property
    def financing(self) -> int:
        """Return net cash from financing activities."""
        return self.borrowing + self.repayment + self.dividends + self.repurchases

    @property
    def net_change(self) -> int:
        """Return the change in cash, exchange rates included."""
        return self.operating + self.investing + self.financing + self.exchange_effect

    @property
    def closing_cash(self) -> int:
        """Return cash at the end of the year."""
        return self.opening_cash + self.net_change
