"""What language models may cost in a day. Once it is spent, models are not asked until the next day (UTC).

What is known is counted: this process's own calls, and what the query log held when it started. Several processes on
one store do not see each other's calls until they start anew; give each its share of the budget, or all a Redis
(`serving.backend.shared.budget`). While the log of today is being read, or the store is away, calls are allowed on what
is known so far, and `is_complete` is false.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from finrag_ml_tg1.errors import ModelError
from serving.backend.dated_keys import utc_now

__all__ = ["Budget", "BudgetSpentError", "BudgetState", "Reservation"]


class BudgetSpentError(ModelError):
    """Today's budget does not allow another call of a model."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """The budget in US dollars; `daily_usd` and `left_usd` are None without a limit.

    `is_complete` tells whether what was spent earlier today, before this process started, is known.
    """

    daily_usd: Decimal | None
    spent_today_usd: Decimal
    left_usd: Decimal | None
    is_spent: bool
    is_complete: bool


class Reservation:
    """A call under way: what it is expected to cost, and then what it did cost."""

    def __init__(self, estimate_usd: Decimal = Decimal(0)) -> None:
        self.estimate_usd = estimate_usd
        self.cost_usd = Decimal(0)

    def settle(self, cost_usd: Decimal) -> None:
        """Say what the call cost, or an estimate where the provider did not say; a call never settled cost nothing."""
        self.cost_usd = cost_usd


class Budget:
    """Counts what models cost today; safe for use from several threads."""

    def __init__(self, daily_usd: Decimal | None, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._daily_usd = daily_usd
        self._clock = clock
        self._lock = threading.Lock()
        self._day = clock().date()
        self._spent_usd = Decimal(0)
        self._reserved_usd = Decimal(0)
        self._first_day = self._day
        self._is_log_counted = False

    def allows(self) -> bool:
        """Return whether a model may be asked now: what is spent and what is under way are below the limit."""
        with self._lock:
            return self._allows()

    @contextmanager
    def reserved(self, estimate_usd: Decimal) -> Iterator[Reservation]:
        """Count `estimate_usd` while a call is under way, and after it what it was settled at.

        Raises BudgetSpentError instead when `allows()` is false. Concurrent calls together exceed the limit by no more
        than the last one allowed, and by what the estimates were too low.
        """
        reservation = self._reserve(estimate_usd)
        try:
            yield reservation
        finally:
            self._settle(reservation)

    def add_logged(self, day: date, cost_usd: Decimal) -> None:
        """Count what the query log says was spent on a day; only today's matters."""
        with self._lock:
            self._add(day, cost_usd)

    def complete(self) -> None:
        """Note that the log of the day this process started on is counted."""
        with self._lock:
            self._is_log_counted = True

    def state(self) -> BudgetState:
        """Return the budget as it stands; calls under way are not counted."""
        with self._lock:
            self._turn_day()
            daily, spent = self._daily_usd, self._known_usd()
            return BudgetState(
                daily_usd=daily,
                spent_today_usd=spent,
                left_usd=None if daily is None else max(Decimal(0), daily - spent),
                is_spent=daily is not None and spent >= daily,
                is_complete=self._is_log_counted or self._day > self._first_day,
            )

    def _reserve(self, estimate_usd: Decimal) -> Reservation:
        with self._lock:
            if not self._allows():
                raise BudgetSpentError(self._refusal())
            self._reserved_usd += estimate_usd
        return Reservation(estimate_usd)

    def _settle(self, reservation: Reservation) -> None:
        with self._lock:
            self._reserved_usd -= reservation.estimate_usd
            self._add(self._clock().date(), reservation.cost_usd)

    def _known_usd(self) -> Decimal:
        """What is known to be spent today."""
        return self._spent_usd

    def _allows(self) -> bool:
        self._turn_day()
        return self._daily_usd is None or self._known_usd() + self._reserved_usd < self._daily_usd

    def _refusal(self) -> str:
        if self._daily_usd == 0:
            return "No language model is asked: FINRAG_DAILY_BUDGET_USD is 0."
        return f"Today's budget for language models ({self._daily_usd} USD) is spent; the next day begins at 00:00 UTC."

    def _add(self, day: date, cost_usd: Decimal) -> None:
        self._turn_day()
        if day == self._day:
            self._spent_usd += cost_usd

    def _turn_day(self) -> None:
        today = self._clock().date()
        if today != self._day:
            self._day = today
            self._spent_usd = Decimal(0)
