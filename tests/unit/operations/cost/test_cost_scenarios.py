"""The cases of the planning notes and of the platform's lists, to the cent of what was worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.cost.charges import as_decimal
from finrag_ml_tg1.operations.cost.hosting import Hosting, every_hosting, hosting_at
from finrag_ml_tg1.operations.cost.overview import Assumptions, ModelPrice, beside_rows, hosting_rows
from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, PriceError, PriceList, read_prices
from finrag_ml_tg1.operations.cost.scenarios import (
    BucketUse,
    Session,
    always_on,
    bucket_month,
    build_in_hours,
    hours_for,
    rollout,
    scheduled,
    session_charges,
)
from finrag_ml_tg1.operations.cost.table import write_hours, write_usd
from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE, Descriptor, read_descriptor

ROOT = Path(__file__).parents[4]


def read_price_list() -> PriceList:
    return read_prices(ROOT / PRICES_FILE)


def read_deployed() -> Descriptor:
    return read_descriptor(ROOT / DESCRIPTOR_FILE)


def at(name: str) -> Hosting:
    """The product's own prices with S2 and S1, whatever sizes are deployed today."""
    descriptor = read_deployed()
    applications = descriptor.applications
    fixed = applications.model_copy(
        update={
            "backend": applications.backend.model_copy(update={"size": "S2", "instances": 1}),
            "frontend": applications.frontend.model_copy(update={"size": "S1", "instances": 1}),
        }
    )
    return hosting_at(read_price_list(), name, descriptor.model_copy(update={"applications": fixed}))


LISTED = at("listed-2026")
NOTES = at("notes-2025")


def told(amount: Fraction, places: int = 4) -> str:
    return str(round(as_decimal(amount), places))


@pytest.mark.parametrize(
    ("hosting", "session", "dollars"),
    [
        (NOTES, Session(hours=1, builds=1, build_minutes=10), "0.2342"),
        (NOTES, Session(hours=1, builds=1, build_minutes=3), "0.0942"),
        (NOTES, Session(hours=1), "0.0342"),
        (LISTED, Session(hours=1, builds=2, build_minutes=10), "0.4685"),
        (LISTED, Session(hours=1), "0.0685"),
        (LISTED, Session(hours=0), "0.0000"),
    ],
)
def test_session_is_its_builds_and_its_hours(hosting: Hosting, session: Session, dollars: str) -> None:
    assert told(session_charges(hosting, session).total) == dollars


def test_redeploy_builds_both_applications_and_runs_old_and_new_beside_each_other() -> None:
    charges = session_charges(LISTED, Session(hours=1, redeploys=2, redeploy_minutes=3, rollout_seconds=60))
    assert charges.builds == Fraction(24, 100)
    assert charges.rollouts == 2 * rollout(LISTED, 60) == LISTED.run(120)
    assert charges.running == LISTED.run(3600)


def test_bandwidth_of_a_session_is_by_the_byte() -> None:
    assert session_charges(LISTED, Session(hours=0, egress_bytes=5 * 10**8)).total == Fraction(5, 100)


def test_build_costs_hours_of_running() -> None:
    assert told(build_in_hours(LISTED, 10), 2) == "2.92"
    assert told(build_in_hours(NOTES, 10), 2) == "5.84"


def test_month_of_two_applications_is_their_list_prices() -> None:
    assert always_on(LISTED, 730) == LISTED.month == 50
    assert always_on(NOTES, 730) == NOTES.month == 25
    assert told(always_on(NOTES, 744), 2) == "25.48"


def test_break_even_is_where_running_costs_as_much() -> None:
    assert hours_for(LISTED, 25) == 365
    assert hours_for(LISTED, LISTED.month) == 730
    assert always_on(LISTED, 1) * hours_for(LISTED, Decimal("7.77")) == Fraction("7.77")


def test_schedule_costs_its_hours_alone() -> None:
    assert scheduled(LISTED, 8, 22) == LISTED.run(176 * 3600)
    assert scheduled(LISTED, 0, 31) == scheduled(LISTED, 24, 0) == 0
    assert scheduled(LISTED, 24, 31) == always_on(LISTED, 744)
    with pytest.raises(ValueError, match="24 hours"):
        scheduled(LISTED, 25, 1)


