"""What is said of rankings: the right filing first, a right page among the first, how many of them, how high.

Intervals are of the percentile bootstrap over questions (Efron, 1979), with a seed: the same results give the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from finrag_ml_tg1.evaluation.retrieval.questions import RetrievalQuestion
from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["Judged", "intervals", "judge", "means", "means_by_kind", "twins_of"]

MEASURED_RANKS = 10
# Three digits and more: shorter numbers stand anywhere.
_NUMBER = re.compile(r"\d{3,}(?:\.\d+)?|\d+\.\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_RESAMPLES = 2_000
_SEED = 17


@dataclass(frozen=True, slots=True)
class Judged:
    """The measures of one question, each from 0 to 1; `ranked` is (filing, page) of what was found, best first."""

    question: RetrievalQuestion
    values: Mapping[str, float]
    ranked: tuple[tuple[str, int | None], ...]


def twins_of(catalog: Catalog) -> Mapping[str, str]:
    """Return by accession the first filing of those a corpus holds twice: the same report of a company, to the letter.

    Either is the right one, and one alone is shown, as no passage is shown twice.
    """
    first: dict[tuple[object, ...], str] = {}
    twins = {}
    for row in catalog.filings.iter_rows(named=True):
        content = (row["cik"], row["form"], row["period_end"], row["characters"], row["passages"])
        twins[row["accession"]] = first.setdefault(content, row["accession"])
    return twins


def judge(question: RetrievalQuestion, passages: Sequence[PassageRecord], twins: Mapping[str, str]) -> Judged:
    """Return the measures of a ranking. Where filings have pages these are what is ranked, each at its best passage."""
    gold = tuple(dict.fromkeys(replace(place, accession=_one_of(place.accession, twins)) for place in question.gold))
    wanted = {place.accession for place in gold}
    ranked: dict[tuple[str, object], list[PassageRecord]] = {}
    for shown in passages:
        passage = replace(shown, accession=_one_of(shown.accession, twins))
        key = (passage.accession, passage.page_num if passage.page_num is not None else passage.passage_id)
        ranked.setdefault(key, []).append(passage)
    top = list(ranked.values())[:MEASURED_RANKS]
    found = [{place for place in gold for passage in own if place.holds(passage)} for own in top]
    first = next((rank for rank, places in enumerate(found, start=1) if places), 0)
    filings = {own[0].accession for own in top}
    reached = set().union(*found)
    values = {
        "doc@1": float(bool(top) and top[0][0].accession in wanted),
        "hit@1": float(first == 1),
        "hit@5": float(0 < first <= 5),
        "hit@10": float(first > 0),
        "lenient_hit@5": float(0 < first <= 5 or any(_prints(own, question.answer) for own in top[:5])),
        "recall@10": len(reached) / len(gold),
        "mrr@10": 1 / first if first else 0.0,
        "all_filings@10": float(wanted <= filings),
    }
    return Judged(question, values, tuple((own[0].accession, own[0].page_num) for own in top))


def _prints(passages: Sequence[PassageRecord], answer: str) -> bool:
    """Whether the passages of a page print every number of the answer, whichever filing they are of."""
    wanted = {number for number in _NUMBER.findall(answer.replace(",", "")) if not _YEAR.fullmatch(number)}
    text = " ".join(passage.text.replace(",", "") for passage in passages)
    return bool(wanted) and wanted <= set(_NUMBER.findall(text))


def _one_of(accession: str, twins: Mapping[str, str]) -> str:
    return twins.get(accession, accession)


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
