"""Amounts follow from the price of a month to the last digit; the vectors are worked out by hand from list prices."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.cost.charges import (
    State,
    as_decimal,
    charge_build,
    charge_bytes,
    charge_egress_of_bucket,
    charge_per_thousand,
    charge_running,
    charge_stretches,
    charge_tokens,
)

MONTH_S = 730 * 3600
PRICES = st.decimals("0.01", "100000", places=2)
SECONDS = st.integers(0, 10**9)
STATES = st.sampled_from(list(State))


def cents(amount: Fraction) -> Decimal:
    return round(as_decimal(amount), 2)


@pytest.mark.parametrize(
    ("month", "hours", "dollars"),
    [
        ("20", 744, "20.38"),
        ("20", 720, "19.73"),
        ("20", 672, "18.41"),
        ("135", 744, "137.59"),  # the platform's own example: 2,678,400 seconds of a C3
        ("5", 730, "5.00"),
    ],
)
def test_calendar_months_cost_their_own_hours(month: str, hours: int, dollars: str) -> None:
    assert cents(charge_running(Decimal(month), hours * 3600)) == Decimal(dollars)


@pytest.mark.parametrize(
    ("month", "hour", "second"),
    [("20", "0.027397", "0.0000076104"), ("5", "0.006849", "0.0000019026")],
)
def test_hour_and_second_are_those_of_the_month(month: str, hour: str, second: str) -> None:
    assert round(as_decimal(charge_running(Decimal(month), 3600)), 6) == Decimal(hour)
    assert round(as_decimal(charge_running(Decimal(month), 1)), 10) == Decimal(second)


@given(month=PRICES)
@settings(deadline=None)
def test_month_of_730_hours_is_the_list_price_exactly(month: Decimal) -> None:
    assert charge_running(month, MONTH_S) == Fraction(month)
    assert as_decimal(charge_running(month, MONTH_S)) == month


@given(month=PRICES, parts=st.lists(SECONDS, max_size=8), instances=st.integers(0, 50))
@settings(deadline=None)
def test_time_may_be_split_anywhere(month: Decimal, parts: list[int], instances: int) -> None:
    whole = charge_running(month, sum(parts), instances=instances)
    assert sum(charge_running(month, part, instances=instances) for part in parts) == whole


@given(month=PRICES, seconds=SECONDS, instances=st.integers(0, 50))
@settings(deadline=None)
def test_instances_cost_each_the_same(month: Decimal, seconds: int, instances: int) -> None:
    assert charge_running(month, seconds, instances=instances) == instances * charge_running(month, seconds)


@given(month=PRICES, seconds=SECONDS, more=st.integers(1, 10**6))
@settings(deadline=None)
def test_longer_running_costs_more(month: Decimal, seconds: int, more: int) -> None:
    assert charge_running(month, seconds + more) > charge_running(month, seconds) >= 0


@given(month=PRICES, stretches=st.lists(st.tuples(STATES, SECONDS), max_size=10))
@settings(deadline=None)
def test_only_running_stretches_cost(month: Decimal, stretches: list[tuple[State, int]]) -> None:
    running = sum(seconds for state, seconds in stretches if state is State.RUNNING)
    assert charge_stretches(month, stretches) == charge_running(month, running)
    asleep = [(state, seconds) for state, seconds in stretches if state is not State.RUNNING]
    assert charge_stretches(month, asleep) == 0


def test_build_costs_its_minutes_for_each_application() -> None:
    assert charge_build(Decimal("0.02"), 10) == Fraction(1, 5)
    assert charge_build(Decimal("0.02"), 3, builds=2) == Fraction(12, 100)
    assert charge_build(Decimal("0.02"), 10, builds=0) == 0


def test_bytes_are_charged_one_by_one_by_the_decimal_gigabyte() -> None:
    assert charge_bytes(Decimal("0.10"), 10**9) == Fraction(1, 10)
    assert charge_bytes(Decimal("0.10"), 1) == Fraction(1, 10**10)
    assert charge_bytes(Decimal("0.10"), 2**30) > Fraction(1, 10)


def test_egress_of_the_bucket_is_free_up_to_the_limit() -> None:
    assert charge_egress_of_bucket(Decimal("0.09"), 100, Decimal(100)) == 0
    assert charge_egress_of_bucket(Decimal("0.09"), Decimal("100.5"), Decimal(100)) == Fraction(9, 200)


def test_requests_and_tokens_are_charged_by_their_lots_without_rounding_up() -> None:
    assert charge_per_thousand(Decimal("0.0004"), 1) == Fraction(4, 10**7)
    assert charge_tokens(Decimal(2), Decimal(10), 5000, 400) == Fraction(14, 1000)


@pytest.mark.parametrize("seconds", [-1, Decimal("-0.1")])
def test_negative_time_is_refused(seconds: int | Decimal) -> None:
    with pytest.raises(ValueError, match="seconds"):
        charge_running(Decimal(20), seconds)


def test_told_amount_has_the_digits_there_are() -> None:
    assert str(as_decimal(Fraction(1, 8))) == "0.125"
    assert str(as_decimal(Fraction(1, 73))) == "0.01369863013698630136986301370"
