"""The daily budget: what it allows, what concurrent calls may add, and when it begins anew."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.errors import ModelError
from serving.backend.budget import Budget, BudgetSpentError
from tests.logged_queries import NOON

TODAY = NOON.date()


def spend(budget: Budget, cost: str) -> None:
    with budget.reserved(Decimal(0)) as reservation:
        reservation.settle(Decimal(cost))


def break_off(budget: Budget, cost: str) -> None:
    with budget.reserved(Decimal("0.5")) as reservation:
        reservation.settle(Decimal(cost))
        raise ModelError("broken off")


def test_models_are_asked_until_the_budget_is_spent() -> None:
    budget = Budget(Decimal("0.30"), clock=lambda: NOON)
    for _ in range(3):
        assert budget.allows()
        spend(budget, "0.10")
    state = budget.state()
    assert not budget.allows()
    assert (state.spent_today_usd, state.left_usd, state.is_spent) == (Decimal("0.30"), Decimal(0), True)


def test_refused_call_says_which_budget_is_spent_and_until_when() -> None:
    budget = Budget(Decimal("0.10"), clock=lambda: NOON)
    spend(budget, "0.25")
    with pytest.raises(BudgetSpentError, match=r"0\.10 USD.*00:00 UTC") as refused, budget.reserved(Decimal(1)):
        pass
    assert isinstance(refused.value, ModelError)
    assert budget.state().left_usd == 0


def test_budget_of_zero_asks_no_model() -> None:
    budget = Budget(Decimal(0), clock=lambda: NOON)
    assert not budget.allows()
    assert budget.state().is_spent
    with pytest.raises(BudgetSpentError, match="FINRAG_DAILY_BUDGET_USD is 0"), budget.reserved(Decimal(0)):
        pass


def test_without_a_budget_costs_are_counted_and_nothing_is_refused() -> None:
    budget = Budget(None, clock=lambda: NOON)
    spend(budget, "1000000")
    state = budget.state()
    assert budget.allows()
    assert (state.daily_usd, state.spent_today_usd, state.left_usd, state.is_spent) == (
        None,
        Decimal(1_000_000),
        None,
        False,
    )


def test_budget_begins_anew_at_midnight_utc() -> None:
    moment = [datetime(2026, 3, 14, 23, 59, 59, tzinfo=NOON.tzinfo)]
    budget = Budget(Decimal(1), clock=lambda: moment[0])
    spend(budget, "1")
    assert not budget.allows()
    moment[0] += timedelta(seconds=1)
    assert budget.allows()
    assert budget.state().spent_today_usd == 0
    assert budget.state().is_complete, "nothing was spent on this day before this process started"


def test_call_under_way_counts_with_its_estimate_and_then_with_its_cost() -> None:
    budget = Budget(Decimal(1), clock=lambda: NOON)
    with budget.reserved(Decimal("1.5")) as reservation:
        assert not budget.allows()
        assert not budget.state().is_spent
        reservation.settle(Decimal("0.4"))
    assert budget.allows()
    assert budget.state().spent_today_usd == Decimal("0.4")


def test_call_that_fails_costs_what_it_was_settled_at() -> None:
    budget = Budget(Decimal(1), clock=lambda: NOON)
    with pytest.raises(ModelError), budget.reserved(Decimal("0.5")):
        raise ModelError("throttled")
    assert budget.state().spent_today_usd == 0
    with pytest.raises(ModelError):
        break_off(budget, "0.2")
    assert budget.state().spent_today_usd == Decimal("0.2")
    assert budget.allows()


def test_logged_costs_of_today_count_and_those_of_other_days_do_not() -> None:
    budget = Budget(Decimal(1), clock=lambda: NOON)
    assert not budget.state().is_complete
    budget.add_logged(date(2026, 3, 13), Decimal(9))
    assert budget.allows()
    budget.add_logged(TODAY, Decimal(1))
    assert not budget.allows()
    budget.complete()
    assert budget.state().is_complete


@pytest.mark.parametrize("workers", [4, 16])
def test_concurrent_calls_exceed_the_budget_by_one_call_at_most(workers: int) -> None:
    """Each call costs what was estimated; of 200 only so many are allowed as the budget pays, and one more."""
    budget, cost, allowed = Budget(Decimal("1.05"), clock=lambda: NOON), Decimal("0.1"), []
    together = threading.Barrier(workers)

    def work() -> None:
        together.wait()
        for _ in range(200 // workers):
            try:
                with budget.reserved(cost) as reservation:
                    allowed.append(1)
                    reservation.settle(cost)
            except BudgetSpentError:
                continue

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 11
    assert budget.state().spent_today_usd == Decimal("1.1")


@settings(deadline=None)
@given(st.lists(st.tuples(st.decimals(0, 2, places=3), st.decimals(0, 2, places=3)), max_size=30))
def test_spent_is_exactly_what_allowed_calls_cost(calls: list[tuple[Decimal, Decimal]]) -> None:
    budget, spent = Budget(Decimal(3), clock=lambda: NOON), Decimal(0)
    for estimate, cost in calls:
        assert budget.allows() == (spent < 3)
        if budget.allows():
            with budget.reserved(estimate) as reservation:
                reservation.settle(cost)
            spent += cost
        assert budget.state().spent_today_usd == spent
        assert budget.state().left_usd == max(Decimal(0), 3 - spent)
