"""The cases people ask about, at the prices of one catalogue: a session, a month, a schedule, a break-even. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import (
    Quantity,
    State,
    Usd,
    charge_build,
    charge_bytes,
    charge_egress_of_bucket,
    charge_per_thousand,
)
from finrag_ml_tg1.operations.cost.hosting import Hosting
from finrag_ml_tg1.operations.cost.prices import S3Prices

__all__ = [
    "HOURS_OF_MONTHS",
    "BucketCharges",
    "BucketUse",
    "Session",
    "SessionCharges",
    "always_on",
    "bucket_month",
    "build_in_hours",
    "hours_for",
    "rollout",
    "scheduled",
    "session_charges",
]

_HOUR = 3600
_DAY = 24
# The platform bills calendar months; a price of a month is one of 730 hours.
HOURS_OF_MONTHS = {"730 h": 730, "28 days": 28 * _DAY, "30 days": 30 * _DAY, "31 days": 31 * _DAY}


@dataclass(frozen=True, slots=True)
class Session:
    """Deploy, test, suspend. `builds` counts each application's own; a redeploy builds every application once more."""

    hours: Quantity = 1
    builds: int = 0
    build_minutes: Quantity = 0
    redeploys: int = 0
    redeploy_minutes: Quantity = 0
    rollout_seconds: Quantity = 0
    egress_bytes: Quantity = 0


@dataclass(frozen=True, slots=True)
class SessionCharges:
    """A session's parts; `rollouts` is what old and new instances cost beside each other."""

    running: Usd
    builds: Usd
    rollouts: Usd
    bandwidth: Usd

    @property
    def total(self) -> Usd:
        """All of it."""
        return self.running + self.builds + self.rollouts + self.bandwidth


@dataclass(frozen=True, slots=True)
class BucketUse:
    """What a bucket is used for in a month: GB stored, requests, GB that leave AWS."""

    stored_gb: Quantity = 0
    gets: Quantity = 0
    puts: Quantity = 0
    egress_gb: Quantity = 0


@dataclass(frozen=True, slots=True)
class BucketCharges:
    """A month of a bucket in its parts."""

    storage: Usd
    requests: Usd
    egress: Usd

    @property
    def total(self) -> Usd:
        """All of it."""
        return self.storage + self.requests + self.egress


def session_charges(hosting: Hosting, session: Session) -> SessionCharges:
    """Return what a session costs; what comes after it, suspended, costs nothing."""
    builds = charge_build(hosting.build_minute, session.build_minutes, builds=session.builds)
    again = charge_build(
        hosting.build_minute, session.redeploy_minutes, builds=session.redeploys * len(hosting.processes)
    )
    return SessionCharges(
        running=hosting.run(Fraction(session.hours) * _HOUR),
        builds=builds + again,
        rollouts=session.redeploys * rollout(hosting, session.rollout_seconds),
        bandwidth=charge_bytes(hosting.bandwidth_gb, session.egress_bytes),
    )


def rollout(hosting: Hosting, seconds: Quantity) -> Usd:
    """Return what the new instances cost while the old ones still run, until they are ready and the old ones gone."""
    return hosting.run(seconds)


def always_on(hosting: Hosting, hours: Quantity) -> Usd:
    """Return what a month of so many hours costs that is never suspended."""
    return hosting.run(Fraction(hours) * _HOUR)


def scheduled(hosting: Hosting, hours_per_day: Quantity, days: Quantity) -> Usd:
    """Return what a month costs that runs on so many days for so long and is suspended for the rest of them.

    Raises ValueError for more than 24 hours a day.
    """
    hours = Fraction(hours_per_day)
    if hours > _DAY:
        raise ValueError(f"a day has 24 hours, not {hours_per_day}")
    seconds = Fraction(days) * _HOUR
    running = (State.RUNNING, hours * seconds)
    suspended = (State.SUSPENDED, (_DAY - hours) * seconds)
    return hosting.pass_through([running, suspended])


def hours_for(hosting: Hosting, usd: Quantity) -> Fraction:
    """Return the hours of running that cost so much: below them running is cheaper, above it dearer."""
    return Fraction(usd) / hosting.hour


def build_in_hours(hosting: Hosting, minutes: Quantity) -> Fraction:
    """Return for how many hours both applications run for the price of one application's build."""
    return hours_for(hosting, charge_build(hosting.build_minute, minutes))


def bucket_month(prices: S3Prices, use: BucketUse) -> BucketCharges:
    """Return what a month of a bucket costs."""
    gets = charge_per_thousand(prices.get_1000.usd, use.gets)
    puts = charge_per_thousand(prices.put_1000.usd, use.puts)
    return BucketCharges(
        storage=Fraction(prices.storage_gb_month.usd) * Fraction(use.stored_gb),
        requests=gets + puts,
        egress=charge_egress_of_bucket(prices.egress_gb.usd, use.egress_gb, prices.free_egress_gb_month),
    )
