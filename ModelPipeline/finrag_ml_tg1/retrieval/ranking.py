"""Candidates to scores: a weighted sum of parts between 0 and 1, less what makes the filing unlikely.

Scores of words and of meaning are set between their 5th percentile and their greatest among the candidates, which keeps
how far apart they are; reciprocal ranks would not (measured: docs/evaluation/retrieval.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.retrieval.candidates import Candidates, Floats
from finrag_ml_tg1.retrieval.focus import Focus
from finrag_ml_tg1.vocabulary.items import item_code
from finrag_ml_tg1.vocabulary.statements import STATEMENTS

__all__ = ["IN_SCOPE", "OPEN", "features_of", "low_percentile", "scores_of"]

_LOW_PERCENTILE = 5

IN_SCOPE: Mapping[str, float] = {
    "words": 0.24,
    "context_words": 0.1,
    "bridge": 0.07,
    "context_bridge": 0.15,
    "meaning": 0.27,
    "context_meaning": 0.13,
    "statement": 0.36,
    "item": 0.1,
    "preference": 1.1,
    "phrases": 0.2,
}
# Among the filings of all companies words tell more than meaning, and pages more than their passages.
OPEN: Mapping[str, float] = {
    "words": 0.3,
    "context_words": 0.25,
    "bridge": 0.04,
    "meaning": 0.13,
    "context_meaning": 0.17,
    "preference": 1.0,
    "phrases": 0.45,
}


def features_of(found: Candidates, focus: Focus, preferences: Floats) -> dict[str, Floats]:
    """Return by name what each candidate is scored by; `preferences` are of all filings, by row of the catalog."""
    statement = _statement_weights(focus)[found.statements]
    items = np.array([item_code(item) for item in focus.items], dtype=np.uint8)
    return {
        "words": _between_0_and_1(found.words),
        "context_words": _between_0_and_1(found.context_words),
        "bridge": _between_0_and_1(found.bridge),
        "context_bridge": _between_0_and_1(found.context_bridge),
        "meaning": _between_0_and_1(found.meaning),
        "context_meaning": _between_0_and_1(greatest_of_context(found.meaning, found.contexts)),
        "statement": greatest_of_context(statement, found.contexts),
        "item": np.isin(found.items, items).astype(np.float32),
        "preference": preferences[found.filings],
    }


def scores_of(features: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return the weighted sum of the features of each candidate."""
    parts = [weight * features[name] for name, weight in weights.items() if name in features]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float32)


def greatest_of_context(values: Floats, contexts: npt.NDArray[np.int64]) -> Floats:
    """Return for each candidate the greatest value of those in its context."""
    if not len(values):
        return values
    _, inverse = np.unique(contexts, return_inverse=True)
    greatest = np.full(int(inverse.max()) + 1, -np.inf, dtype=np.float32)
    np.maximum.at(greatest, inverse, values)
    return greatest[inverse]


def _statement_weights(focus: Focus) -> Floats:
    return np.array([focus.statements.get(name, 0.0) for name in STATEMENTS], dtype=np.float32)


def _between_0_and_1(values: Floats) -> Floats:
    if not len(values):
        return values
    low, high = low_percentile(values), values.max()
    if high <= low:
        return np.zeros(len(values), dtype=np.float32)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)


def low_percentile(values: Floats) -> np.float32:
    """Return the 5th percentile as `np.percentile` does, to the last bit, at a tenth of its cost for so few values."""
    place = _LOW_PERCENTILE / 100 * (len(values) - 1)
    lower = int(place)
    share = place - lower
    upper = min(lower + 1, len(values) - 1)
    below, above = np.partition(values, (lower, upper))[[lower, upper]]
    step = above - below
    return np.float32(above - step * (1 - share) if share >= 1 / 2 else below + step * share)
