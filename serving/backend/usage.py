"""What the queries used: tokens, cost, time; of today, of the days the log could tell, and of this process."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from serving.backend.dated_keys import utc_now
from serving.backend.query_record import QueryRecord

__all__ = ["Totals", "Usage", "percentile"]

_MOST_LATENCIES = 1_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over queries; `cached_tokens` are part of `input_tokens`."""

    queries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    @classmethod
    def of(cls, record: QueryRecord) -> Totals:
        """Return what one query used."""
        return cls(1, record.input_tokens, record.output_tokens, record.cached_tokens, record.cost_usd)

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.queries + other.queries,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cost_usd + other.cost_usd,
        )


class Usage:
    """Counts queries; safe for use from several threads. Days are UTC."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._days: dict[date, Totals] = {}
        self._latencies_ms: deque[float] = deque(maxlen=_MOST_LATENCIES)
        self._since = clock().date()

    def add(self, record: QueryRecord) -> None:
        """Count a query that this process has answered."""
        with self._lock:
            day = record.timestamp.date()
            self._days[day] = self._days.get(day, Totals()) + Totals.of(record)
            self._latencies_ms.append(record.total_ms)

    def add_logged(self, day: date, totals: Totals) -> None:
        """Count what a file of the log says of a day before this process started, or of the day it started on."""
        with self._lock:
            self._days[day] = self._days.get(day, Totals()) + totals

    def reach_back_to(self, day: date) -> None:
        """Note that the log of all days from `day` on is counted."""
        with self._lock:
            self._since = day

    @property
    def since(self) -> date:
        """The first day that is counted wholly, as far as the log knows it."""
        return self._since

    def today(self) -> Totals:
        """Return the sums of this day."""
        with self._lock:
            return self._days.get(self._clock().date(), Totals())

    def total(self) -> Totals:
        """Return the sums of the days since `since`."""
        with self._lock:
            return sum((totals for day, totals in self._days.items() if day >= self._since), Totals())

    def latency_ms(self, share: float) -> float | None:
        """Return the time that `share` of the latest 1,000 queries of this process took at most; None without any."""
        with self._lock:
            latencies = sorted(self._latencies_ms)
        return percentile(latencies, share)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest of the ordered values that `share` (0 to 1) of them do not exceed (the nearest rank)."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
