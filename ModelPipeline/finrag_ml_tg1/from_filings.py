"""An answer from the filings alone: numbers with their trace, quotations, or why there is neither.

It comes before any model is asked, and stands when one fails.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import partial as applied

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.answer_kinds import asks_for_amount, asks_for_business
from finrag_ml_tg1.answering.combined import numbers_then_words
from finrag_ml_tg1.answering.coverage_words import CoverageWords
from finrag_ml_tg1.answering.extractive import Found, answer_extractively
from finrag_ml_tg1.answering.left_out import left_out_sentences
from finrag_ml_tg1.answering.metric_words import asks_beside_metrics, row_names
from finrag_ml_tg1.answering.near_questions import NearQuestions
from finrag_ml_tg1.answering.numeric import answer_in_numbers, missing_words
from finrag_ml_tg1.answering.topic import read_topic
from finrag_ml_tg1.events import Result
from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.retrieval.search import Gathered, gather, rank
from finrag_ml_tg1.scope import Question, Scope
from finrag_ml_tg1.stage_timing import timed
from finrag_ml_tg1.understanding.resolution import describe_coverage
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["FilingsAnswerer", "company_names"]

DEFAULT_TOP_K = 10

_log = logging.getLogger(__name__)

_READ_PASSAGES = 50
_READ_OF_EACH = 12
_READ_OF_OPENING = 4
_MOST_DESCRIBED = 4

_ONLY_NUMBERS = (
    "Only tagged numbers were asked for, and the question names none: ask for passages as well (include_rag)."
)
_AMOUNT = re.compile(r"\bwhat (?:is|was|were)\b", re.IGNORECASE)
_NO_COMPANY = "No company is named: name one that is covered."
_NOT_IN_FILINGS = "Not in the filings."
_NOT_TAGGED = "No tagged number answers this. The filings say:"


class FilingsAnswerer:
    """Answers from one index version; `coverage` says what its filings hold. Safe for use from several threads."""

    def __init__(self, index: Index, facts: FactFinder) -> None:
        self._index = index
        self._facts = facts
        self.coverage = CoverageWords(index.catalog)
        self._near = NearQuestions(
            index.catalog,
            index.encoder,
            lambda company, metric, year: facts.look_up([company], [metric], [year]).is_found,
        )

    def answer(self, partial: Result) -> Result:
        """Return a question's result with its answer in numbers and quotations, or why there is none."""
        if partial.found.is_found:
            result = self._with_numbers(partial)
            _log_answer("in numbers", result.answer)
            return result
        refusal = self._refusal(partial)
        answer = self._words_without_number(partial) if refusal is None else _unanswered(refusal)
        _log_answer("in words" if refusal is None else "without a search", answer)
        if not answer.is_answered:
            answer = replace(answer, markdown=self._with_near_questions(answer.markdown, partial))
        return replace(partial, answer=answer)

    def not_found(self, partial: Result) -> str:
        """Return the words of an abstention: what was searched in vain, and what can be asked instead."""
        return self._with_near_questions(self._nothing_found(partial.scope), partial)

    def _with_numbers(self, partial: Result) -> Result:
        plan, found, scope = partial.plan, partial.found, partial.scope
        assert plan is not None
        doubts = self.coverage.doubts(used.fact for used in found.facts)
        found = replace(found, notes=tuple(dict.fromkeys((*found.notes, *doubts))))
        numeric = answer_in_numbers(plan, found, self._passages_of(found), company_names(self._index.catalog, found))
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
        reason = missing_words(found, company_names(self._index.catalog, found))
        asks_more = self._asks_more_than_numbers(scope)
        if plan is not None and plan.obstacle is not None and not asks_more:
            _log.debug("abstains: no number can answer what is asked")
            return plan.obstacle
        if scope.obstacle is not None:
            _log.debug("abstains: no filing that is covered is in scope")
            return " ".join([scope.obstacle, *([reason] if reason and scope.companies else [])])
        is_number = plan is not None and not plan.supports_words
        if is_number and not scope.companies and self._names_statement_metric(partial):
            # Passages of other companies would answer, and not the question.
            _log.debug("abstains: a number is asked for, and no company is named")
            return f"{reason or _NO_COMPANY} {describe_coverage(self._index.catalog)}"
        if is_number and reason and not asks_more and (found.candidates or self._names_metric(partial)):
            _log.debug("abstains: the number is missing, or several lines could be meant")
            return reason
        if not partial.question.include_passages:
            _log.debug("abstains: no passages are wanted, and there is no number")
            return reason or _ONLY_NUMBERS
        return None

    def _asks_more_than_numbers(self, scope: Scope) -> bool:
        return asks_beside_metrics(read_topic(scope.asked or scope.topic, self._index.corpus), scope.metrics)

    def _names_metric(self, partial: Result) -> bool:
        """Whether a metric of the statements, and nothing beside it, is asked of companies whose numbers are known."""
        plan = partial.plan
        is_plain = plan is not None and not plan.qualifier and self._names_statement_metric(partial)
        return is_plain and any(
            self._index.companies.facts(company.cik).concepts or self._index.companies.facts(company.cik).untagged
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
            row = self._index.find_passage(passage_id)
            if row is not None:
                passages[passage_id] = self._index.record(row)
        return passages

    def _words_without_number(self, partial: Result) -> Answer:
        """What the passages say; of a number asked for that is not tagged it is said first that it is not."""
        answer = self._in_words(partial)
        plan = partial.plan
        names_part = plan is not None and bool(plan.metrics and plan.qualifier) and not plan.supports_words
        is_asked = names_part and (asks_for_amount(partial.scope.topic) or bool(_AMOUNT.search(partial.scope.topic)))
        if answer.is_answered and is_asked and partial.found.missing:
            return replace(answer, markdown=f"{_NOT_TAGGED}\n\n{answer.markdown}")
        return answer

    def _in_words(self, partial: Result) -> Answer:
        question, scope, timings = partial.question, partial.scope, partial.timings_ms
        with timed(timings, "retrieval"):
            gathered = gather(self._index, question.text, scope)
            count = max(_READ_PASSAGES, _READ_OF_EACH * len(scope.accessions))
            found = rank(self._index, gathered, scope, gathered.weights, count)
        with timed(timings, "answering"):
            return self._answered(question, scope, gathered, found, are_numbers_shown=partial.found.is_found)

    def _answered(
        self,
        question: Question,
        scope: Scope,
        gathered: Gathered,
        passages: list[PassageRecord],
        *,
        are_numbers_shown: bool,
    ) -> Answer:
        topic = read_topic(scope.asked or scope.topic, self._index.corpus)
        if not are_numbers_shown:
            topic = replace(topic, rows=row_names(topic, scope.metrics))
        several = len(scope.accessions) > 1 or not scope.companies
        openings = self._openings(scope) if asks_for_business(topic.text) else []
        passages = [*openings, *(passage for passage in passages if passage not in openings)]
        asked = gathered.query
        if asked is None or gathered.focus.text != topic.text:
            asked = self._index.encoder.encode([topic.text])[0]
        answer = answer_extractively(
            topic,
            Found(
                asked,
                passages,
                self._index.likeness(asked, passages),
                openings=len(openings),
                known_likeness=applied(self._index.sentence_likeness, asked),
            ),
            self._index.encoder,
            several=several,
            names_company=bool(scope.companies),
            max_citations=question.top_k or DEFAULT_TOP_K,
        )
        if answer.is_answered:
            silent = "\n\n".join(self.coverage.silent_filings(scope, answer))
            return replace(answer, markdown=_joined(answer.markdown, silent), appendix=silent)
        return replace(answer, markdown=self._nothing_found(scope))

    def _openings(self, scope: Scope) -> list[PassageRecord]:
        """Where the annual reports in scope begin to describe the business."""
        asked = (group[0] for group in scope.accessions[:_MOST_DESCRIBED])
        return [passage for name in asked for passage in self._index.opening(name, "1", _READ_OF_OPENING)]

    def _with_near_questions(self, markdown: str, partial: Result) -> str:
        """An abstention with questions that are answered."""
        offered = "\n".join(f"- {near}" for near in self._near.offer(partial.question.text, partial.scope))
        return _joined(markdown, f"You could ask:\n\n{offered}" if offered else "")

    def _nothing_found(self, scope: Scope) -> str:
        return f"{_NOT_IN_FILINGS} {self.coverage.nothing_found(scope)}"


def _log_answer(how: str, answer: Answer) -> None:
    cited = sum(citation.is_cited for citation in answer.citations)
    _log.debug("%s %s: %d passages cited", "answered" if answer.is_answered else "unanswered", how, cited)


def _unanswered(reason: str) -> Answer:
    return Answer(False, f"{_NOT_IN_FILINGS} {reason}", (), 0)


def company_names(catalog: Catalog, found: FactSet) -> dict[int, str]:
    """Return the names of the companies whose numbers were found or missed, by cik."""
    ciks = {used.fact.cik for used in (*found.facts, *found.candidates)}
    ciks |= {calculation.cik for calculation in found.calculations} | {missing.cik for missing in found.missing}
    return {company.cik: company.name for company in catalog.companies if company.cik in ciks}


def _joined(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)
