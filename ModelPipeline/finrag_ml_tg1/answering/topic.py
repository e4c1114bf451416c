"""What a question is about, as weighted words: the measure of whether a text speaks to it at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from finrag_ml_tg1.answering.word_families import family_terms
from finrag_ml_tg1.index.lexical import CorpusStatistics, split_terms
from finrag_ml_tg1.vocabulary.filing_words import filing_words_for
from finrag_ml_tg1.vocabulary.items import item_title, items_worded_in

__all__ = ["Topic", "read_topic"]

_ASKING_WORDS = (
    "amount annual ask cause caused company companies compare comparison describe detail discuss disclose drive "
    "driven drove due end ended explain face filing filings fiscal form generate give happen history information "
    "item k key know latest led list main major many me mention much name overview please principal q quarter "
    "question quarterly recent report reported say show spend spent summarize summary tell top us year years"
)
# "How did the risk factors change?" asks for the whole of them, of each year.
_CHANGE_WORDS = "change changed differ different evolve evolved new develop developed"
_PHRASE_SHARE = 0.3
_FEW_WORDS = 2
_STEM_CHARS = 5
_PERIOD = re.compile(r"(?:fy|q[1-4])?(?:19|20)?\d\d|q[1-4]|[1-4]q(?:\d\d)?")

_ASKS_FOR_WORDS = re.compile(
    r"^(?:did|do|does|is|are|was|were|has|have|will|can)\b|"
    r"\b(?:why|how (?:does|do|did|is|are)|describe|explain|discuss|summari[sz]e|tell (?:me|us)|say|happened|risks?|"
    r"drove|driven|drivers?|reasons?|strategy|polic(?:y|ies)|govern\w*|who|where|when|which)\b",
    re.IGNORECASE,
)

_ASKS_WHETHER = re.compile(r"^\W*(?:did|do|does|is|are|was|were|has|have|had|will|can)\b", re.IGNORECASE)
_NAMES_THINGS = re.compile(r"\bwhat (?:are|is|kind|type|do|does|did)\b|\blist\b|\bname\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Topic:
    """The telling terms of a question (stemmed) with their weight: rare terms more (inverse document frequency).

    `whole_items`: the items asked for as such ("the main risk factors"), empty when something in them is asked.
    `bridge`: terms that filings use for the question's words, beside these. `rows`: names that rows of statements have
    for the numbers asked for, each as terms.
    """

    text: str
    weights: dict[str, float]
    phrases: frozenset[tuple[str, str]]
    whole_items: frozenset[str]
    bridge: frozenset[str] = frozenset()
    rows: tuple[frozenset[str], ...] = ()

    @property
    def asks_for_words(self) -> bool:
        """Whether sentences answer the question rather than a figure."""
        return _ASKS_FOR_WORDS.search(self.text) is not None

    @property
    def asks_whether(self) -> bool:
        """Whether yes or no is asked."""
        return _ASKS_WHETHER.search(self.text) is not None

    @property
    def is_plain_value(self) -> bool:
        """Whether the figure of one thing is asked for, in so few words that all of them matter."""
        is_short = 0 < len(self.weights) <= _FEW_WORDS and not self.whole_items
        return is_short and not self.asks_for_words and _NAMES_THINGS.search(self.text) is None

    def holds_stems(self, text: str) -> bool:
        """Return whether each telling word stands in a text, in any form ("employed" for "employees")."""
        present = {term[:_STEM_CHARS] for term in family_terms(text)}
        return all(term[:_STEM_CHARS] in present for term in self.weights)

    def word_share(self, text: str) -> float:
        """Return from 0 to 1 the weight of the question's telling words that stand in a text; 1 when it has none."""
        total = sum(self.weights.values())
        return self._share_of(set(family_terms(text)), total) if total else 1.0

    def bridge_count(self, text: str) -> int:
        """Return how many of the filing's words for what is asked a text holds."""
        return self.bridge_count_of(family_terms(text)) if self.bridge else 0

    def bridge_count_of(self, terms: Sequence[str]) -> int:
        """Return `bridge_count` of a text that is already split (word_families)."""
        return len(self.bridge.intersection(terms))

    def phrase_share(self, text: str) -> float:
        """Return from 0 to 1 how many of the question's pairs of neighbouring words a text holds; 1 without any."""
        return self._phrase_share_of(family_terms(text)) if self.phrases else 1.0

    def coverage(self, text: str) -> float:
        """Return from 0 to 1 how much of the question a text holds, words and phrases together."""
        return self.coverage_of(family_terms(text))

    def coverage_of(self, terms: Sequence[str]) -> float:
        """Return `coverage` of a text that is already split (word_families)."""
        total = sum(self.weights.values())
        words = self._share_of(terms, total) if total else 1.0
        return (1 - _PHRASE_SHARE) * words + _PHRASE_SHARE * self._phrase_share_of(terms) if self.phrases else words

    def _share_of(self, terms: Collection[str], total: float) -> float:
        return sum(weight for term, weight in self.weights.items() if term in terms) / total

    def _phrase_share_of(self, terms: Sequence[str]) -> float:
        return len(self.phrases.intersection(pairwise(terms))) / len(self.phrases)


def read_topic(text: str, corpus: CorpusStatistics) -> Topic:
    """Return the topic of a question without its company names; years and words of asking do not count.

    Where a question has no other words ("When does the fiscal year end?") these are what it is about.
    """
    words = [term for term in family_terms(text) if not _PERIOD.fullmatch(term)]
    terms = [term for term in words if term not in _asking_terms()] or words
    weights = {term: float(np.log1p(corpus.rows / (1 + corpus.document_frequency(term)))) for term in terms}
    phrases = frozenset(pairwise(terms))
    items = items_worded_in(text)
    titles = {term for item in items for term in family_terms(item_title(item))}
    is_whole = bool(weights) and weights.keys() - _change_terms() <= titles
    bridge = frozenset(family_terms(filing_words_for(text))) - weights.keys()
    return Topic(text, weights, phrases, items if is_whole else frozenset(), bridge)


@lru_cache(maxsize=1)
def _change_terms() -> frozenset[str]:
    return frozenset(split_terms(_CHANGE_WORDS))


@lru_cache(maxsize=1)
def _asking_terms() -> frozenset[str]:
    return frozenset(split_terms(_ASKING_WORDS))
