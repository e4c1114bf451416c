"""Scope to ranked passages: words, meaning and place of each in scope, weighed, and chosen without repetition."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.retrieval.candidates import Candidates, Floats, all_candidates, candidates_of
from finrag_ml_tg1.retrieval.focus import Focus, read_focus
from finrag_ml_tg1.retrieval.phrases import add_phrases
from finrag_ml_tg1.retrieval.ranking import IN_SCOPE, OPEN, features_of, scores_of
from finrag_ml_tg1.retrieval.selection import select
from finrag_ml_tg1.scope import Scope
from finrag_ml_tg1.vocabulary.items import item_code

__all__ = ["Gathered", "gather", "rank", "search"]

_MOST_TOLD = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The candidates of one question, what each is scored by, and the weights that its scope asks for.

    `query` is the vector of the focus' text, None where no meaning was asked for.
    """

    focus: Focus
    found: Candidates
    features: Mapping[str, Floats]
    weights: Mapping[str, float]
    query: Floats | None = None


def search(index: Index, question: str, scope: Scope, count: int, *, dense: bool = True) -> list[PassageRecord]:
    """Return at most `count` passages for the question, best first; without `dense` by words and place alone."""
    gathered = gather(index, question, scope, dense=dense)
    return rank(index, gathered, scope, gathered.weights, count)


def gather(index: Index, question: str, scope: Scope, *, dense: bool = True) -> Gathered:
    """Return the candidates for a question within its scope."""
    focus = read_focus(question, scope, index.corpus, is_of_named_years=_is_of_named_years(index, scope))
    query: Floats | None = index.encoder.encode([focus.text])[0] if dense else None
    everything = _candidates(index, focus, scope, query)
    found = _restricted(everything, scope.items)
    _log_candidates(focus, everything, found, is_dense=query is not None)
    features = features_of(found, focus, _preferences(index, scope))
    return Gathered(focus, found, features, IN_SCOPE if scope.accessions else OPEN, query)


def rank(
    index: Index, gathered: Gathered, scope: Scope, weights: Mapping[str, float], count: int
) -> list[PassageRecord]:
    """Return at most `count` of the candidates, best first by these weights."""
    focus, found = gathered.focus, gathered.found
    scores = scores_of(gathered.features, weights)
    scores = add_phrases(found, scores, focus.terms, focus.rarities, index.texts, weights["phrases"])
    groups = _groups(index, scope)
    chosen = select(index, found, scores, groups, count, by_company=focus.asks_companies)
    if _log.isEnabledFor(logging.DEBUG):
        told = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
        filings = len({passage.accession for passage in chosen})
        best = ", ".join(passage.passage_id for passage in chosen[:_MOST_TOLD])
        _log.debug("ranked by %s: %d passages of %d filings, first %s", told, len(chosen), filings, best or "-")
    return chosen


def _log_candidates(focus: Focus, everything: Candidates, found: Candidates, *, is_dense: bool) -> None:
    if not _log.isEnabledFor(logging.DEBUG):
        return
    _log.debug(
        "candidates: %d of %d filings, %d with words asked, %d with words of filings for them, %d left by items named; "
        "by meaning: %s; words: %d asked, %d of filings; statements %s, items %s",
        len(everything),
        len(np.unique(everything.filings)),
        np.count_nonzero(everything.words),
        np.count_nonzero(everything.bridge),
        len(found),
        f"nearest {everything.meaning.max(initial=0):.2f}" if is_dense else "no",
        len(focus.terms),
        len(focus.bridge),
        ", ".join(sorted(focus.statements)) or "-",
        ", ".join(sorted(focus.items)) or "-",
    )


def _candidates(index: Index, focus: Focus, scope: Scope, query: Floats | None) -> Candidates:
    accessions = [accession for group in scope.accessions for accession in group]
    if scope.companies:
        return candidates_of(index, focus, query, list(dict.fromkeys(accessions)))
    return all_candidates(index, focus, query, accessions)


def _is_of_named_years(index: Index, scope: Scope) -> bool:
    rows = index.catalog.rows_of(name for group in scope.accessions for name in group)
    return bool(rows) and set(index.catalog.filings["fiscal_year"][rows]) <= set(scope.named_years)


def _restricted(found: Candidates, items: Sequence[str]) -> Candidates:
    """Only the items named by number; those of Form 8-K ("5.02") are words to look for: passages do not carry them."""
    codes = [item_code(name) for item in items if "." not in item for name in (item, f"I-{item}", f"II-{item}")]
    if not codes:
        return found
    return found.only(np.isin(found.items, [code for code in codes if code]))


def _preferences(index: Index, scope: Scope) -> Floats:
    preferences = np.zeros(index.catalog.filings.height, dtype=np.float32)
    for name, value in scope.preferences.items():
        preferences[index.catalog.rows_of((name,))] = value
    return preferences


def _groups(index: Index, scope: Scope) -> list[set[int]]:
    """The filings (rows of the catalog) that are asked for beside one another."""
    return [set(index.catalog.rows_of(group)) for group in scope.accessions] if scope.companies else []
