"""FinRAG: the one object the API and the command line ask.

A question goes one way: scope, passages, answer. All that is costly is loaded once, when the object is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.extractive import answer_extractively
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import FileCache, Index, PassageRecord, open_index
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.retrieval.search import search
from finrag_ml_tg1.scope import Question, Scope
from finrag_ml_tg1.understanding.resolution import ScopeResolver, describe_coverage
from finrag_ml_tg1.vocabulary.items import STATEMENT_ITEMS, items_worded_in
from finrag_ml_tg1.vocabulary.statements import statements_of_line_items

__all__ = ["FinRAG", "Result"]

DEFAULT_TOP_K = 10

_READ_PASSAGES = 50
_READ_OF_EACH = 12

_ONLY_NUMBERS = "Only tagged numbers were asked for, and this index holds none: ask for passages as well (include_rag)."
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
            scope = replace(scope, notes=(*scope.notes, *self._unread_items(scope)))
        if scope.obstacle is not None:
            return Result(question, scope, _abstention(scope.obstacle, 0), timings)
        if not question.include_passages:
            return Result(question, scope, _abstention(_ONLY_NUMBERS, 0), timings)
        with _timed(timings, "retrieval"):
            found = search(self.index, question.text, scope, max(_READ_PASSAGES, _READ_OF_EACH * len(scope.accessions)))
        with _timed(timings, "answering"):
            answer = self._answered(question, scope, found)
        return Result(question, scope, answer, timings)

    def _answered(self, question: Question, scope: Scope, passages: list[PassageRecord]) -> Answer:
        topic = read_topic(scope.topic, self.index.corpus)
        several = len(scope.accessions) > 1 or not scope.companies
        answer = answer_extractively(
            topic,
            passages,
            self.index.encoder,
            several=several,
            max_citations=question.top_k or DEFAULT_TOP_K,
        )
        if answer.is_answered:
            return replace(answer, markdown="\n\n".join([answer.markdown, *self._silent_filings(scope, answer)]))
        return replace(answer, markdown=f"{_NOT_IN_FILINGS} {self._nothing_found(scope)}")

    def _silent_filings(self, scope: Scope, answer: Answer) -> Iterator[str]:
        """Name what was asked for but has no part in the answer: a partial answer is not to be taken for a whole."""
        cited = {citation.passage.accession for citation in answer.citations if citation.is_cited}
        silent = [group for group in scope.accessions if scope.companies and not cited & set(group)]
        names = [f"{row['company']} ({row['form']} for fiscal {row['fiscal_year']})" for row in self._filings(silent)]
        if names:
            yield f"No passage that answers this was found for {'; '.join(names)}."

    def _unread_items(self, scope: Scope) -> Iterator[str]:
        """Say of the items asked for which of them a filing does not hold, or holds in doubt.

        A line of the financial statements asks for the item that holds them: some filers put it into an exhibit.
        """
        asked = set(scope.items) or items_worded_in(scope.topic)
        of_statements = STATEMENT_ITEMS if statements_of_line_items(scope.topic) else frozenset()
        for row in self._filings(scope.accessions if scope.companies and asked | of_statements else ()):
            coverage = self.index.catalog.coverage(int(str(row["cik"])))[str(row["accession"])]
            filing = f"{row['company']} {row['form']} for fiscal {row['fiscal_year']}"
            for item in coverage.missing:
                if item in asked:
                    yield f"Item {item} was not found in {filing}."
            for item, says in coverage.pointers().items():
                is_away = says == "incorporated by reference" and item in of_statements
                if is_away or (item in asked and says != "nothing to report"):
                    yield f"Item {item} of {filing} holds no text of its own: {says}."
            for item, reason in coverage.doubts:
                if item in asked:
                    yield f"Item {item} of {filing} may not have been read whole: {reason}."

    def _filings(self, groups: Iterable[tuple[str, ...]]) -> Iterator[dict[str, object]]:
        for group in groups:
            filing = self.index.catalog.filing(group[0])
            if filing is not None:
                yield filing

    def _nothing_found(self, scope: Scope) -> str:
        searched = [
            f"{row['company']} {row['form']} for fiscal {row['fiscal_year']}" for row in self._filings(scope.accessions)
        ]
        if not scope.companies:
            return f"No passage found answers this clearly. {describe_coverage(self.index.catalog)}"
        within = f", Item {' and '.join(scope.items)}" if scope.items else ""
        return f"No passage found answers this clearly. Searched: {'; '.join(searched)}{within}."

    def _appears_in_filings(self, word: str) -> bool:
        return any(self.index.corpus.document_frequency(term) > 0 for term in split_terms(word))


def _abstention(reason: str, context_length: int) -> Answer:
    return Answer(False, f"{_NOT_IN_FILINGS} {reason}", (), context_length)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = round((time.perf_counter() - started) * 1000, 2)
