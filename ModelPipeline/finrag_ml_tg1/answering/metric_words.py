"""Which words of a question name its metrics, and which ask for more than a number of the statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from finrag_ml_tg1.answering.answer_kinds import asks_for_reason
from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.vocabulary.metrics import Metric, load_metrics

__all__ = ["asks_beside_metrics", "row_names"]

_FEWEST_OF_METRICS = 2

# Beside the name of a metric these say how its value is wanted, and nothing of a thing told in words.
_OF_VALUES = frozenset(
    split_terms(
        "total net average change changed increase decrease percent percentage ratio rate value number company "
        "consolidated quarter month first last latest previous prior current two three compared versus basis times "
        "million billion dollars usd balance sheet statement income cash flow half nine six end ended year"
    )
)


def asks_beside_metrics(topic: Topic, metrics: Sequence[str]) -> bool:
    """Return whether a question asks for more than values of registered metrics: what, how or why in words."""
    named = {term for metric in _with_inputs(metrics) for term in _terms_of(metric.name)}
    return bool(topic.weights.keys() - named - _OF_VALUES)


def row_names(topic: Topic, metrics: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Return the names that rows of statements have for the metrics asked for and their inputs, each as terms.

    None where most of the question is about something else, or why is asked.
    """
    named = {term for metric in _with_inputs(metrics) for term in _terms_of(metric.name)}
    of_metrics = topic.weights.keys() & named
    others = topic.weights.keys() - named - _OF_VALUES
    if len(of_metrics) < _FEWEST_OF_METRICS or len(others) > len(of_metrics) or asks_for_reason(topic.text):
        return ()
    names = (name for metric in _with_inputs(metrics) for name in (metric.label, *metric.synonyms))
    return tuple(dict.fromkeys(frozenset(split_terms(name)) for name in names))


def _with_inputs(names: Sequence[str]) -> Iterator[Metric]:
    registry = load_metrics()
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield registry[name]
            waiting += sorted(registry[name].needs) if registry[name].formula else []


@lru_cache(maxsize=512)
def _terms_of(metric: str) -> frozenset[str]:
    known = load_metrics()[metric]
    return frozenset(split_terms(" ".join((known.label, *known.synonyms))))
