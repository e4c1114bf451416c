"""Sums by day, and the times that a share of the queries took at most."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from serving.backend.usage import Totals, Usage, percentile
from tests.logged_queries import NOON, record


class Clock:
    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


def test_queries_of_today_are_summed() -> None:
    usage = Usage(clock=Clock())
    usage.add(record(1, input_tokens=100, output_tokens=20, cached_tokens=60, cost_usd=Decimal("0.1")))
    usage.add(record(2, input_tokens=1, output_tokens=2, cost_usd=Decimal("0.2")))
    assert usage.today() == usage.total() == Totals(2, 101, 22, 60, Decimal("0.3"))


def test_today_begins_anew_at_midnight_and_the_total_goes_on() -> None:
    clock = Clock(datetime(2026, 3, 14, 23, 59, 59, tzinfo=NOON.tzinfo))
    usage = Usage(clock=clock)
    usage.add(record(1, timestamp=clock.moment, cost_usd=Decimal(1)))
    clock.moment += timedelta(seconds=1)
    assert usage.today() == Totals()
    usage.add(record(2, timestamp=clock.moment, cost_usd=Decimal(2)))
    assert usage.today().cost_usd == 2
    assert usage.total().cost_usd == 3
    assert usage.since == date(2026, 3, 14)


def test_logged_days_count_once_the_log_is_read_back_to_them() -> None:
    usage = Usage(clock=Clock())
    usage.add_logged(date(2026, 3, 14), Totals(5, cost_usd=Decimal(5)))
    usage.add_logged(date(2026, 3, 13), Totals(3, cost_usd=Decimal(3)))
    assert (usage.today().queries, usage.total().queries) == (5, 5)
    usage.reach_back_to(date(2026, 3, 13))
    assert (usage.today().queries, usage.total().queries) == (5, 8)


def test_latency_is_that_of_the_latest_thousand_queries() -> None:
    usage = Usage(clock=Clock())
    assert usage.latency_ms(0.5) is None
    for number in range(1_500):
        usage.add(record(number, total_ms=float(number)))
    assert usage.latency_ms(0.5) == 999.0
    assert usage.latency_ms(0.95) == 1_449.0


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 100))
def test_percentile_is_the_smallest_value_that_the_share_does_not_exceed(values: list[float], percent: int) -> None:
    found = percentile(sorted(values), percent / 100)
    enough = [value for value in values if sum(other <= value for other in values) * 100 >= percent * len(values)]
    assert found == min(enough)
