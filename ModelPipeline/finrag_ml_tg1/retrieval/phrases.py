"""Neighbouring words of a question that stand side by side in a passage: so rows of tables and things are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.lexical import opening_of_forms, split_terms
from finrag_ml_tg1.retrieval.candidates import Candidates, Floats

__all__ = ["add_phrases"]

_BEST = 40
_BEST_OF_EACH_FILING = 15


def add_phrases(
    found: Candidates,
    scores: Floats,
    terms: Sequence[str],
    rarities: Mapping[str, float],
    texts_of: Callable[[Sequence[int]], Sequence[str]],
    weight: float,
) -> Floats:
    """Return the scores, those of the best candidates raised by up to `weight`: by the question's pairs that they hold.

    A pair counts by how rare its words are. `texts_of` gives the words of rows.
    """
    pairs = {pair: rarities[pair[0]] + rarities[pair[1]] for pair in pairwise(terms)}
    if not pairs or not len(found):
        return scores
    total = sum(pairs.values())
    openings = [(opening_of_forms(first), opening_of_forms(second)) for first, second in pairs]
    raised = scores.copy()
    places = _best_places(found, scores)
    for place, text in zip(places, texts_of(found.rows[places].tolist()), strict=True):
        plain = text.lower()
        if not any(first in plain and second in plain for first, second in openings):
            continue
        held = set(pairwise(split_terms(text)))
        raised[place] += weight * sum(pairs[pair] for pair in pairs if pair in held) / total
    return raised


def _best_places(found: Candidates, scores: Floats) -> list[int]:
    """The best of all, and of each filing where there are few."""
    order = np.argsort(-scores, kind="stable")
    places = dict.fromkeys(order[:_BEST].tolist())
    filings = np.unique(found.filings)
    if len(filings) * _BEST_OF_EACH_FILING <= 4 * _BEST:
        for filing in filings:
            own: npt.NDArray[np.int64] = order[found.filings[order] == filing][:_BEST_OF_EACH_FILING]
            places |= dict.fromkeys(own.tolist())
    return list(places)
