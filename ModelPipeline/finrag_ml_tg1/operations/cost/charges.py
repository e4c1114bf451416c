"""What is charged for one thing: a process that runs, a build, bytes, requests, tokens. Pure and exact.

A second costs a month's price over 2,628,000, which no decimal holds to the end (730 = 2 · 5 · 73). So prices come in
as `Decimal`, amounts are fractions, and only what is told is a decimal again: parts add up to their whole exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from fractions import Fraction

__all__ = [
    "HOURS_PER_MONTH",
    "Quantity",
    "State",
    "Usd",
    "as_decimal",
    "charge_build",
    "charge_bytes",
    "charge_egress_of_bucket",
    "charge_per_thousand",
    "charge_running",
    "charge_stretches",
    "charge_tokens",
]

HOURS_PER_MONTH = 730
_SECONDS_PER_HOUR = 3600
# The platform and AWS count in decimal units.
_BYTES_PER_GB = 10**9
_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)

Usd = Fraction
Quantity = int | Decimal | Fraction


class State(Enum):
    """What an application does; only one that runs is charged."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    HIBERNATED = "hibernated"


def charge_running(
    month: Decimal, seconds: Quantity, *, instances: int = 1, hours_per_month: int = HOURS_PER_MONTH
) -> Usd:
    """Return what so many instances of a size, with its price of a month, cost for so many seconds of running."""
    rate = Fraction(month) / (hours_per_month * _SECONDS_PER_HOUR)
    return rate * _amount(seconds, "seconds") * _amount(instances, "instances")


def charge_stretches(
    month: Decimal,
    stretches: Iterable[tuple[State, Quantity]],
    *,
    instances: int = 1,
    hours_per_month: int = HOURS_PER_MONTH,
) -> Usd:
    """Return what a process costs over stretches of seconds, each in one state: nothing unless it runs."""
    running = sum((_amount(seconds, "seconds") for state, seconds in stretches if state is State.RUNNING), Fraction())
    return charge_running(month, running, instances=instances, hours_per_month=hours_per_month)


def charge_build(minute: Decimal, minutes: Quantity, *, builds: int = 1) -> Usd:
    """Return what builds of so many minutes each cost; one application's build is one. A restart has none."""
    return Fraction(minute) * _amount(minutes, "minutes") * _amount(builds, "builds")


def charge_bytes(gb: Decimal, count: Quantity) -> Usd:
    """Return what bytes cost at a price of a GB of 10⁹; each byte is charged, none is rounded up."""
    return Fraction(gb) * _amount(count, "bytes") / _BYTES_PER_GB


def charge_egress_of_bucket(gb: Decimal, egress_gb: Quantity, free_gb: Decimal) -> Usd:
    """Return what a month's GB that leave AWS cost beyond the free ones."""
    return Fraction(gb) * max(Fraction(), _amount(egress_gb, "GB") - Fraction(free_gb))


def charge_per_thousand(price: Decimal, count: Quantity) -> Usd:
    """Return what requests cost at a price of a thousand; each is charged."""
    return Fraction(price) * _amount(count, "requests") / 1000


def charge_tokens(million_in: Decimal, million_out: Decimal, tokens_in: Quantity, tokens_out: Quantity) -> Usd:
    """Return what a model takes for tokens read and written, at its prices of a million."""
    read = Fraction(million_in) * _amount(tokens_in, "tokens")
    written = Fraction(million_out) * _amount(tokens_out, "tokens")
    return (read + written) / 10**6


def as_decimal(amount: Fraction) -> Decimal:
    """Return an amount as it is told: all its digits where it has an end within 28, else the nearest of 28."""
    return _CONTEXT.divide(Decimal(amount.numerator), Decimal(amount.denominator))


def _amount(value: Quantity, what: str) -> Fraction:
    if value < 0:
        raise ValueError(f"{what} cannot be fewer than none: {value}")
    return Fraction(value)