@given(hours=st.integers(0, 24), days=st.integers(0, 31))
@settings(deadline=None)
def test_schedule_costs_never_more_than_always_on(hours: int, days: int) -> None:
    assert 0 <= scheduled(LISTED, hours, days) <= always_on(LISTED, 744)
    assert scheduled(LISTED, hours, days) == 2 * scheduled(NOTES, hours, days)  # $50 against $25


def test_bucket_of_a_month_is_worked_out_from_its_list() -> None:
    charges = bucket_month(read_price_list().s3, BucketUse(stored_gb=10, gets=1_000_000, puts=10_000, egress_gb=150))
    assert [told(charges.storage), told(charges.requests), told(charges.egress)] == ["0.2300", "0.4500", "4.5000"]
    assert charges.total == Fraction("5.18")


def test_sizes_are_the_descriptors_and_those_of_the_notes_their_own() -> None:
    deployed = read_deployed().applications
    listed, notes = every_hosting(read_price_list(), read_deployed())
    assert [process.size for process in listed.processes] == [deployed.backend.size, deployed.frontend.size]
    assert [process.size for process in notes.processes] == ["Medium", "Micro"]


def test_price_of_one_catalogue_changes_nothing_of_the_other() -> None:
    prices = read_price_list()
    listed = prices.catalogues["listed-2026"]
    dearer = listed.model_copy(
        update={
            "sizes": {name: size.model_copy(update={"month": size.month * 2}) for name, size in listed.sizes.items()}
        }
    )
    changed = prices.model_copy(update={"catalogues": prices.catalogues | {"listed-2026": dearer}})
    before, after = (hosting_rows(every_hosting(each, read_deployed()), Assumptions()) for each in (prices, changed))
    assert [row.values[1] for row in before if row.key != "hours_for_listed-2026_always_on"] == [
        row.values[1] for row in after if row.key != "hours_for_listed-2026_always_on"
    ]
    assert {row.key: row.values[0] for row in after}["hour"] == 2 * {row.key: row.values[0] for row in before}["hour"]


def test_size_without_a_price_is_refused_with_those_there_are() -> None:
    descriptor = read_deployed()
    backend = descriptor.applications.backend.model_copy(update={"size": "S9"})
    applications = descriptor.applications.model_copy(update={"backend": backend})
    with pytest.raises(
        PriceError, match=r"back end has the size S9, of which listed-2026 has no price: take one of H1"
    ):
        hosting_at(read_price_list(), "listed-2026", descriptor.model_copy(update={"applications": applications}))


def test_instances_of_the_descriptor_count_in_every_catalogue() -> None:
    descriptor = read_deployed()
    backend = descriptor.applications.backend.model_copy(update={"size": "S2", "instances": 3})
    frontend = descriptor.applications.frontend.model_copy(update={"size": "S1", "instances": 1})
    applications = descriptor.applications.model_copy(update={"backend": backend, "frontend": frontend})
    hostings = every_hosting(read_price_list(), descriptor.model_copy(update={"applications": applications}))
    assert [hosting.month for hosting in hostings] == [130, 65]


def test_thousand_questions_cost_their_tokens() -> None:
    model = ModelPrice("premium", "m", Decimal(2), Decimal(10))
    rows = {row.key: row.values for row in beside_rows(read_price_list().s3, [model], Assumptions())}
    assert rows["model_premium"] == (Fraction(12),)  # 4 million read at $2, 0.4 million written at $10
    assert rows["model_none"] == (Fraction(0),)


def test_no_question_a_month_has_no_cost_of_a_thousand() -> None:
    assert not [row for row in hosting_rows([LISTED], Assumptions(questions=0)) if row.key.startswith("questions")]


@pytest.mark.parametrize(
    ("usd", "words"),
    [(Fraction(0), "$0.00"), (Fraction("0.46849"), "$0.4685"), (Fraction("1234.565"), "$1,234.57")],
)
def test_dollars_are_rounded_for_reading(usd: Fraction, words: str) -> None:
    assert write_usd(usd) == words


def test_hours_that_no_month_has_are_all_month() -> None:
    assert write_hours(Fraction(744)) == "744.0 h"
    assert write_hours(Fraction(1460)) == "all month"
