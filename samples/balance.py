"""The balance sheet: stored lines are integers in table units, totals are their sums."""

from dataclasses import dataclass, replace

__all__ = ["BalanceSheet"]


@dataclass(frozen=True)
class BalanceSheet:
    """One balance sheet; `accumulated_depreciation` is positive and deducted from `property_gross`."""

    cash: int
    receivables: int
    inventory: int
    prepaid: int
    property_gross: int
    accumulated_depreciation: int
    lease_assets: int
    goodwill: int
    intangibles: int
    other_assets: int
    payables: int
    accrued: int
    deferred_revenue: int
    lease_liabilities_current: int
    lease_liabilities_noncurrent: int
    debt_current: int
    debt_noncurrent: int
    deferred_tax: int
    other_liabilities: int
    common_stock: int
    paid_in_capital: int
    retained_earnings: int
    other_comprehensive_income: int

    @property
    def current_assets(self) -> int:
        """Return cash, receivables, inventory and prepaid expenses."""
        return self.cash + self.receivables + self.inventory + self.prepaid

    @property
    def property_net(self) -> int:
        """Return property and equipment after accumulated depreciation."""
        return self.property_gross - self.accumulated_depreciation

    @property
    def assets(self) -> int:
        """Return total assets."""
        noncurrent = self.lease_assets + self.goodwill + self.intangibles + self.other_assets
        return self.current_assets + self.property_net + noncurrent

    @property
    def lease_liabilities(self) -> int:
        """Return operating lease liabilities, current and noncurrent."""
        return self.lease_liabilities_current + self.lease_liabilities_noncurrent

    @property
    def debt(self) -> int:
        """Return borrowings, current and noncurrent."""
        return self.debt_current + self.debt_noncurrent

    @property
    def current_liabilities(self) -> int:
        """Return what is due within a year."""
        operating = self.payables + self.accrued + self.deferred_revenue
        return operating + self.lease_liabilities_current + self.debt_current

    @property
    def liabilities(self) -> int:
        """Return total liabilities."""
        noncurrent = self.debt_noncurrent + self.lease_liabilities_noncurrent
        return self.current_liabilities + noncurrent + self.deferred_tax + self.other_liabilities

    @property
    def equity(self) -> int:
        """Return stockholders' equity, from its own lines and not as assets less liabilities."""
        paid = self.common_stock + self.paid_in_capital
        return paid + self.retained_earnings + self.other_comprehensive_income

    @property
    def liabilities_and_equity(self) -> int:
        """Return the total of the lower half of the balance sheet."""
        return self.liabilities + self.equity

    def settle(self, cash: int, retained: int) -> "BalanceSheet":
        """Return this balance sheet with closing `cash` and `retained` added to retained earnings."""
        return replace(self, cash=cash, retained_earnings=self.retained_earnings + retained)
