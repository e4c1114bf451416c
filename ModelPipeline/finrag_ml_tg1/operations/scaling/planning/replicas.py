"""How many replicas of each role a load needs, from what one of them was measured to do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.load.measured import Measured
from finrag_ml_tg1.operations.scaling.load.queueing import flow_of
from finrag_ml_tg1.operations.scaling.planning.demand import Demand

__all__ = ["PLACES", "RETRIES", "WORKERS", "Answering", "answering", "backends_for", "frontends_for", "indexers_for"]

# serving/backend/engine.py: so many questions are worked on, as many wait.
WORKERS = 2
PLACES = 4
# Who is refused asks once more, as the chat does by itself.
RETRIES = 1
_SECONDS_PER_DAY = 86_400
_MS = 1000


@dataclass(frozen=True, slots=True)
class Answering:
    """One back end with one core: answers a second when always busy, milliseconds of work, and of waiting outside."""

    rate: float
    cpu_ms: float
    waiting_ms: float


def answering(measured: Measured, passages: int, engine_ms: int | None) -> Answering:
    """Return what one back end does over so many passages; with an engine its threads wait for it (`engine_ms`).

    Two threads: while one waits for the engine the other works, so the rate is limited by the core or by the threads.
    """
    cpu_ms = measured.answer_ms_at(passages, has_engine=engine_ms is not None)
    waiting_ms = float(engine_ms or 0)
    held_ms = cpu_ms + measured.open_share * waiting_ms
    return Answering(min(_MS / cpu_ms, WORKERS * _MS / held_ms), cpu_ms, waiting_ms)


def backends_for(demand: Demand, one: Answering, busy: Fraction) -> int:
    """Return the fewest back ends that are busy for no more than a share, refuse few enough, and answer in time.

    Raises `ScalingError` when no number answers in time, because an answer alone takes longer.
    """
    if not _is_enough(demand, one, busy, 10**9):
        raise ScalingError(
            f"95 % of the answers cannot be there within {demand.p95_s * _MS:.0f} ms: one alone takes "
            f"{_p95_ms(demand, one, 10**9):.0f} ms over {demand.passages:,} passages"
        )
    low, high = 0, 1
    while not _is_enough(demand, one, busy, high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_enough(demand, one, busy, middle) else (middle, high)
    return high


def frontends_for(demand: Demand, cpu_s_a_question: Fraction, cores: Fraction) -> int:
    """Return the front ends whose chat uses no more than so many cores of each; one at the least."""
    return max(1, math.ceil(demand.rps * demand.chat_share * cpu_s_a_question / cores))


def indexers_for(demand: Demand, seconds_a_filing: Fraction) -> int:
    """Return the indexers, of two cores each, that read and index a day's filings within it; one at the least."""
    return max(1, math.ceil(demand.filings_per_day * seconds_a_filing / _SECONDS_PER_DAY))


def _is_enough(demand: Demand, one: Answering, busy: Fraction, replicas: int) -> bool:
    flow = flow_of(float(demand.rps) / replicas, one.rate, PLACES, RETRIES)
    return (
        flow.busy <= busy
        and flow.refused <= demand.refused_share
        and _p95_ms(demand, one, replicas) <= demand.p95_s * _MS
    )


def _p95_ms(demand: Demand, one: Answering, replicas: int) -> float:
    """Milliseconds, on the high side: those of the queue and of the engine as if they fell on the same answers."""
    return flow_of(float(demand.rps) / replicas, one.rate, PLACES, RETRIES).p95_s * _MS + one.waiting_ms
