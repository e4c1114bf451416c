"""What is said of rankings: the right filing first, a right page among the first, how many of them, how high.

Intervals are of the percentile bootstrap over questions (Efron, 1979), with a seed: the same results give the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finrag_ml_tg1.evaluation.retrieval.questions import RetrievalQuestion
from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["Judged", "intervals", "judge", "means", "means_by_kind"]

MEASURED_RANKS = 10
_RESAMPLES = 2_000
_SEED = 17


@dataclass(frozen=True, slots=True)
class Judged:
    """The measures of one question, each from 0 to 1; `ranked` is (filing, page) of what was found, best first."""

    question: RetrievalQuestion
    values: Mapping[str, float]
    ranked: tuple[tuple[str, int | None], ...]


def judge(question: RetrievalQuestion, passages: Sequence[PassageRecord]) -> Judged:
    """Return the measures of a ranking. Where filings have pages these are what is ranked, each at its best passage."""
    ranked: dict[tuple[str, object], list[PassageRecord]] = {}
    for passage in passages:
        key = (passage.accession, passage.page_num if passage.page_num is not None else passage.passage_id)
        ranked.setdefault(key, []).append(passage)
    top = list(ranked.values())[:MEASURED_RANKS]
    found = [{place for place in question.gold for passage in own if place.holds(passage)} for own in top]
    first = next((rank for rank, places in enumerate(found, start=1) if places), 0)
    filings = {own[0].accession for own in top}
    reached = set().union(*found)
    values = {
        "doc@1": float(bool(top) and top[0][0].accession in question.filings),
        "hit@1": float(first == 1),
        "hit@5": float(0 < first <= 5),
        "hit@10": float(first > 0),
        "recall@10": len(reached) / len(question.gold),
        "mrr@10": 1 / first if first else 0.0,
        "all_filings@10": float(question.filings <= filings),
    }
    return Judged(question, values, tuple((own[0].accession, own[0].page_num) for own in top))


def means(judged: Sequence[Judged]) -> dict[str, float]:
    """Return the mean of each measure."""
    return {name: round(float(np.mean([one.values[name] for one in judged])), 4) for name in judged[0].values}


def means_by_kind(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Return the means for each kind of question, with how many there are."""
    kinds = sorted({one.question.kind for one in judged})
    groups = {kind: [one for one in judged if one.question.kind == kind] for kind in kinds}
    return {kind: {"n": len(own), **means(own)} for kind, own in groups.items()}


def intervals(judged: Sequence[Judged]) -> dict[str, list[float]]:
    """Return for each mean the interval that holds it with 95 % confidence."""
    draws = np.random.default_rng(_SEED).integers(len(judged), size=(_RESAMPLES, len(judged)))
    result = {}
    for name in judged[0].values:
        values = np.array([one.values[name] for one in judged])
        low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
        result[name] = [round(float(low), 4), round(float(high), 4)]
    return result
