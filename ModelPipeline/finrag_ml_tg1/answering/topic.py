"""What a question is about, as weighted words: the measure of whether a text speaks to it at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from finrag_ml_tg1.index.lexical import CorpusStatistics, split_terms
from finrag_ml_tg1.vocabulary.items import item_title, items_worded_in

__all__ = ["Topic", "read_topic"]

_ASKING_WORDS = (
    "amount annual ask cause caused company companies compare comparison describe detail discuss disclose drive driven "
    "drove due end ended explain filing filings fiscal form generate give item key know latest led list main major many mention "
    "much name overview principal question recent say show summarize summary tell total year years"
)
_PHRASE_SHARE = 0.3
_YEAR = re.compile(r"(?:fy)?(?:19|20)?\d\d|10")


@dataclass(frozen=True, slots=True)
class Topic:
    """The telling terms of a question (stemmed) with their weight: rare terms more (inverse document frequency).

    `is_whole_item`: the question asks for an item as such ("the main risk factors"), not for something in it.
    """

    text: str
    weights: dict[str, float]
    phrases: frozenset[tuple[str, str]]
    is_whole_item: bool

    def word_share(self, text: str) -> float:
        """Return from 0 to 1 the weight of the question's telling words that stand in a text; 1 when it has none."""
        total = sum(self.weights.values())
        present = set(split_terms(text))
        return sum(weight for term, weight in self.weights.items() if term in present) / total if total else 1.0

    def phrase_share(self, text: str) -> float:
        """Return from 0 to 1 how many of the question's pairs of neighbouring words a text holds; 1 without any."""
        return len(self.phrases & set(pairwise(split_terms(text)))) / len(self.phrases) if self.phrases else 1.0

    def coverage(self, text: str) -> float:
        """Return from 0 to 1 how much of the question a text holds, words and phrases together."""
        words = self.word_share(text)
        return (1 - _PHRASE_SHARE) * words + _PHRASE_SHARE * self.phrase_share(text) if self.phrases else words


def read_topic(text: str, corpus: CorpusStatistics) -> Topic:
    """Return the topic of a question without its company names; years and words of asking do not count."""
    terms = [term for term in split_terms(text) if term not in _asking_terms() and not _YEAR.fullmatch(term)]
    weights = {term: float(np.log1p(corpus.rows / (1 + corpus.document_frequency(term)))) for term in terms}
    titles = {term for item in items_worded_in(text) for term in split_terms(item_title(item))}
    phrases = frozenset(pairwise(terms))
    return Topic(text, weights, phrases, is_whole_item=bool(weights) and weights.keys() <= titles)


@lru_cache(maxsize=1)
def _asking_terms() -> frozenset[str]:
    return frozenset(split_terms(_ASKING_WORDS))
