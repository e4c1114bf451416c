"""A simulation as lines for a terminal: what it comes to, and how load and replicas went."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import Usd
from finrag_ml_tg1.operations.cost.prices import AwsPrices
from finrag_ml_tg1.operations.cost.table import write_usd
from finrag_ml_tg1.operations.scaling.simulation.replica import Replica
from finrag_ml_tg1.operations.scaling.simulation.run import Outcome

__all__ = ["outcome_lines", "replica_price"]

_ROWS = 15
_SECONDS_PER_HOUR = 3600
_MS = 1000


def replica_price(outcome: Outcome, replica: Replica, prices: AwsPrices) -> Usd:
    """Return what the replicas' time costs at Fargate's prices of their processors and memory (limits)."""
    memory_gb = Fraction(replica.requested_memory_mb) / 1024
    hourly = Fraction(replica.cpu) * Fraction(prices.fargate_vcpu_hour.usd) + memory_gb * Fraction(
        prices.fargate_gb_hour.usd
    )
    return hourly * Fraction(outcome.replica_seconds) / _SECONDS_PER_HOUR


def outcome_lines(outcome: Outcome, price: Usd) -> Iterator[str]:
    """Yield the sums, then the moments at equal distances."""
    share = outcome.dropped / outcome.offered if outcome.offered else 0
    slow = "nothing was answered" if outcome.p95_s is None else f"95 % within {outcome.p95_s * _MS:.0f} ms"
    yield f"asked       {outcome.offered:>14,.0f}"
    yield f"answered    {outcome.served:>14,.0f}   {slow}"
    yield f"refused     {outcome.dropped:>14,.0f}   {share:.2%}"
    yield f"in queues   {outcome.queued:>14,.0f}   at the end"
    yield f"replicas    {outcome.fewest_wanted:>8} to {outcome.most_wanted:>2}"
    hours = outcome.replica_seconds / _SECONDS_PER_HOUR
    yield f"their time  {hours:>12,.1f} h   {write_usd(price)} at Fargate's prices"
    yield ""
    yield f"{'minute':>8}{'asked/s':>11}{'wanted':>9}{'serving':>9}{'refused/s':>11}{'p95 ms':>9}"
    size = max(1, len(outcome.moments) // _ROWS)
    begin_s = outcome.moments[0].at_s
    for moment in outcome.moments[::size]:
        p95 = "-" if moment.p95_s is None else f"{moment.p95_s * _MS:.0f}"
        yield (
            f"{(moment.at_s - begin_s) / 60:>8.1f}{moment.requests_per_s:>11,.1f}{moment.wanted:>9}{moment.ready:>9}"
            f"{moment.dropped / outcome.step_s:>11,.1f}{p95:>9}"
        )
