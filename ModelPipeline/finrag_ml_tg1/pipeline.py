"""FinRAG: the one object the API and the command line ask.

A question goes one way: scope and plan, numbers and passages, answer. All that is costly is loaded once, when the
object is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.combined import numbers_then_words
from finrag_ml_tg1.answering.extractive import answer_extractively
from finrag_ml_tg1.answering.numeric import answer_in_numbers, missing_words
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import FileCache, Index, PassageRecord, open_index
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.retrieval.search import search
from finrag_ml_tg1.scope import CompanyReference, Question, Scope
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.understanding.resolution import ScopeResolver, describe_coverage
from finrag_ml_tg1.vocabulary.items import STATEMENT_ITEMS, items_worded_in
from finrag_ml_tg1.vocabulary.metrics import load_metrics
from finrag_ml_tg1.vocabulary.statements import statements_of_line_items

__all__ = ["FinRAG", "Result"]

DEFAULT_TOP_K = 10

_READ_PASSAGES = 50
_READ_OF_EACH = 12
_MOST_RANKED = 200

_ONLY_NUMBERS = (
    "Only tagged numbers were asked for, and the question names none: ask for passages as well (include_rag)."
)
_NOT_IN_FILINGS = "Not in the filings."


@dataclass(frozen=True, slots=True)
class Result:
    """A question's answer with the scope it was looked for in and the milliseconds each stage took.

    `found` holds the numbers, `shown_at` the citation that shows each of them (None: printed nowhere).
    """

    question: Question
    scope: Scope
    answer: Answer
    timings_ms: dict[str, float]
    plan: Plan | None = None
    found: FactSet = field(default_factory=FactSet)
    shown_at: Mapping[Fact, int | None] = field(default_factory=dict)


class FinRAG:
    """Answers questions from one index version. Safe for use from several threads."""

    def __init__(self, index: Index) -> None:
        self.index = index
        names = MetricNames(load_metrics())
        self._resolver = ScopeResolver(index.catalog, self._appears_in_filings, names)
        self._planner = Planner(names)
        self.facts = FactFinder(index.facts)

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
            plan = self._planned(question, scope)
        with _timed(timings, "facts"):
            companies = self._companies_asked(plan, scope)
            found = self.facts.find(plan, companies) if plan and companies else FactSet()
        partial = Result(question, scope, _abstention(scope.obstacle or "", 0), timings, plan, found)
        if found.is_found:
            return self._with_numbers(partial)
        refusal = self._refusal(partial)
        if refusal is not None:
            return replace(partial, answer=_abstention(refusal, 0))
        return replace(partial, answer=self._in_words(partial))

    def look_up(self, companies: Sequence[Company], metrics: Sequence[str], fiscal_years: Sequence[int]) -> FactSet:
        """Return registered metrics of covered companies, for the latest fiscal year when none is given."""
        plan = Plan("lookup", metrics=tuple(metrics), line_item=" ", years=tuple(sorted(fiscal_years)))
        references = [CompanyReference(company.cik, company.name, company.tickers) for company in companies]
        return self.facts.find(plan, references)

    def names(self, found: FactSet) -> dict[int, str]:
        """Return the names of the companies whose numbers were found or missed, by cik."""
        return {company.cik: company.name for company in self.index.catalog.companies if _concerns(found, company.cik)}

    def _planned(self, question: Question, scope: Scope) -> Plan | None:
        if not question.include_numbers:
            return None
        years = question.filters.fiscal_years
        plan = self._planner.plan(scope.topic, companies=len(scope.companies), fiscal_years=years)
        return replace(plan, obstacle=plan.obstacle or scope.period_problem) if plan else None

    def _companies_asked(self, plan: Plan | None, scope: Scope) -> Sequence[CompanyReference]:
        """The companies named; all covered for a ranking that names none, or where there is only one."""
        covered = self.index.catalog.companies
        is_of_all = plan is not None and (plan.operation == "ranking" or plan.obstacle is not None)
        if scope.companies or scope.obstacle or not (is_of_all or len(covered) == 1):
            return scope.companies
        return [CompanyReference(company.cik, company.name, company.tickers) for company in covered[:_MOST_RANKED]]

    def _with_numbers(self, partial: Result) -> Result:
        plan, found, scope = partial.plan, partial.found, partial.scope
        assert plan is not None
        numeric = answer_in_numbers(plan, found, self._passages_of(found), self.names(found))
        answer = numeric.answer
        is_explained = plan.supports_words or plan.operation in ("change", "growth")
        if is_explained and partial.question.include_passages and scope.obstacle is None:
            answer = numbers_then_words(answer, self._in_words(partial))
        return replace(partial, answer=answer, shown_at=numeric.shown_at)

    def _refusal(self, partial: Result) -> str | None:
        """Why neither numbers nor passages answer; None when passages may."""
        plan, found, scope = partial.plan, partial.found, partial.scope
        reason = missing_words(found, self.names(found))
        if plan is not None and plan.obstacle is not None:
            return plan.obstacle
        if scope.obstacle is not None:
            return " ".join([scope.obstacle, *([reason] if reason else [])])
        is_number = (
            plan is not None and not plan.supports_words and (bool(found.candidates) or self._names_metric(partial))
        )
        if is_number and reason:
            return reason
        if not partial.question.include_passages:
            return reason or _ONLY_NUMBERS
        return None

    def _names_metric(self, partial: Result) -> bool:
        """Whether a metric of the statements is asked for of companies that tag their numbers, and nothing beside it.

        What is not of the statements, such as the number of employees, may be told in words alone.
        """
        plan = partial.plan
        names = plan.metrics if plan is not None and not plan.qualifier else ()
        is_plain = any(load_metrics()[name].group != "other" for name in names)
        return is_plain and any(
            self.index.facts(company.cik).concepts or self.index.facts(company.cik).untagged
            for company in partial.scope.companies
        )

    def _passages_of(self, found: FactSet) -> dict[str, PassageRecord]:
        used = [*found.facts, *(used for calculation in found.calculations for used in calculation.inputs)]
        passages = {}
        for passage_id in dict.fromkeys(part.fact.passage_id for part in used if part.fact.passage_id):
            row = self.index.find_passage(passage_id)
            if row is not None:
                passages[passage_id] = self.index.record(row)
        return passages

    def _in_words(self, partial: Result) -> Answer:
        question, scope, timings = partial.question, partial.scope, partial.timings_ms
        with _timed(timings, "retrieval"):
            found = search(self.index, question.text, scope, max(_READ_PASSAGES, _READ_OF_EACH * len(scope.accessions)))
        with _timed(timings, "answering"):
            return self._answered(question, scope, found)

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


def _concerns(found: FactSet, cik: int) -> bool:
    ciks = {used.fact.cik for used in (*found.facts, *found.candidates)}
    ciks |= {calculation.cik for calculation in found.calculations} | {missing.cik for missing in found.missing}
    return cik in ciks


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = round((time.perf_counter() - started) * 1000, 2)
