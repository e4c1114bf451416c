"""Every case at every catalogue's prices, as rows of exact amounts that are printed, written as JSON or documented."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import Quantity, Usd, charge_build, charge_bytes, charge_tokens
from finrag_ml_tg1.operations.cost.hosting import Hosting
from finrag_ml_tg1.operations.cost.prices import S3Prices
from finrag_ml_tg1.operations.cost.scenarios import (
    HOURS_OF_MONTHS,
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

__all__ = ["Assumptions", "ModelPrice", "Row", "beside_rows", "hosting_rows"]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the cases assume; each is an option of `finrag cost`."""

    hours: Quantity = 1
    builds: int = 2
    build_minutes: Quantity = 10
    redeploys: int = 0
    redeploy_minutes: Quantity = 3
    rollout_seconds: Quantity = 60
    hours_per_day: Quantity = 8
    days: Quantity = 22
    budget: Quantity = 10
    egress_gb: Quantity = 1
    questions: Quantity = 1000
    input_tokens: Quantity = 5000
    output_tokens: Quantity = 400
    stored_gb: Quantity = 1
    gets: Quantity = 10_000
    puts: Quantity = 1_000
    bucket_egress_gb: Quantity = 10


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """A language model's prices of a million tokens in US dollars."""

    key: str
    model_id: str
    input_price: Decimal
    output_price: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """One case: `key` for programs, `label` for people, a value for each catalogue, or one for them all.

    Values are US dollars, or hours where `is_hours`.
    """

    section: str
    key: str
    label: str
    values: tuple[Fraction, ...]
    is_hours: bool = False


def hosting_rows(hostings: Sequence[Hosting], assumed: Assumptions) -> list[Row]:
    """Return the cases of the platform, in the order of the catalogues given."""
    return [
        Row(section, key, label, tuple(value(hosting) for hosting in hostings), is_hours)
        for section, key, label, value, is_hours in _cases(hostings, assumed)
    ]


def beside_rows(s3: S3Prices, models: Sequence[ModelPrice], assumed: Assumptions) -> list[Row]:
    """Return what is paid beside the platform, the same whatever the catalogue: the bucket and language models."""
    bucket = bucket_month(s3, BucketUse(assumed.stored_gb, assumed.gets, assumed.puts, assumed.bucket_egress_gb))
    stored = f"{_count(assumed.stored_gb)} GB stored"
    requests = f"{_count(assumed.gets)} reads, {_count(assumed.puts)} writes"
    free = f"{_count(assumed.bucket_egress_gb)} GB out of AWS, {_count(s3.free_egress_gb_month)} GB free"
    section = "The bucket (S3), a month"
    rows = [
        Row(section, "bucket_storage", stored, (bucket.storage,)),
        Row(section, "bucket_requests", requests, (bucket.requests,)),
        Row(section, "bucket_egress", free, (bucket.egress,)),
        Row(section, "bucket_total", "in all", (bucket.total,)),
    ]
    tokens = f"{_count(assumed.input_tokens)} + {_count(assumed.output_tokens)} tokens"
    section = f"Language model, 1,000 questions of {tokens}"
    rows.append(Row(section, "model_none", "none: the filings' own words", (Fraction(),)))
    for model in models:
        asked = 1000 * charge_tokens(model.input_price, model.output_price, assumed.input_tokens, assumed.output_tokens)
        rows.append(Row(section, f"model_{model.key}", f"{model.key} ({model.model_id})", (asked,)))
    return rows


_Case = tuple[str, str, str, Callable[[Hosting], Fraction], bool]


def _cases(hostings: Sequence[Hosting], assumed: Assumptions) -> Iterator[_Case]:
    yield from _running()
    yield from _session(assumed)
    yield from _month(assumed)
    yield from _build(assumed)
    yield from _break_even(hostings, assumed)
    yield from _questions(assumed)


def _running() -> Iterator[_Case]:
    section = "Running"
    yield section, "hour", "an hour", lambda hosting: hosting.hour, False
    yield section, "day", "a day", lambda hosting: hosting.run(86_400), False
    yield section, "suspended_hour", "an hour suspended or hibernated", lambda _: Fraction(), False


