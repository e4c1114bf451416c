"""The plan for a demand: each engine's replicas and cost, the cheapest that meets it, and what the notes expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import Usd
from finrag_ml_tg1.operations.cost.prices import PriceList
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.measured import Measured
from finrag_ml_tg1.operations.scaling.planning.demand import Demand
from finrag_ml_tg1.operations.scaling.planning.engines import EngineKind, EngineNeed, qdrant_need, s3_vectors_need
from finrag_ml_tg1.operations.scaling.planning.facts import Facts, RoleName, Tier
from finrag_ml_tg1.operations.scaling.planning.hosting import Hosted, Pods, on_fargate, on_kubernetes, on_sevalla
from finrag_ml_tg1.operations.scaling.planning.kit import Kit
from finrag_ml_tg1.operations.scaling.planning.replicas import (
    Answering,
    answering,
    backends_for,
    frontends_for,
    indexers_for,
)

__all__ = ["Basis", "Option", "Plan", "make_plan", "options_for"]

_DASHBOARDS = 2
_STORAGE = 1
# What runs on Sevalla: the two applications, and Redis where several back ends share it. Filings are indexed elsewhere.
_PAIR: tuple[RoleName, ...] = ("frontend", "backend", "redis")


@dataclass(frozen=True, slots=True)
class Basis:
    """What every plan is computed from: facts, prices, measured speed, and what the kit says of each role."""

    facts: Facts
    prices: PriceList
    measured: Measured
    kit: Kit


@dataclass(frozen=True, slots=True)
class Option:
    """One engine for a demand: its pods and prices, or in words why it will not do (`obstacle`).

    `pods` are those of a cluster at the peak, as its autoscalers count them; what runs on a platform is told in its
    `Hosted`.
    """

    engine: EngineKind
    answering: Answering | None = None
    pods: tuple[Pods, ...] = ()
    hosted: tuple[Hosted, ...] = ()
    need: EngineNeed | None = None
    engine_month: Usd = Fraction()
    obstacle: str | None = None

    @property
    def months(self) -> dict[str, Usd]:
        """US dollars a month by platform, the engine's included."""
        return {hosted.platform: hosted.month + self.engine_month for hosted in self.hosted}

    @property
    def cheapest(self) -> Usd:
        """The month on the platform where it is cheapest; only for one without an obstacle."""
        return min(self.months.values())

    def replicas(self, role: RoleName) -> int:
        """Return how many pods of a role there are."""
        return sum(pods.count for pods in self.pods if pods.role == role)


@dataclass(frozen=True, slots=True)
class Plan:
    """The option that is chosen, the others, the notes' tier, and remarks on what does not fit."""

    demand: Demand
    chosen: Option
    options: tuple[Option, ...]
    tier: Tier
    remarks: tuple[str, ...]


def make_plan(demand: Demand, basis: Basis) -> Plan:
    """Return the cheapest way to meet a demand; raises `ScalingError` with all obstacles when there is none."""
    options = options_for(demand, basis)
    possible = [option for option in options if option.obstacle is None]
    if not possible:
        raise ScalingError("; ".join(f"{option.engine.value}: {option.obstacle}" for option in options))
    chosen = min(possible, key=lambda option: option.cheapest)
    tier = basis.facts.tier_of(demand.rps)
    return Plan(demand, chosen, options, tier, tuple(_remarks(demand, chosen, tier, basis)))


def options_for(demand: Demand, basis: Basis) -> tuple[Option, ...]:
    """Return what each engine would need, in the order embedded, S3 Vectors, Qdrant."""
    facts, prices = basis.facts, basis.prices.aws
    engines = facts.engines
    return (
        _embedded(demand, basis),
        _option(
            demand,
            basis,
            EngineKind.S3_VECTORS,
            engines.s3_vectors.latency_ms,
            s3_vectors_need(demand.passages, engines.s3_vectors, prices),
        ),
        _option(
            demand,
            basis,
            EngineKind.QDRANT,
            engines.qdrant.latency_ms,
            qdrant_need(demand, engines.qdrant, prices),
        ),
    )


