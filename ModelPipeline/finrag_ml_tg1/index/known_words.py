"""Which words an index knows: what reads a question tells names of companies from other words by them.

Apart from the pipeline, which would otherwise refer to itself and stay in memory after its last use.
"""

from __future__ import annotations

from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import Index

__all__ = ["KnownWords"]


class KnownWords:
    """The words of one index version. Safe for use from several threads."""

    def __init__(self, index: Index) -> None:
        self._encoder: Encoder = index.encoder
        self._corpus = index.corpus

    def is_word(self, word: str) -> bool:
        """Return whether a word is of the language: the encoder's vocabulary has the common ones whole."""
        return self._encoder.count_tokens(word) == 1

    def appears_in_filings(self, word: str) -> bool:
        """Return whether any passage holds a word; of one that every filing uses it is taken for granted."""
        terms = split_terms(word)
        return not terms or any(self._corpus.document_frequency(term) > 0 for term in terms)
