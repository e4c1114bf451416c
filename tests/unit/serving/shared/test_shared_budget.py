"""One budget for several back ends, to the last call; each knows enough to go on when the Redis is away."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.backend.budget import BudgetSpentError
from serving.backend.shared.budget import SharedBudget
from serving.backend.shared.connection import SharedAwayError, SharedRedis
from tests.local_processes import wait_until
from tests.redis_server import RedisServer
from tests.unit.serving.shared.conftest import OpenShared

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def open_budget(shared: SharedRedis, daily: str | None = "1") -> SharedBudget:
    return SharedBudget(None if daily is None else Decimal(daily), shared, clock=lambda: NOON)


def spend(budget: SharedBudget, cost: str, estimate: str | None = None) -> None:
    with budget.reserved(Decimal(estimate or cost)) as reservation:
        reservation.settle(Decimal(cost))


def wait_for(budget: SharedBudget, spent: str) -> None:
    wait_until(lambda: budget.state().spent_today_usd == Decimal(spent), f"{spent} USD are known to be spent")


def test_what_one_back_end_spends_the_other_cannot(open_shared: OpenShared) -> None:
    """SU-06: one budget over all replicas."""
    first, second = open_budget(open_shared()), open_budget(open_shared())
    spend(first, "0.7")
    spend(second, "0.2")
    with first.reserved(Decimal("0.2")), pytest.raises(BudgetSpentError, match="is spent"), second.reserved(Decimal(0)):
        pytest.fail("a call was allowed that the budget does not allow")
    wait_for(first, "0.9")
    wait_for(second, "0.9")


def test_calls_at_once_do_not_exceed_the_budget(open_shared: OpenShared) -> None:
    budgets = [open_budget(open_shared()) for _ in range(4)]

    def call(number: int) -> bool:
        try:
            spend(budgets[number % 4], "0.1")
        except BudgetSpentError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        allowed = sum(pool.map(call, range(60)))

    assert allowed == 10
    for budget in budgets:
        wait_for(budget, "1.0")
        assert budget.state().is_spent


def test_what_was_spent_without_the_redis_is_told_when_it_is_back(
    mortal_redis: RedisServer, open_mortal: OpenShared
) -> None:
    """SU-06: the Redis away, and emptied by its death, neither stops questions nor makes the budget forget."""
    first, second = open_budget(open_mortal()), open_budget(open_mortal())
    spend(first, "0.4")
    wait_for(second, "0.4")
    mortal_redis.kill()
    spend(first, "0.3")
    assert first.state().spent_today_usd == Decimal("0.7")
    with second.reserved(Decimal("0.1")):
        assert second.state().spent_today_usd == Decimal("0.4")

    mortal_redis.start()

    wait_for(first, "0.7")
    wait_for(second, "0.7")


def test_log_of_today_is_known_to_a_redis_that_does_not_remember(open_shared: OpenShared) -> None:
    first, second = open_budget(open_shared()), open_budget(open_shared())
    first.add_logged(NOON.date(), Decimal("0.6"))
    first.complete()
    second.add_logged(NOON.date(), Decimal("0.6"))
    second.complete()
    spend(first, "0.1")

    wait_for(second, "0.7")


class AnswersLost(SharedRedis):
    """Does what it is asked; while `is_losing`, who asked is not told so."""

    is_losing = False

    def run(self, script: str, keys: Sequence[str], arguments: Sequence[str | int | bytes] = ()) -> object:
        told = super().run(script, keys, arguments)
        if self.is_losing:
            raise SharedAwayError("the answer was lost")
        return told


@pytest.fixture
def losing(redis_server: RedisServer) -> Iterator[AnswersLost]:
    shared = AnswersLost(redis_server.url, f"test:{uuid.uuid4().hex}:")
    yield shared
    shared.close()


def test_call_whose_reservation_was_not_answered_does_not_stay_counted(losing: AnswersLost) -> None:
    unlucky, other = open_budget(losing), open_budget(losing)
    losing.is_losing = True
    spend(unlucky, "0.01", estimate="1")
    losing.is_losing = False
    unlucky._pay()

    spend(other, "0.1")


def test_refused_call_whose_reservation_was_not_answered_does_not_stay_counted(losing: AnswersLost) -> None:
    unlucky, other = open_budget(losing, "1"), open_budget(losing, "2")
    with unlucky.reserved(Decimal(1)):
        pass
    unlucky._pay()
    unlucky.add_logged(NOON.date(), Decimal(1))
    losing.is_losing = True
    with pytest.raises(BudgetSpentError), unlucky.reserved(Decimal("0.9")):
        pytest.fail("the budget was spent")
    losing.is_losing = False
    unlucky._pay()

    with other.reserved(Decimal("1.5")):
        pass


def test_payment_whose_answer_was_lost_is_counted_once(losing: AnswersLost) -> None:
    budget = open_budget(losing)
    spend(budget, "0.3")
    losing.is_losing = True
    for _ in range(3):
        with pytest.raises(SharedAwayError):
            budget._pay()
        assert budget.state().spent_today_usd == Decimal("0.3")
    spend(budget, "0.2")
    losing.is_losing = False
    for _ in range(2):
        budget._pay()

    assert budget.state().spent_today_usd == Decimal("0.5")
    other = open_budget(losing)
    other._pay()
    assert other.state().spent_today_usd == Decimal("0.5")


def test_calls_that_an_emptied_redis_has_forgotten_free_nothing_that_others_reserved(
    losing: AnswersLost,
) -> None:
    first, second = open_budget(losing), open_budget(losing)
    with first.reserved(Decimal("0.9")):
        losing.run("return redis.call('DEL', KEYS[1])", (f"{losing.prefix}budget:{NOON.date()}",))
        under_way = second.reserved(Decimal("1"))
        under_way.__enter__()
    first._pay()

    with pytest.raises(BudgetSpentError), first.reserved(Decimal("0.1")):
        pytest.fail("more was allowed than one call beyond the budget")
    under_way.__exit__(None, None, None)


@pytest.mark.parametrize("value", ["", "words", "nan", "inf", "-inf", "-1", "1e300"])
@pytest.mark.parametrize("name", ["spent", "reserved"])
def test_what_is_no_sum_stops_nobody(losing: AnswersLost, name: str, value: str) -> None:
    budget = open_budget(losing)
    spend(budget, "0.2")
    budget._pay()
    day = f"{losing.prefix}budget:{NOON.date()}"
    losing.run("return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])", (day,), (name, value))

    spend(budget, "0.3")
    budget._pay()

    assert budget.state().spent_today_usd == Decimal("0.5")


def test_next_day_begins_with_nothing_spent(open_shared: OpenShared) -> None:
    now = NOON
    budget = SharedBudget(Decimal(1), open_shared(), clock=lambda: now)
    spend(budget, "1")
    with pytest.raises(BudgetSpentError), budget.reserved(Decimal("0.1")):
        pytest.fail("the budget was spent")
    now += timedelta(days=1)

    spend(budget, "0.25")

    wait_for(budget, "0.25")


@settings(deadline=None, max_examples=25)
@given(
    calls=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(0, 400), st.booleans()), max_size=25)
)
def test_sum_is_exact_whatever_order_calls_begin_and_end_in(
    redis_server: RedisServer, calls: list[tuple[int, int, int, bool]]
) -> None:
    """No more than the limit, the last call allowed and what estimates were too low by; every cent counted once."""
    shared = SharedRedis(redis_server.url, f"test:{uuid.uuid4().hex}:")
    budgets = [open_budget(shared, "1") for _ in range(3)]
    spent, under_way = 0, 0
    costs = []
    with ExitStack() as open_calls:
        for back_end, expected, cost, ends in calls:
            call = budgets[back_end].reserved(Decimal(expected) / 1000)
            is_allowed = spent + under_way < 1000
            try:
                reservation = call.__enter__()
            except BudgetSpentError:
                assert not is_allowed
                continue
            assert is_allowed
            reservation.settle(Decimal(cost) / 1000)
            costs.append(cost)
            if ends:
                call.__exit__(None, None, None)
                budgets[back_end]._pay()
                spent += cost
            else:
                under_way += expected
                open_calls.callback(partial(call.__exit__, None, None, None))
    for budget in (*budgets, *budgets):
        budget._pay()
    assert {budget.state().spent_today_usd for budget in budgets} == {Decimal(sum(costs)) / 1000}
    shared.close()
