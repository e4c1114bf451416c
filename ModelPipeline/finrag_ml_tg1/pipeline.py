"""FinRAG: the one object the API and the command line ask.

A question goes one way: scope and plan, numbers and passages, answer. All that is costly is loaded once, when the
object is opened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.answer_kinds import asks_for_business
from finrag_ml_tg1.answering.combined import numbers_then_words
from finrag_ml_tg1.answering.coverage_words import CoverageWords
from finrag_ml_tg1.answering.extractive import Found, answer_extractively
from finrag_ml_tg1.answering.left_out import left_out_sentences
from finrag_ml_tg1.answering.metric_words import asks_beside_metrics, row_names
from finrag_ml_tg1.answering.model_answer import ModelUse, WrittenAnswer, expected_use, unasked, write_answer
from finrag_ml_tg1.answering.models.language_model import Cancellation, LanguageModel
from finrag_ml_tg1.answering.near_questions import NearQuestions
from finrag_ml_tg1.answering.numeric import answer_in_numbers, missing_words
from finrag_ml_tg1.answering.prompts.context import Evidence, render_prompt
from finrag_ml_tg1.answering.prompts.template import load_template
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.events import FIRST_TOKEN, Event, Piece, Result, Sources, Stage
from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.reader import FileCache, Index, PassageRecord, open_index
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.retrieval.search import search
from finrag_ml_tg1.scope import CompanyReference, Question, Scope
from finrag_ml_tg1.understanding.conversation.follow_ups import FollowUps
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.understanding.resolution import ScopeResolver, describe_coverage
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["FinRAG", "Permit", "paragraphs"]

Permit = Callable[[ModelUse], str]

DEFAULT_TOP_K = 10

_READ_PASSAGES = 50
_READ_OF_EACH = 12
_MOST_RANKED = 200
_READ_OF_OPENING = 4
_MOST_DESCRIBED = 4
# So many companies covered, a number asked of none of them by name is told of all.
_MOST_UNNAMED = 12

_ONLY_NUMBERS = (
    "Only tagged numbers were asked for, and the question names none: ask for passages as well (include_rag)."
)
_NO_COMPANY = "No company is named: name one that is covered."
_NOT_IN_FILINGS = "Not in the filings."
_NOT_TAGGED = "No tagged number answers this. The filings say:"


class FinRAG:
    """Answers questions from one index version. Safe for use from several threads."""

    def __init__(self, index: Index) -> None:
        self.index = index
        names = MetricNames(load_metrics())
        self._resolver = ScopeResolver(index.catalog, self.appears_in_filings, names, self.is_word)
        self.follow_ups = FollowUps(index.catalog.companies, names, self.appears_in_filings, self.is_word)
        self._planner = Planner(names)
        self._coverage = CoverageWords(index.catalog)
        self.facts = FactFinder(index.facts)
        self._near = NearQuestions(index.catalog, index.encoder, self._knows)

    @classmethod
    def open(cls, store: ObjectStore, cache: FileCache, folder: Path) -> FinRAG:
        """Open the store's current index; raises IndexMissingError or IndexCorruptError."""
        return cls(open_index(store, cache, folder=folder))

    def ask(self, question: Question, model: LanguageModel | None = None) -> Result:
        """Return the answer, or an abstention that says why and what is covered."""
        *_, last = self.stream(question, model)
        assert isinstance(last, Result)
        return last

    def stream(
        self,
        question: Question,
        model: LanguageModel | None = None,
        permit: Permit | None = None,
        cancellation: Cancellation | None = None,
    ) -> Generator[Event, None, None]:
        """Yield what happens on the way to the answer, and the `Result` last.

        Without a model the filings are quoted. One is asked only when they hold an answer, and that is what is given
        when it fails. `permit` is told what the model is thought to use, and says why it may not be asked ("": it may).
        Closing the generator ends it all; a `cancellation` ends, from another thread, a model that writes or is waited
        for.
        """
        timings: dict[str, float] = {}
        with _timed(timings, "understanding"):
            question = self.follow_ups.standalone(question)
            scope = self.understand(question)
            plan = self._planned(question, scope)
        yield Stage("understanding", timings["understanding"])
        result = self._with_facts(Result(question, scope, _abstention("", 0), timings, plan))
        yield Stage("facts", timings["facts"])
        result = self._from_filings(result)
        yield from (Stage(name, ms) for name, ms in timings.items() if name not in ("understanding", "facts"))
        if model is not None and result.answer.is_answered:
            yield from self._in_own_words(result, model, permit, cancellation)
            return
        yield Sources(result)
        yield from (Piece(part) for part in paragraphs(result.answer.markdown))
        yield result

    def _in_own_words(
        self, result: Result, model: LanguageModel, permit: Permit | None, cancellation: Cancellation | None
    ) -> Generator[Event, None, None]:
        """The answer in a model's words, from what the answer from the filings rests on."""
        timings, answer, scope = result.timings_ms, result.answer, result.scope
        names = self.names(result.found)
        evidence = Evidence(result.question.text, scope, answer.citations, result.found, result.shown_at, names)
        count = self.index.encoder.count_tokens
        rendered = render_prompt(load_template(), evidence, model.profile, count)
        expected = expected_use(model, rendered)
        reason = permit(expected) if permit else ""
        if reason:
            result = _written(result, unasked(model, answer, reason))
            yield Sources(result)
            yield from (Piece(part) for part in paragraphs(result.answer.markdown))
            yield result
            return
        yield Sources(result, expected)
        writing = write_answer(
            model,
            rendered,
            evidence,
            answer,
            count,
            lambda: self._with_near_questions(self._nothing_found(scope), result),
            cancellation=cancellation,
        )
        began = time.perf_counter()
        with _timed(timings, "writing"):
            while True:
                try:
                    piece = next(writing)
                except StopIteration as end:
                    written = end.value
                    break
                timings.setdefault(FIRST_TOKEN, _milliseconds(began))
                if piece:
                    yield Piece(piece)
        yield _written(result, written)

    def _with_facts(self, partial: Result) -> Result:
        """The numbers asked for; where they tell which company is meant, in its scope."""
        question, scope, plan = partial.question, partial.scope, partial.plan
        with _timed(partial.timings_ms, "facts"):
            companies = self._companies_asked(plan, scope, question)
            is_named = bool(scope.companies)
            found = self.facts.find(plan, companies, are_named=is_named) if plan and companies else FactSet()
            if found.is_found and not is_named and plan and plan.qualifier:
                # The filings of the company whose part was named are searched, as if it had been named itself.
                scope = self.understand(question, meant=tuple(self.names(found)))
        return replace(partial, scope=scope, found=found)

    def _from_filings(self, partial: Result) -> Result:
        """The answer in numbers and quotations, or why there is none."""
        if partial.found.is_found:
            return self._with_numbers(partial)
        refusal = self._refusal(partial)
        answer = self._words_without_number(partial) if refusal is None else _abstention(refusal, 0)
        if answer.is_answered:
            return replace(partial, answer=answer)
        return replace(partial, answer=replace(answer, markdown=self._with_near_questions(answer.markdown, partial)))

    def understand(self, question: Question, meant: Collection[int] = ()) -> Scope:
        """Return where the answer to a question that stands alone is looked for; how it was read is said first.

        `meant` are the companies (cik) that it is about though it does not name them.
        """
        scope = self._resolver.resolve(question, meant)
        read_as = (f"Read as: “{question.text}”",) if question.as_asked else ()
        return replace(scope, notes=(*read_as, *scope.notes, *self._coverage.unread_items(scope)))

    def retrieve(self, question: Question, scope: Scope, count: int, *, dense: bool = True) -> list[PassageRecord]:
        """Return at most `count` passages within a scope, best first; without `dense` by words and place alone."""
        return search(self.index, question.text, scope, count, dense=dense)

    def look_up(self, companies: Sequence[Company], metrics: Sequence[str], fiscal_years: Sequence[int]) -> FactSet:
        """Return registered metrics of covered companies, for the latest fiscal year when none is given."""
        plan = Plan("lookup", metrics=tuple(metrics), line_item=" ", years=tuple(sorted(fiscal_years)))
        references = [CompanyReference(company.cik, company.name, company.tickers) for company in companies]
        return self.facts.find(plan, references)

    def names(self, found: FactSet) -> dict[int, str]:
        """Return the names of the companies whose numbers were found or missed, by cik."""
        concerned = _ciks(found)
        return {company.cik: company.name for company in self.index.catalog.companies if company.cik in concerned}

    def _planned(self, question: Question, scope: Scope) -> Plan | None:
        if not question.include_numbers:
            return None
        years = question.filters.fiscal_years
        plan = self._planner.plan(scope.topic, companies=len(scope.companies), fiscal_years=years)
        return replace(plan, obstacle=plan.obstacle or scope.period_problem) if plan else None

    def _companies_asked(self, plan: Plan | None, scope: Scope, question: Question) -> Sequence[CompanyReference]:
        """The companies named; without any, all covered, where their numbers can tell which is meant or be ranked.

        What reads as the name of a company may be the name of a product: "AWS revenue".
        """
        is_part = plan is not None and bool(plan.metrics and plan.qualifier) and not plan.formula
        names_part = is_part and not question.filters.tickers
        if plan is None or scope.companies or (scope.obstacle and not names_part):
            return scope.companies
        covered = self.index.catalog.companies
        is_of_all = plan.operation == "ranking" or plan.obstacle is not None or names_part
        is_unnamed = bool(plan.metrics) and not plan.qualifier
        if not (is_of_all or len(covered) <= (_MOST_UNNAMED if is_unnamed else 1)):
            return ()
        return [CompanyReference(company.cik, company.name, company.tickers) for company in covered[:_MOST_RANKED]]

    def _with_numbers(self, partial: Result) -> Result:
        plan, found, scope = partial.plan, partial.found, partial.scope
        assert plan is not None
        doubts = self._coverage.doubts(used.fact for used in found.facts)
        found = replace(found, notes=tuple(dict.fromkeys((*found.notes, *doubts))))
        numeric = answer_in_numbers(plan, found, self._passages_of(found), self.names(found))
        left_out = "\n\n".join(left_out_sentences(plan.operation, scope, found))
        answer = replace(
            numeric.answer,
            markdown=_joined(numeric.answer.markdown, left_out),
            appendix=_joined(numeric.answer.appendix, left_out),
        )
        is_explained = plan.supports_words or plan.operation in ("change", "growth")
        if is_explained and partial.question.include_passages and scope.obstacle is None:
            answer = numbers_then_words(answer, self._in_words(partial))
        return replace(partial, answer=answer, shown_at=numeric.shown_at)

    def _refusal(self, partial: Result) -> str | None:
        """Why neither numbers nor passages answer; None when passages may."""
        plan, found, scope = partial.plan, partial.found, partial.scope
        reason = missing_words(found, self.names(found))
        asks_more = self._asks_more_than_numbers(scope)
        if plan is not None and plan.obstacle is not None and not asks_more:
            return plan.obstacle
        if scope.obstacle is not None:
            return " ".join([scope.obstacle, *([reason] if reason and scope.companies else [])])
        is_number = plan is not None and not plan.supports_words
        if is_number and not scope.companies and self._names_statement_metric(partial):
            # Passages of other companies would answer, and not the question.
            return f"{reason or _NO_COMPANY} {describe_coverage(self.index.catalog)}"
        if is_number and reason and not asks_more and (found.candidates or self._names_metric(partial)):
            return reason
        if not partial.question.include_passages:
            return reason or _ONLY_NUMBERS
        return None

    def _asks_more_than_numbers(self, scope: Scope) -> bool:
        return asks_beside_metrics(read_topic(scope.asked or scope.topic, self.index.corpus), scope.metrics)

    def _names_metric(self, partial: Result) -> bool:
        """Whether a metric of the statements, and nothing beside it, is asked of companies whose numbers are known."""
        plan = partial.plan
        is_plain = plan is not None and not plan.qualifier and self._names_statement_metric(partial)
        return is_plain and any(
            self.index.facts(company.cik).concepts or self.index.facts(company.cik).untagged
            for company in partial.scope.companies
        )

    def _names_statement_metric(self, partial: Result) -> bool:
        """Whether a metric is asked for that only numbers tell; the number of employees may be told in words alone."""
        names = partial.plan.metrics if partial.plan is not None else ()
        return any(load_metrics()[name].group != "other" for name in names)

    def _passages_of(self, found: FactSet) -> dict[str, PassageRecord]:
        used = [*found.facts, *(used for calculation in found.calculations for used in calculation.inputs)]
        passages = {}
        for passage_id in dict.fromkeys(part.fact.passage_id for part in used if part.fact.passage_id):
            row = self.index.find_passage(passage_id)
            if row is not None:
                passages[passage_id] = self.index.record(row)
        return passages

    def _words_without_number(self, partial: Result) -> Answer:
        """What the passages say; of a number asked for that is not tagged it is said first that it is not."""
        answer = self._in_words(partial)
        plan = partial.plan
        is_part_asked = plan is not None and bool(plan.metrics and plan.qualifier) and not plan.supports_words
        if answer.is_answered and is_part_asked and partial.found.missing:
            return replace(answer, markdown=f"{_NOT_TAGGED}\n\n{answer.markdown}")
        return answer

    def _in_words(self, partial: Result) -> Answer:
        question, scope, timings = partial.question, partial.scope, partial.timings_ms
        with _timed(timings, "retrieval"):
            found = self.retrieve(question, scope, max(_READ_PASSAGES, _READ_OF_EACH * len(scope.accessions)))
        with _timed(timings, "answering"):
            return self._answered(question, scope, found, are_numbers_shown=partial.found.is_found)

    def _answered(
        self, question: Question, scope: Scope, passages: list[PassageRecord], *, are_numbers_shown: bool
    ) -> Answer:
        topic = read_topic(scope.asked or scope.topic, self.index.corpus)
        if not are_numbers_shown:
            topic = replace(topic, rows=row_names(topic, scope.metrics))
        several = len(scope.accessions) > 1 or not scope.companies
        openings = self._openings(scope) if asks_for_business(topic.text) else []
        passages = [*openings, *(passage for passage in passages if passage not in openings)]
        asked = self.index.encoder.encode([topic.text])[0]
        answer = answer_extractively(
            topic,
            Found(asked, passages, self.index.likeness(asked, passages), openings=len(openings)),
            self.index.encoder,
            several=several,
            names_company=bool(scope.companies),
            max_citations=question.top_k or DEFAULT_TOP_K,
        )
        if answer.is_answered:
            silent = "\n\n".join(self._coverage.silent_filings(scope, answer))
            return replace(answer, markdown=_joined(answer.markdown, silent), appendix=silent)
        return replace(answer, markdown=self._nothing_found(scope))

    def _openings(self, scope: Scope) -> list[PassageRecord]:
        """Where the annual reports in scope begin to describe the business."""
        asked = (group[0] for group in scope.accessions[:_MOST_DESCRIBED])
        return [passage for name in asked for passage in self.index.opening(name, "1", _READ_OF_OPENING)]

    def _with_near_questions(self, markdown: str, partial: Result) -> str:
        """An abstention with questions that are answered."""
        offered = "\n".join(f"- {near}" for near in self._near.offer(partial.question.text, partial.scope))
        return _joined(markdown, f"You could ask:\n\n{offered}" if offered else "")

    def _knows(self, company: Company, metric: str, fiscal_year: int) -> bool:
        return self.look_up([company], [metric], [fiscal_year]).is_found

    def _nothing_found(self, scope: Scope) -> str:
        return f"{_NOT_IN_FILINGS} {self._coverage.nothing_found(scope)}"

    def is_word(self, word: str) -> bool:
        """Return whether a word is of the language: the encoder's vocabulary has the common ones whole."""
        return self.index.encoder.count_tokens(word) == 1

    def appears_in_filings(self, word: str) -> bool:
        """Return whether any passage holds a word; of one that every filing uses it is taken for granted."""
        terms = split_terms(word)
        return not terms or any(self.index.corpus.document_frequency(term) > 0 for term in terms)


def _abstention(reason: str, context_length: int) -> Answer:
    return Answer(False, f"{_NOT_IN_FILINGS} {reason}", (), context_length)


def _ciks(found: FactSet) -> set[int]:
    ciks = {used.fact.cik for used in (*found.facts, *found.candidates)}
    return ciks | {calculation.cik for calculation in found.calculations} | {missing.cik for missing in found.missing}


def _written(result: Result, written: WrittenAnswer) -> Result:
    scope = replace(result.scope, notes=(*result.scope.notes, *written.notes))
    return replace(result, scope=scope, answer=written.answer, written=written.use)


def _joined(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def paragraphs(markdown: str) -> Iterator[str]:
    """Yield the Markdown in pieces that can be shown one after the other; together they are all of it."""
    first, *others = markdown.split("\n\n")
    yield first
    yield from (f"\n\n{other}" for other in others)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = _milliseconds(started)


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
