"""FinRAG: the one object the API and the command line ask.

A question goes one way: scope and plan, numbers and passages, answer. All that is costly is loaded once, when the
object is opened.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import replace
from pathlib import Path

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.counts import is_money_for_things
from finrag_ml_tg1.answering.model_answer import ModelUse, WrittenAnswer, expected_use, unasked, write_answer
from finrag_ml_tg1.answering.models.language_model import Cancellation, LanguageModel
from finrag_ml_tg1.answering.prompts.context import Evidence, render_prompt
from finrag_ml_tg1.answering.prompts.template import load_template
from finrag_ml_tg1.events import FIRST_TOKEN, Event, Piece, Result, Sources, Stage, pieces_of
from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.from_filings import FilingsAnswerer, company_names
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.known_words import KnownWords
from finrag_ml_tg1.index.outside.engine import VectorEngine
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.reader import Index, open_index
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.retrieval.search import search
from finrag_ml_tg1.scope import CompanyReference, Question, Scope
from finrag_ml_tg1.stage_timing import milliseconds_since, timed
from finrag_ml_tg1.understanding.conversation.follow_ups import FollowUps
from finrag_ml_tg1.understanding.decisions import log_plan, log_scope
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.understanding.resolution import ScopeResolver
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["FinRAG", "Permit"]

Permit = Callable[[ModelUse], str]

_log = logging.getLogger(__name__)

_MOST_RANKED = 200
# So many companies covered, a number asked of none of them by name is told of all.
_MOST_UNNAMED = 12


class FinRAG:
    """Answers questions from one index version. Safe for use from several threads."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.words = words = KnownWords(index)
        names = MetricNames(load_metrics())
        self._resolver = ScopeResolver(index.catalog, words.appears_in_filings, names, words.is_word)
        self.follow_ups = FollowUps(index.catalog.companies, names, words.appears_in_filings, words.is_word)
        self._planner = Planner(names)
        self.facts = FactFinder(index.companies.facts)
        self._from_filings = FilingsAnswerer(index, self.facts)

    @classmethod
    def open(
        cls,
        store: ObjectStore,
        cache: FileCache,
        folder: Path,
        *,
        version: str | None = None,
        beside: FinRAG | None = None,
        engine: VectorEngine | None = None,
    ) -> FinRAG:
        """Open an index version, by default the store's current one, sharing what it can with one open `beside` it.

        `engine` is the outside engine that has the vectors, where there is one. Raises what `open_index` raises.
        """
        index = beside.index if beside is not None else None
        return cls(open_index(store, cache, folder=folder, version=version, beside=index, engine=engine))

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
        with timed(timings, "understanding"):
            question = self.follow_ups.standalone(question)
            scope = self.understand(question)
            plan = self._planned(question, scope)
        yield Stage("understanding", timings["understanding"])
        result = self._with_facts(Result(question, scope, Answer(False, "", (), 0), timings, plan))
        yield Stage("facts", timings["facts"])
        result = self._from_filings.answer(result)
        yield from (Stage(name, ms) for name, ms in timings.items() if name not in ("understanding", "facts"))
        if model is not None and result.answer.is_answered:
            yield from self._in_own_words(result, model, permit, cancellation)
            return
        yield Sources(result)
        yield from pieces_of(result.answer.markdown)
        yield result

    def _in_own_words(
        self, result: Result, model: LanguageModel, permit: Permit | None, cancellation: Cancellation | None
    ) -> Generator[Event, None, None]:
        """The answer in a model's words, from what the answer from the filings rests on."""
        timings, answer, scope = result.timings_ms, result.answer, result.scope
        names = company_names(self.index.catalog, result.found)
        evidence = Evidence(result.question.text, scope, answer.citations, result.found, result.shown_at, names)
        count = self.index.encoder.count_tokens
        rendered = render_prompt(load_template(), evidence, model.profile, count)
        expected = expected_use(model, rendered)
        _log.debug(
            "model %s: %d of %d passages in %d tokens, at most %s USD",
            model.profile.key,
            len(rendered.citations),
            len(evidence.citations),
            rendered.tokens,
            expected.cost,
        )
        reason = permit(expected) if permit else ""
        if reason:
            _log.debug("model %s is not asked: %s", model.profile.key, reason)
            result = _written(result, unasked(model, answer, reason))
            yield Sources(result)
            yield from pieces_of(result.answer.markdown)
            yield result
            return
        yield Sources(result, expected)
        writing = write_answer(
            model,
            rendered,
            evidence,
            answer,
            count,
            lambda: self._from_filings.not_found(result),
            cancellation=cancellation,
        )
        began = time.perf_counter()
        with timed(timings, "writing"):
            while True:
                try:
                    piece = next(writing)
                except StopIteration as end:
                    written = end.value
                    break
                timings.setdefault(FIRST_TOKEN, milliseconds_since(began))
                if piece:
                    yield Piece(piece)
        yield _written(result, written)

    def _with_facts(self, partial: Result) -> Result:
        """The numbers asked for; where they tell which company is meant, in its scope."""
        question, scope, plan = partial.question, partial.scope, partial.plan
        with timed(partial.timings_ms, "facts"):
            companies = self._companies_asked(plan, scope, question)
            is_named = bool(scope.companies)
            if plan and plan.obstacle is None:
                self.index.companies.open_all([company.cik for company in companies])
            found = self.facts.find(plan, companies, are_named=is_named) if plan and companies else FactSet()
            if is_money_for_things(scope.topic, found):
                _log.debug("numbers set aside: amounts of money, and things are to be counted")
                found = FactSet()
            if found.is_found and not is_named and plan and plan.qualifier:
                # The filings of the company whose part was named are searched, as if it had been named itself.
                scope = self.understand(question, meant=tuple(company_names(self.index.catalog, found)))
        return replace(partial, scope=scope, found=found)

    def understand(self, question: Question, meant: Collection[int] = ()) -> Scope:
        """Return where the answer to a question that stands alone is looked for; how it was read is said first.

        `meant` are the companies (cik) that it is about though it does not name them.
        """
        scope = self._resolver.resolve(question, meant)
        log_scope(question, meant, scope)
        read_as = (f"Read as: “{question.text}”",) if question.as_asked else ()
        return replace(scope, notes=(*read_as, *scope.notes, *self._from_filings.coverage.unread_items(scope)))

    def retrieve(self, question: Question, scope: Scope, count: int, *, dense: bool = True) -> list[PassageRecord]:
        """Return at most `count` passages within a scope, best first; without `dense` by words and place alone."""
        return search(self.index, question.text, scope, count, dense=dense)

    def _planned(self, question: Question, scope: Scope) -> Plan | None:
        if not question.include_numbers:
            return None
        years = question.filters.fiscal_years
        plan = self._planner.plan(scope.topic, companies=len(scope.companies), fiscal_years=years)
        plan = replace(plan, obstacle=plan.obstacle or scope.period_problem) if plan else None
        log_plan(plan)
        return plan

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


def _written(result: Result, written: WrittenAnswer) -> Result:
    scope = replace(result.scope, notes=(*result.scope.notes, *written.notes))
    return replace(result, scope=scope, answer=written.answer, written=written.use)
