"""What a month costs: the figures of the planning notes to the cent, and laws that any bill keeps."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_agent.operations.cost import Comparison, Group, Usage, Verdict, cents, charge, compare, total
from coding_agent.operations.cost_report import cost_text
from coding_agent.operations.price_list import Confidence, read_prices

_PRICES = read_prices()
_AMOUNTS = st.decimals(0, 10_000, places=3)
_USAGES = st.builds(
    Usage,
    tasks=st.integers(0, 50).map(Decimal),
    vcpu=_AMOUNTS,
    memory_gb=_AMOUNTS,
    hours=_AMOUNTS,
    jobs=st.integers(0, 10_000).map(Decimal),
    minutes_per_job=_AMOUNTS,
)


def _usd(usage: Usage) -> dict[str, Fraction]:
    return {line.name: line.usd for line in charge(usage, _PRICES)}


def test_service_tasks_cost_what_the_notes_say_to_the_cent() -> None:
    assert cents(_usd(Usage())["service tasks"]) == Decimal("144.16")
    assert _usd(Usage())["service tasks"] == Fraction("144.1604")


@pytest.mark.parametrize(("name", "notes"), [("load balancer", 23), ("NAT", 33)])
def test_other_lines_of_the_notes_are_within_a_dollar(name: str, notes: int) -> None:
    assert abs(_usd(Usage())[name] - notes) <= 1


def test_the_lines_of_the_notes_sum_to_about_200() -> None:
    assert round(total(charge(Usage(), _PRICES), Group.NOTES) / 10) * 10 == 200


def test_a_runner_of_an_hour_costs_its_vcpu_and_memory() -> None:
    usage = Usage(jobs=Decimal(1), minutes_per_job=Decimal(60), runner_vcpu=Decimal(4), runner_memory_gb=Decimal(8))
    # 4 x 0.04048 + 8 x 0.004445
    assert _usd(usage)["runner tasks"] == Fraction("0.19748")


def test_a_third_of_an_hour_is_exact() -> None:
    usage = Usage(jobs=Decimal(3), minutes_per_job=Decimal(20), runner_vcpu=Decimal(1), runner_memory_gb=Decimal(0))
    assert _usd(usage)["runner tasks"] == Fraction("0.04048")


@settings(deadline=None, max_examples=50)
@given(_USAGES)
def test_the_groups_sum_to_the_total(usage: Usage) -> None:
    lines = charge(usage, _PRICES)
    assert total(lines, Group.NOTES) + total(lines, Group.BEYOND) == total(lines) == sum(line.usd for line in lines)


@settings(deadline=None, max_examples=50)
@given(_USAGES, _AMOUNTS)
def test_hours_add_up(usage: Usage, more: Decimal) -> None:
    idle = replace(usage, jobs=Decimal(0))
    whole = total(charge(replace(idle, hours=idle.hours + more), _PRICES))
    parts = total(charge(idle, _PRICES)) + total(charge(replace(idle, hours=more), _PRICES))
    assert whole == parts


@settings(deadline=None, max_examples=50)
@given(_USAGES)
def test_no_hours_and_no_jobs_cost_nothing(usage: Usage) -> None:
    assert total(charge(replace(usage, hours=Decimal(0), jobs=Decimal(0)), _PRICES)) == 0


@settings(deadline=None, max_examples=50)
@given(_USAGES)
def test_twice_the_tasks_cost_twice(usage: Usage) -> None:
    assert _usd(replace(usage, tasks=usage.tasks * 2))["service tasks"] == 2 * _usd(usage)["service tasks"]


@settings(deadline=None)
@given(st.fractions(-(10**6), 10**6))
def test_cents_are_the_nearest(usd: Fraction) -> None:
    assert abs(Fraction(cents(usd)) - usd) <= Fraction(1, 200)


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity"])
def test_a_use_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="hours must be"):
        Usage(hours=Decimal(value))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (250, 400, Verdict.INSIDE),
        (249, 400, Verdict.PARTLY),
        (250, 401, Verdict.PARTLY),
        (100, 249, Verdict.BELOW),
        (401, 500, Verdict.ABOVE),
    ],
)
def test_a_range_lies_where_arithmetic_says(low: int, high: int, verdict: Verdict) -> None:
    assert Comparison(Fraction(low), Fraction(high), Fraction(250), Fraction(400)).verdict is verdict


def test_the_notes_total_starts_lower_than_they_plan() -> None:
    compared = compare(total(charge(Usage(), _PRICES), Group.NOTES), _PRICES)
    # 144.1604 + (0.0225 + 0.008) x 730 + 0.045 x 730 = 199.2754
    assert (cents(compared.low), cents(compared.high)) == (Decimal("229.28"), Decimal("299.28"))
    assert compared.verdict is Verdict.PARTLY


def test_what_is_not_sure_is_marked() -> None:
    lines = {line.name: line for line in charge(Usage(), _PRICES)}
    assert lines["service tasks"].confidence is Confidence.NOTES
    assert lines["load balancer"].confidence is Confidence.REPORTED
    assert lines["store"].confidence is Confidence.ESTIMATED
    shown = cost_text(tuple(lines.values()), _PRICES)
    assert re.search(r"store +≈", shown)
    assert re.search(r"service tasks +144\.16", shown)
    assert "beyond the notes" in shown


def test_every_price_says_where_it_is_from() -> None:
    assert all(price.source and price.per for price in _PRICES.values())


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('usd = 0.1\nper = "h"\nconfidence = "notes"\nas_of = 2026-11-27\nsource = "s"', "in quotes"),
        ('usd = "x"\nper = "h"\nconfidence = "notes"\nas_of = 2026-11-27\nsource = "s"', "not a price"),
        ('usd = "-1"\nper = "h"\nconfidence = "notes"\nas_of = 2026-11-27\nsource = "s"', "above 0"),
        ('usd = "1"\nper = "h"\nconfidence = "sure"\nas_of = 2026-11-27\nsource = "s"', "not a price"),
        ('usd = "1"\nper = "h"\nconfidence = "notes"\nas_of = "today"\nsource = "s"', "a date"),
        ('usd = "1"\nper = "h"\nconfidence = "notes"\nas_of = 2026-11-27', "source"),
    ],
)
def test_a_price_that_is_not_whole_is_refused(entry: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(f"[alb]\n{entry}\n")
    with pytest.raises(ValueError, match=says):
        read_prices(file)


def test_defaults_are_those_of_terraform() -> None:
    file = Path(__file__).parents[3] / "deploy" / "fargate" / "terraform" / "variables.tf"
    if not file.exists():
        pytest.skip("deploy/fargate/terraform is not in this checkout")
    found = dict(re.findall(r'variable "(\w+)" \{[^}]*?default\s*=\s*(\d+)\n', file.read_text()))
    usage = Usage()
    assert int(found["service_cpu"]) == usage.vcpu * 1024
    assert int(found["service_memory"]) == usage.memory_gb * 1024
    assert int(found["service_min_tasks"]) == usage.tasks
    assert int(found["runner_cpu"]) == usage.runner_vcpu * 1024
    assert int(found["runner_memory"]) == usage.runner_memory_gb * 1024
    assert int(found["egress_proxy_tasks"]) == usage.proxy_tasks
    assert Fraction(found["monthly_budget_usd"]) == Fraction(_PRICES["planned_high"].usd)