def _embedded(demand: Demand, basis: Basis) -> Option:
    needed_mb = basis.measured.memory_mb_at(demand.passages)
    has_mb = basis.facts.roles["backend"].memory_mb
    if needed_mb > has_mb:
        return Option(
            EngineKind.EMBEDDED,
            obstacle=f"{demand.passages:,} passages need {needed_mb:,.0f} MB in each back end, which has {has_mb:,}",
        )
    return _option(demand, basis, EngineKind.EMBEDDED, None, None)


def _option(
    demand: Demand, basis: Basis, engine: EngineKind, latency_ms: int | None, need: EngineNeed | None
) -> Option:
    one = answering(basis.measured, demand.passages, latency_ms)
    try:
        counts = _counts(demand, basis, one, basis.kit.full_shares())
        clustered = _with_least(_counts(demand, basis, one, basis.kit.requested_shares(basis.facts.roles)), basis)
    except ScalingError as error:
        return Option(engine, obstacle=str(error))
    pair = {role: counts[role] for role in _PAIR if role != "redis" or counts["backend"] > 1}
    hosted = (
        on_sevalla(_sized(pair, basis), basis.prices.current),
        on_kubernetes(_requested(clustered, basis), demand.rps, basis.prices.aws),
        on_fargate(_sized(_with_least(counts, basis), basis), demand.rps, basis.prices.aws),
    )
    month = need.month(demand) if need else Fraction()
    return Option(engine, one, _sized(clustered, basis), hosted, need, month)


def _counts(demand: Demand, basis: Basis, one: Answering, shares: Mapping[RoleName, Fraction]) -> dict[RoleName, int]:
    """Replicas that the peak needs when each may use that share of its cores."""
    measured = basis.measured
    cores = Fraction(basis.facts.roles["frontend"].cpu) * shares["frontend"]
    return {
        "frontend": frontends_for(demand, Fraction(measured.chat_cpu_s), cores),
        "backend": backends_for(demand, one, shares["backend"]),
        "indexer": indexers_for(demand, Fraction(measured.filing_s)),
        "dashboards": _DASHBOARDS,
        "redis": _STORAGE,
    }


def _with_least(counts: Mapping[RoleName, int], basis: Basis) -> dict[RoleName, int]:
    """No fewer than the autoscalers' least."""
    autoscalers = basis.kit.autoscalers
    return {
        role: max(count, autoscalers[role].least) if role in autoscalers else count for role, count in counts.items()
    }


def _sized(counts: Mapping[RoleName, int], basis: Basis) -> tuple[Pods, ...]:
    sizes = basis.facts.roles
    return tuple(
        Pods(role, count, Fraction(sizes[role].cpu), Fraction(sizes[role].memory_mb)) for role, count in counts.items()
    )


def _requested(counts: Mapping[RoleName, int], basis: Basis) -> tuple[Pods, ...]:
    requests = basis.kit.requests
    return tuple(Pods(role, count, requests[role].cpu, requests[role].memory_mb) for role, count in counts.items())


def _remarks(demand: Demand, chosen: Option, tier: Tier, basis: Basis) -> list[str]:
    remarks = []
    for role, autoscaler in basis.kit.autoscalers.items():
        count = chosen.replicas(role)
        if count > autoscaler.most:
            remarks.append(
                f"{count} replicas of {role} are more than its autoscaler's maxReplicas of {autoscaler.most}: raise it"
            )
    low, high = tier.usd_month
    for platform, month in chosen.months.items():
        if not low <= month <= high:
            side = "below" if month < low else "above"
            remarks.append(
                f"{platform}: ${float(month):,.0f} a month is {side} the notes' ${low:,} to {high:,} (tier {tier.name})"
            )
    if demand.passages > basis.measured.largest:
        remarks.append(
            f"{demand.passages:,} passages are more than the {basis.measured.largest:,} measured: extrapolated"
        )
    if demand.rps > tier.up_to_rps:
        remarks.append(f"{float(demand.rps):g} requests a second are beyond the notes' tiers")
    return remarks
