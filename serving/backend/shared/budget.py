"""The day's budget kept exactly over several back ends: a call is counted in a Redis before it is made.

While the Redis is away each back end goes by what it has heard last and its own calls; these are told when it is back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
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

# A sum that is none counts as forgotten: nothing that stands there fails a question.
_SUM = """
local function sum(name)
    local kept = tonumber(redis.call('HGET', KEYS[1], name) or 0)
    return kept and kept >= 0 and kept < 9e15 and kept or 0
end
"""
# KEYS: the day. ARGV: milliseconds to keep it, what is known to be spent at least (a Redis that has lost its memory is
# told again), the call, what it is expected to cost, and the limit ("" without one).
_RESERVE = (
    _SUM
    + """
local spent, reserved = math.max(sum('spent'), tonumber(ARGV[2])), sum('reserved')
if ARGV[5] ~= '' and spent + reserved >= tonumber(ARGV[5]) then return {0, string.format('%.0f', spent)} end
redis.call('HSET', KEYS[1], 'spent', string.format('%.0f', spent),
    'reserved', string.format('%.0f', reserved + ARGV[4]), 'call:' .. ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {1, string.format('%.0f', spent)}
"""
)
# ARGV: the first two as above, who pays, the payment, what it is, and the calls that have ended. Told again because the
# answer was lost, a payment counts once.
_PAY = (
    _SUM
    + """
local spent, reserved = math.max(sum('spent'), tonumber(ARGV[2])), sum('reserved')
local last = 'paid:' .. ARGV[3]
if ARGV[5] ~= '0' and redis.call('HGET', KEYS[1], last) ~= ARGV[4] then
    spent = spent + ARGV[5]
    redis.call('HSET', KEYS[1], last, ARGV[4])
end
for index = 6, #ARGV do
    local call = 'call:' .. ARGV[index]
    reserved = reserved - sum(call)
    redis.call('HDEL', KEYS[1], call)
end
redis.call('HSET', KEYS[1], 'spent', string.format('%.0f', spent),
    'reserved', string.format('%.0f', math.max(0, reserved)))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return string.format('%.0f', spent)
"""
)


class _SharedReservation(Reservation):
    """A call that all back ends know of, under the day it began on."""

    def __init__(self, estimate_usd: Decimal, day: date) -> None:
        super().__init__(estimate_usd)
        self.day = day
        self.id = uuid.uuid4().hex


@dataclass(slots=True)
class _Payment:
    """What the Redis is told of a day: calls that have ended, and what they did cost."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    ended: list[str] = field(default_factory=list)
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
        self._payer = uuid.uuid4().hex
        self._owed: dict[date, _Payment] = {}
        self._under_way: dict[date, _Payment] = {}
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
        reservation = _SharedReservation(estimate_usd, self._clock().date())
        try:
            is_allowed = self._ask_to_reserve(reservation)
        except SharedAwayError:
            # Only the answer may have been lost: that the call has ended is told in any case.
            try:
                super()._reserve(estimate_usd)
            except BudgetSpentError:
                self._owe_end(reservation)
                raise
            return reservation
        if not is_allowed:
            raise BudgetSpentError(self._refusal())
        with self._lock:
            self._reserved_usd += estimate_usd
        return reservation

    def _settle(self, reservation: Reservation) -> None:
        super()._settle(reservation)
        assert isinstance(reservation, _SharedReservation)
        self._owe_end(reservation)
        with self._lock:
            self._owed_on(self._day).cost_usd += reservation.cost_usd
        self._shared.later(self._pay)

    def _known_usd(self) -> Decimal:
        untold = (told.get(self._day, _Payment()).cost_usd for told in (self._owed, self._under_way))
        return max(super()._known_usd(), self._heard_usd + sum(untold))

    def _turn_day(self) -> None:
        before = self._day
        super()._turn_day()
        if self._day != before:
            self._logged_usd = self._heard_usd = Decimal(0)

    def _ask_to_reserve(self, call: _SharedReservation) -> bool:
        limit = "" if self._daily_usd is None else _units(self._daily_usd)
        told = self._run(_RESERVE, call.day, call.id, _units(call.estimate_usd), limit)
        is_allowed, spent = cast("tuple[int, bytes]", told)
        with self._lock:
            self._hear(call.day, spent)
        return bool(is_allowed)

    def _pay(self) -> None:
        """Tell what is owed and hear what all have spent; raises SharedAwayError, and it is told again as it was."""
        with self._lock:
            self._turn_day()
            days = sorted({*self._owed, *self._under_way, self._day})
        for day in days:
            with self._lock:
                if day not in self._under_way:
                    self._under_way[day] = self._owed.pop(day, _Payment())
                payment = self._under_way[day]
            spent = self._run(_PAY, day, self._payer, payment.id, _units(payment.cost_usd), *payment.ended)
            with self._lock:
                del self._under_way[day]
                self._hear(day, cast("bytes", spent))

    def _run(self, script: str, day: date, *arguments: int | str) -> object:
        with self._lock:
            least = _units(self._heard_usd) if day == self._day else 0
        key = f"{self._shared.prefix}budget:{day.isoformat()}"
        return self._shared.run(script, (key,), (_KEPT_MS, least, *arguments))

    def _hear(self, day: date, spent: bytes) -> None:
        self._turn_day()
        if day == self._day:
            self._heard_usd = max(self._heard_usd, int(spent) * _UNIT_USD)

    def _owe_end(self, call: _SharedReservation) -> None:
        with self._lock:
            self._owed_on(call.day).ended.append(call.id)

    def _owed_on(self, day: date) -> _Payment:
        return self._owed.setdefault(day, _Payment())


def _units(usd: Decimal) -> int:
    return int((usd / _UNIT_USD).to_integral_value(ROUND_HALF_EVEN))
