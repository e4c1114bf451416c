"""The three ways to search vectors, with what each needs and takes a month beside the replicas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import HOURS_PER_MONTH, Usd
from finrag_ml_tg1.operations.cost.prices import AwsPrices
from finrag_ml_tg1.operations.scaling.planning.demand import Demand
from finrag_ml_tg1.operations.scaling.planning.facts import QdrantFacts, S3VectorsFacts

__all__ = ["EngineKind", "EngineNeed", "qdrant_need", "query_price", "s3_vectors_need"]

_BYTES_PER_GB = 2**30
_BYTES_PER_TB = 2**40
_MILLION = 10**6
_BUSY = Fraction(7, 10)


class EngineKind(Enum):
    """Where open questions are searched."""

    EMBEDDED = "embedded index"
    S3_VECTORS = "S3 Vectors"
    QDRANT = "self-hosted Qdrant"


@dataclass(frozen=True, slots=True)
class EngineNeed:
    """An outside engine's machines, gigabytes (2³⁰) and price: `fixed_month`, and `query` for each open question."""

    nodes: int
    memory_gb: Fraction
    stored_gb: Fraction
    fixed_month: Usd
    query: Usd

    def month(self, demand: Demand) -> Usd:
        """Return US dollars for a month of that many open questions."""
        return self.fixed_month + self.query * demand.open_questions_month


def query_price(passages: int, engine: S3VectorsFacts, prices: AwsPrices) -> Usd:
    """Return US dollars of one query of S3 Vectors: a fee, and the data of all vectors that it goes through.

    The reduction above ten million vectors (up to 80 %) is not counted, so that the price is an upper bound.
    """
    scanned_tb = Fraction(passages * engine.bytes_a_vector, _BYTES_PER_TB)
    fee = Fraction(prices.vectors_queries_million.usd) / _MILLION
    return fee + scanned_tb * Fraction(prices.vectors_scanned_tb.usd)


def s3_vectors_need(passages: int, engine: S3VectorsFacts, prices: AwsPrices) -> EngineNeed:
    """Return what so many passages need in S3 Vectors: storage, and a price for each query."""
    stored_gb = Fraction(passages * engine.bytes_a_vector, _BYTES_PER_GB)
    storage = stored_gb * Fraction(prices.vectors_gb_month.usd)
    return EngineNeed(0, Fraction(), stored_gb, storage, query_price(passages, engine, prices))


def qdrant_need(demand: Demand, engine: QdrantFacts, prices: AwsPrices) -> EngineNeed:
    """Return what a demand needs in Qdrant: machines that hold codes and graph in memory and answer, and their disks.

    One copy of each shard, as storage has one writer; machines are busy for 70 % at the peak.
    """
    passages, node = demand.passages, prices.node_hour
    memory_gb = Fraction(passages * engine.memory_bytes_a_vector, _BYTES_PER_GB)
    stored_gb = Fraction(passages * engine.disk_bytes_a_vector, _BYTES_PER_GB)
    busy_cores = demand.rps * demand.open_share * engine.query_cpu_ms / 1000
    nodes = max(
        1,
        math.ceil(memory_gb / (Fraction(node.memory_gb) * Fraction(engine.memory_share))),
        math.ceil(busy_cores / (Fraction(node.cpu) * _BUSY)),
    )
    machines = nodes * Fraction(node.usd) * HOURS_PER_MONTH
    return EngineNeed(
        nodes, memory_gb, stored_gb, machines + stored_gb * Fraction(prices.disk_gb_month.usd), Fraction()
    )
