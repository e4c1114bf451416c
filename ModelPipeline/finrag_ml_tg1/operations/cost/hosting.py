"""The two applications at the prices of one catalogue, and what they cost together while they run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import Quantity, State, Usd, charge_running, charge_stretches
from finrag_ml_tg1.operations.cost.prices import Catalogue, Confidence, PriceError, PriceList
from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE, Descriptor

__all__ = ["Hosting", "Process", "every_hosting", "hosting_at"]


@dataclass(frozen=True, slots=True)
class Process:
    """One application's process: its size, the price of a month of one instance in US dollars, and the instances."""

    role: str
    size: str
    month: Decimal
    confidence: Confidence
    instances: int = 1


@dataclass(frozen=True, slots=True)
class Hosting:
    """The applications at one catalogue's prices; `catalogue`, `as_of` and `source` say whose they are."""

    catalogue: str
    as_of: date
    source: str
    hours_per_month: int
    processes: tuple[Process, ...]
    build_minute: Decimal
    bandwidth_gb: Decimal

    @property
    def hour(self) -> Usd:
        """What an hour of running costs."""
        return self.run(3600)

    @property
    def month(self) -> Usd:
        """The list price of a month."""
        return sum((Fraction(process.month) * process.instances for process in self.processes), Fraction())

    def run(self, seconds: Quantity) -> Usd:
        """Return what all processes cost for so many seconds of running."""
        charges = (
            charge_running(process.month, seconds, instances=process.instances, hours_per_month=self.hours_per_month)
            for process in self.processes
        )
        return sum(charges, Fraction())

    def pass_through(self, stretches: Iterable[tuple[State, Quantity]]) -> Usd:
        """Return what all processes cost over stretches of seconds in one state each."""
        stretches = tuple(stretches)
        charges = (
            charge_stretches(
                process.month, stretches, instances=process.instances, hours_per_month=self.hours_per_month
            )
            for process in self.processes
        )
        return sum(charges, Fraction())


def hosting_at(prices: PriceList, name: str, descriptor: Descriptor) -> Hosting:
    """Return the descriptor's applications at a catalogue's prices; sizes of its own roles where it has some.

    Raises `PriceError` for a catalogue that is not there, and for a size of the descriptor that it has not.
    """
    catalogue = prices.catalogue(name)
    applications = descriptor.applications
    roles = catalogue.roles
    return Hosting(
        catalogue=name,
        as_of=catalogue.as_of,
        source=catalogue.source,
        hours_per_month=catalogue.hours_per_month,
        processes=(
            _process(
                "back end",
                name,
                catalogue,
                roles.backend if roles else applications.backend.size,
                applications.backend.instances,
            ),
            _process(
                "front end",
                name,
                catalogue,
                roles.frontend if roles else applications.frontend.size,
                applications.frontend.instances,
            ),
        ),
        build_minute=catalogue.build_minute.usd,
        bandwidth_gb=catalogue.bandwidth_gb.usd,
    )


def every_hosting(prices: PriceList, descriptor: Descriptor) -> tuple[Hosting, ...]:
    """Return the applications at each catalogue's prices, in the file's order."""
    return tuple(hosting_at(prices, name, descriptor) for name in prices.catalogues)


def _process(role: str, name: str, catalogue: Catalogue, size: str, instances: int) -> Process:
    if size not in catalogue.sizes:
        raise PriceError(
            f"{DESCRIPTOR_FILE}: the {role} has the size {size}, of which {name} has no price: "
            f"take one of {', '.join(catalogue.sizes)}, or add it to the prices"
        )
    priced = catalogue.sizes[size]
    return Process(role, size, priced.month, priced.confidence, instances)
