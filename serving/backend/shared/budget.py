"""The day's budget kept exactly over several back ends: a call is counted in a Redis before it is made.

While the Redis is away each back end goes by what it has heard last and its own calls; these are told when it is back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import cast

from serving.backend.budget import Budget, BudgetSpentError, Reservation
from serving.backend.dated_keys import utc_now
from serving.backend.shared.connection import SharedAwayError, SharedRedis

__all__ = ["SharedBudget"]

# Whole numbers of a billionth of a dollar: sums are exact up to nine million dollars a day.
_UNIT_USD = Decimal("1e-9")
_KEPT_MS = 3 * 24 * 3600 * 1000

# KEYS: the day. ARGV: milliseconds to keep it, what is known to be spent at least (a Redis that has lost its memory is
# told again), what a call is expected to cost, and the limit ("" without one).
_RESERVE = """
local spent = math.max(tonumber(redis.call('HGET', KEYS[1], 'spent') or 0), tonumber(ARGV[2]))
local reserved = tonumber(redis.call('HGET', KEYS[1], 'reserved') or 0)
if ARGV[4] ~= '' and spent + reserved >= tonumber(ARGV[4]) then return {0, string.format('%.0f', spent)} end
redis.call('HSET', KEYS[1], 'spent', string.format('%.0f', spent))
redis.call('HINCRBY', KEYS[1], 'reserved', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {1, string.format('%.0f', spent)}
"""
# ARGV: as above, then what was expected of calls that have ended, and what they did cost.
_PAY = """
local spent = math.max(tonumber(redis.call('HGET', KEYS[1], 'spent') or 0), tonumber(ARGV[2])) + tonumber(ARGV[4])
local reserved = tonumber(redis.call('HGET', KEYS[1], 'reserved') or 0) - tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'spent', string.format('%.0f', spent))
redis.call('HSET', KEYS[1], 'reserved', string.format('%.0f', math.max(0, reserved)))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return string.format('%.0f', spent)
"""


class _SharedReservation(Reservation):
    """A call that all back ends know of, under the day it began on."""

    def __init__(self, estimate_usd: Decimal, day: date) -> None:
        super().__init__(estimate_usd)
        self.day = day


@dataclass(slots=True)
class _Owed:
    """What the Redis is not told yet of a day: expectations of calls that have ended, and what they did cost."""

    released_usd: Decimal = Decimal(0)
    cost_usd: Decimal = Decimal(0)


class SharedBudget(Budget):
    """A Budget whose limit is one for all back ends. A call whose process dies stays counted as expected that day.

    `state()` is as of a second ago.
    """

    def __init__(
        self, daily_usd: Decimal | None, shared: SharedRedis, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(daily_usd, clock=clock)
        self._shared = shared
        self._logged_usd = Decimal(0)
        self._heard_usd = Decimal(0)
        self._owed: dict[date, _Owed] = {}
        shared.watch(self._pay)

    def add_logged(self, day: date, cost_usd: Decimal) -> None:
        """Count what the query log says was spent on a day; only today's matters."""
        super().add_logged(day, cost_usd)
        with self._lock:
            if day == self._day:
                self._logged_usd += cost_usd

    def complete(self) -> None:
        """Note that the log of the day this process started on is counted: so much is spent at the least."""
        super().complete()
        with self._lock:
            self._heard_usd = max(self._heard_usd, self._logged_usd)

    def _reserve(self, estimate_usd: Decimal) -> Reservation:
        day = self._clock().date()
        try:
            is_allowed = self._ask_to_reserve(day, estimate_usd)
        except SharedAwayError:
            return super()._reserve(estimate_usd)
        if not is_allowed:
            raise BudgetSpentError(self._refusal())
        with self._lock:
            self._reserved_usd += estimate_usd
        return _SharedReservation(estimate_usd, day)

    def _settle(self, reservation: Reservation) -> None:
        super()._settle(reservation)
        with self._lock:
            if isinstance(reservation, _SharedReservation):
                self._owed_on(reservation.day).released_usd += reservation.estimate_usd
            self._owed_on(self._day).cost_usd += reservation.cost_usd
        self._shared.later(self._pay)

    def _known_usd(self) -> Decimal:
        owed = self._owed.get(self._day, _Owed())
        return max(super()._known_usd(), self._heard_usd + owed.cost_usd)

    def _turn_day(self) -> None:
        before = self._day
        super()._turn_day()
        if self._day != before:
            self._logged_usd = self._heard_usd = Decimal(0)

    def _ask_to_reserve(self, day: date, estimate_usd: Decimal) -> bool:
        limit = "" if self._daily_usd is None else _units(self._daily_usd)
        told = self._run(_RESERVE, day, _units(estimate_usd), limit)
        is_allowed, spent = cast("tuple[int, bytes]", told)
        self._hear(day, spent)
        return bool(is_allowed)

    def _pay(self) -> None:
        """Tell what is owed and hear what all have spent; raises SharedAwayError, and it stays owed."""
        with self._lock:
            self._turn_day()
            today = self._day
            days = sorted({*self._owed, today})
        for day in days:
            with self._lock:
                owed = self._owed.pop(day, _Owed())
            try:
                spent = self._run(_PAY, day, _units(owed.released_usd), _units(owed.cost_usd))
            except SharedAwayError:
                with self._lock:
                    still = self._owed_on(day)
                    still.released_usd += owed.released_usd
                    still.cost_usd += owed.cost_usd
                raise
            self._hear(day, cast("bytes", spent))

    def _run(self, script: str, day: date, *arguments: int | str) -> object:
        with self._lock:
            least = _units(self._heard_usd) if day == self._day else 0
        key = f"{self._shared.prefix}budget:{day.isoformat()}"
        return self._shared.run(script, (key,), (_KEPT_MS, least, *arguments))

    def _hear(self, day: date, spent: bytes) -> None:
        with self._lock:
            self._turn_day()
            if day == self._day:
                self._heard_usd = max(self._heard_usd, int(spent) * _UNIT_USD)

    def _owed_on(self, day: date) -> _Owed:
        return self._owed.setdefault(day, _Owed())


def _units(usd: Decimal) -> int:
    return int((usd / _UNIT_USD).to_integral_value(ROUND_HALF_EVEN))