def _session(assumed: Assumptions) -> Iterator[_Case]:
    hours = f"{_count(assumed.hours)} h"
    section = f"A session (deploy, test {hours}, suspend)"
    first = Session(
        hours=assumed.hours,
        builds=assumed.builds,
        build_minutes=assumed.build_minutes,
        redeploys=assumed.redeploys,
        redeploy_minutes=assumed.redeploy_minutes,
        rollout_seconds=assumed.rollout_seconds,
    )
    built = f"{_builds(assumed.builds)} of {_count(assumed.build_minutes)} min" if assumed.builds else "no build"
    again = f", {assumed.redeploys} redeployed" if assumed.redeploys else ""
    yield section, "session", f"{built}{again}", lambda hosting: session_charges(hosting, first).total, False
    rebuilt = Session(hours=assumed.hours, builds=1, build_minutes=assumed.redeploy_minutes)
    label = f"one application built again, {_count(assumed.redeploy_minutes)} min"
    yield section, "session_rebuild", label, lambda hosting: session_charges(hosting, rebuilt).total, False
    unbuilt = Session(hours=assumed.hours)
    label = "activated, restarted or rolled back: no build"
    yield section, "session_no_build", label, lambda hosting: session_charges(hosting, unbuilt).total, False


def _month(assumed: Assumptions) -> Iterator[_Case]:
    section = "A month"
    for name, hours in HOURS_OF_MONTHS.items():
        label = f"always on, {name}" + (" (list price)" if name == "730 h" else "")
        yield section, f"month_{name.replace(' ', '_')}", label, _always_on(hours), False
    label = f"{_count(assumed.hours_per_day)} h a day on {_count(assumed.days)} days, else suspended"
    yield section, "month_scheduled", label, _scheduled(assumed), False
    label = f"{_count(assumed.egress_gb)} GB to browsers"
    egress = Fraction(assumed.egress_gb) * 10**9
    yield section, "month_bandwidth", label, lambda hosting: charge_bytes(hosting.bandwidth_gb, egress), False


def _build(assumed: Assumptions) -> Iterator[_Case]:
    section = "One build"
    minutes = assumed.build_minutes
    label = f"{_count(minutes)} min, one application"
    yield section, "build", label, lambda hosting: charge_build(hosting.build_minute, minutes), False
    label = "both applications run as long for it"
    yield section, "build_in_hours", label, lambda hosting: build_in_hours(hosting, minutes), True
    seconds = assumed.rollout_seconds
    label = f"a rollout while running: {_count(seconds)} s old and new"
    yield section, "rollout", label, lambda hosting: rollout(hosting, seconds), False


def _break_even(hostings: Sequence[Hosting], assumed: Assumptions) -> Iterator[_Case]:
    section = "Break-even, hours of running in a month"
    label = f"for ${_count(assumed.budget)}"
    yield section, "hours_for_budget", label, lambda hosting: hours_for(hosting, assumed.budget), True
    for other in hostings:
        label = f"for {other.catalogue} always on (${_count(other.month)})"
        key = f"hours_for_{other.catalogue}_always_on"
        yield section, key, label, _hours_for(other.month), True


def _questions(assumed: Assumptions) -> Iterator[_Case]:
    if not assumed.questions:
        return
    section = f"Hosting for 1,000 questions, at {_count(assumed.questions)} a month"
    share = 1000 / Fraction(assumed.questions)
    yield section, "questions_scheduled", "on the schedule above", _times(share, _scheduled(assumed)), False
    yield section, "questions_always_on", "always on", _times(share, _always_on(HOURS_OF_MONTHS["730 h"])), False


def _always_on(hours: int) -> Callable[[Hosting], Usd]:
    return lambda hosting: always_on(hosting, hours)


def _scheduled(assumed: Assumptions) -> Callable[[Hosting], Usd]:
    return lambda hosting: scheduled(hosting, assumed.hours_per_day, assumed.days)


def _hours_for(usd: Usd) -> Callable[[Hosting], Fraction]:
    return lambda hosting: hours_for(hosting, usd)


def _times(factor: Fraction, value: Callable[[Hosting], Usd]) -> Callable[[Hosting], Usd]:
    return lambda hosting: factor * value(hosting)


def _builds(count: int) -> str:
    return f"{count} build" if count == 1 else f"{count} builds"


def _count(value: Quantity) -> str:
    """A number as it was given, without what it does not need: 10, 0.5, 1,000."""
    exact = Fraction(value)
    return f"{exact.numerator:,}" if exact.denominator == 1 else f"{float(exact):,.6g}"
