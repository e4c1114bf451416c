"""FinRAG: the one object the API and the command line ask.

A question goes one way: scope, passages, answer. All that is costly is loaded once, when the object is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.extractive import answer_extractively
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import FileCache, Index, open_index
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.retrieval.search import RankedPassage, search
from finrag_ml_tg1.scope import Question, Scope
from finrag_ml_tg1.understanding.resolution import ScopeResolver, describe_coverage

__all__ = ["FinRAG", "Result"]

DEFAULT_TOP_K = 10

_MIN_EVIDENCE_SIMILARITY = 0.35
_NOT_IN_FILINGS = "Not in the filings."


@dataclass(frozen=True, slots=True)
class Result:
    """A question's answer with the scope it was looked for in and the milliseconds each stage took."""

    question: Question
    scope: Scope
    answer: Answer
    timings_ms: dict[str, float]


class FinRAG:
    """Answers questions from one index version. Safe for use from several threads."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._resolver = ScopeResolver(index.catalog, self._appears_in_filings)

    @classmethod
    def open(cls, store: ObjectStore, cache: FileCache, folder: Path) -> FinRAG:
        """Open the store's current index; raises IndexMissingError or IndexCorruptError."""
        return cls(open_index(store, cache, folder=folder))

    def ask(self, question: Question) -> Result:
        """Return the answer, or an abstention that says why and what is covered."""
        timings: dict[str, float] = {}
        with _timed(timings, "understanding"):
            scope = self._resolver.resolve(question)
        if scope.obstacle is not None:
            return Result(question, scope, _abstention(scope.obstacle, 0), timings)
        with _timed(timings, "retrieval"):
            found = search(self.index, question.text, scope, question.top_k or DEFAULT_TOP_K)
        with _timed(timings, "answering"):
            answer = self._answered(question, found)
        return Result(question, scope, answer, timings)

    def _answered(self, question: Question, found: list[RankedPassage]) -> Answer:
        passages = [passage.record for passage in found]
        if not any(passage.similarity >= _MIN_EVIDENCE_SIMILARITY for passage in found):
            return _abstention(self._nothing_found(), sum(len(passage.text) for passage in passages))
        answer = answer_extractively(question.text, passages, self.index.encoder, self.index.corpus)
        if answer.is_answered:
            return answer
        text = f"{_NOT_IN_FILINGS} {self._nothing_found()}"
        return Answer(False, text, answer.citations, answer.context_length)

    def _nothing_found(self) -> str:
        return f"No passage in the filings searched answers this. {describe_coverage(self.index.catalog)}"

    def _appears_in_filings(self, word: str) -> bool:
        return any(self.index.corpus.document_frequency(term) > 0 for term in split_terms(word))


def _abstention(reason: str, context_length: int) -> Answer:
    return Answer(False, f"{_NOT_IN_FILINGS} {reason}", (), context_length)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = round((time.perf_counter() - started) * 1000, 2)
