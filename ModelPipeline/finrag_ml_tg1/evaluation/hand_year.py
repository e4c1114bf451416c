"""One company's fiscal year for formulas written by hand: its lines by name, as the filer tags them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from finrag_ml_tg1.evaluation.hand_concepts import FLOWS, STOCKS, UNITS
from finrag_ml_tg1.evaluation.tagged_years import CompanyNumbers

__all__ = ["FiscalYear", "NotStatedError"]

_EMPLOYEES = ("dei:EntityNumberOfEmployees",)
_BANK = frozenset({"us-gaap:NoninterestExpense", "us-gaap:InterestIncomeExpenseNet", "us-gaap:Deposits"})
_INSURER = frozenset({"us-gaap:PremiumsEarnedNet", "us-gaap:LiabilityForClaimsAndClaimsAdjustmentExpense"})
_MARKS = 2


class NotStatedError(Exception):
    """A number that a formula needs is not tagged."""


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """The tagged numbers of one company's fiscal year."""

    company: CompanyNumbers
    year: int

    def __getitem__(self, name: str) -> float:
        value = self.tagged(name)
        if value is None:
            raise NotStatedError(name)
        return value

    def tagged(self, name: str) -> float | None:
        """Return a line's number, None when it is not tagged for the year."""
        end = self.company.end_of(self.year)
        if end is None:
            return None
        if name == "employees":
            return self.company.stated(_EMPLOYEES, end, is_flow=False, unit="employee")
        is_flow = name in FLOWS
        concepts = [f"us-gaap:{local}" for local in (FLOWS if is_flow else STOCKS)[name].split()]
        return self.company.stated(concepts, end, is_flow=is_flow, unit=UNITS.get(name, "USD"))

    def largest(self, name: str) -> float | None:
        """Return the largest number tagged under any of a flow's concepts, None when none is."""
        end = self.company.end_of(self.year)
        return self.company.largest([f"us-gaap:{local}" for local in FLOWS[name].split()], end) if end else None

    def or_nil(self, name: str) -> float:
        """Return a line's number, 0 when the filer tags none."""
        return self.tagged(name) or 0.0

    def mean(self, formula: Callable[[FiscalYear], float]) -> float:
        """Return the mean of a formula's values at the start and the end of the year."""
        return (formula(FiscalYear(self.company, self.year - 1)) + formula(self)) / 2

    def mean_of(self, name: str) -> float:
        """Return the mean of a line's numbers at the start and the end of the year."""
        return self.mean(lambda year: year[name])

    @property
    def is_of_bank_or_insurer(self) -> bool:
        """Whether the company tags what only banks, or only insurers, tag: it has no gross profit."""
        return any(len(marks & self.company.concepts) >= _MARKS for marks in (_BANK, _INSURER))
