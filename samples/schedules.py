"""Schedules behind the notes: who is owed what in which year. Each sums to the balance it explains."""

from decimal import ROUND_HALF_UP, Decimal

from samples.company import Debt

__all__ = ["spread_amortization", "spread_debt", "spread_leases"]

_LEASE_SHARES = ("0.22", "0.19", "0.16", "0.13", "0.10")
_LEASE_INTEREST = Decimal("0.13")


def spread_debt(total: int, instalment: int, debt: Debt, fiscal_year: int) -> list[int]:
    """Return principal due in each of the next five years and thereafter."""
    loan = total - debt.notes
    due = [0] * 6
    for index in range(6):
        year = fiscal_year + 1 + index
        part = loan if year >= debt.loan_due or index == 5 else min(instalment, loan)
        due[index] += part
        loan -= part
    due[min(debt.notes_due - fiscal_year - 1, 5) if debt.notes else 5] += debt.notes
    return due


def spread_leases(liability: int) -> tuple[list[int], int]:
    """Return payments in each of the next five years and thereafter, and the interest they include."""
    interest = _round(liability * _LEASE_INTEREST)
    total = liability + interest
    payments = [_round(total * Decimal(share)) for share in _LEASE_SHARES]
    return [*payments, total - sum(payments)], interest


def spread_amortization(balance: int, yearly: int) -> list[int]:
    """Return the amortization of each of the next five years and thereafter."""
    parts: list[int] = []
    for _ in range(5):
        parts.append(min(yearly, balance - sum(parts)))
    return [*parts, balance - sum(parts)]


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
