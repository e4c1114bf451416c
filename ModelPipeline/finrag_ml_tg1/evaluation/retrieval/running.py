"""`finrag eval retrieval`: the product's own scope, retrieval and ranking, judged on questions with known places."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypedDict

import polars as pl

from finrag_ml_tg1.evaluation.report import Outcome
from finrag_ml_tg1.evaluation.retrieval.corpus_index import open_corpus
from finrag_ml_tg1.evaluation.retrieval.measures import Judged, intervals, judge, means, means_by_kind, twins_of
from finrag_ml_tg1.evaluation.retrieval.questions import RetrievalQuestion, read_questions
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import CompanyReference, Question, Scope

__all__ = ["PASSAGES", "Choices", "RetrievalRun", "ScopeMode", "evaluate_retrieval", "scope_of"]

ScopeMode = Literal["auto", "oracle", "none"]

# So many passages hold ten pages, also where one page is cut into many.
PASSAGES = 100


class Choices(TypedDict):
    """What a run is chosen by."""

    data: str
    corpus: Path
    questions: Path
    scope: ScopeMode
    dense: Literal["on", "off"]


@dataclass(frozen=True, slots=True)
class RetrievalRun:
    """What is measured: the questions of a dataset over its corpus, with the scope understood, given, or none.

    An oracle gives the right filings; where every page stands for a filing (finqa) all of the right filer.
    """

    data: str
    corpus: Path
    questions: Path
    scope: ScopeMode = "auto"
    dense: Literal["on", "off"] = "on"


def evaluate_retrieval(
    run: RetrievalRun, kept: Path, encoder_folder: Path, *, workers: int, tell: Callable[[str], None]
) -> Outcome:
    """Return the measures over all questions; `kept` is the folder that keeps what was read and encoded."""
    questions = read_questions(run.data, run.questions)
    rag = open_corpus(run.data, run.corpus, kept, encoder_folder, dense=run.dense == "on", workers=workers, tell=tell)
    twins = twins_of(rag.index.catalog)
    judged, milliseconds, misses = [], [], []
    for question in questions:
        started = time.perf_counter()
        scope = scope_of(rag, question, run)
        passages = (
            [] if scope.obstacle else rag.retrieve(Question(question.text), scope, PASSAGES, dense=run.dense == "on")
        )
        milliseconds.append((time.perf_counter() - started) * 1000)
        one = judge(question, passages, twins)
        judged.append(one)
        if one.values["hit@5"] < 1:
            misses.append(_miss(one, scope))
    times = {
        "p50_ms": round(statistics.median(milliseconds), 2),
        "p95_ms": round(sorted(milliseconds)[int(0.95 * (len(milliseconds) - 1))], 2),
    }
    return Outcome(
        n=len(judged),
        metrics={**means(judged), **times},
        misses=misses,
        ci95=intervals(judged),
        by_type=means_by_kind(judged),
        index_version=rag.index.version,
    )


def scope_of(rag: FinRAG, question: RetrievalQuestion, run: RetrievalRun) -> Scope:
    """Return the scope a question is asked within: as understood, of the right filings, or of all."""
    understood = rag.understand(Question(question.text))
    if run.scope == "oracle":
        return _of_filings(rag, understood, _known_filings(rag, question, run))
    return understood if run.scope == "auto" else Scope(question.text, asked=question.text, metrics=understood.metrics)


def _known_filings(rag: FinRAG, question: RetrievalQuestion, run: RetrievalRun) -> list[str]:
    if run.data != "finqa" or not question.tickers:
        return sorted(question.filings)
    own = rag.index.catalog.filings.filter(pl.col("tickers").list.contains(question.tickers[0]))
    return own["accession"].to_list()


def _of_filings(rag: FinRAG, understood: Scope, accessions: Sequence[str]) -> Scope:
    """The scope of a question whose filings are known."""
    ciks = {filing["cik"] for filing in map(rag.index.catalog.filing, accessions) if filing}
    companies = tuple(
        CompanyReference(company.cik, company.name, company.tickers)
        for company in rag.index.catalog.companies
        if company.cik in ciks
    )
    return replace(
        understood,
        companies=companies,
        accessions=(tuple(accessions),),
        preferences={},
        items=(),
        obstacle=None,
    )


def _miss(one: Judged, scope: Scope) -> dict[str, object]:
    question = one.question
    return {
        "id": question.identifier,
        "question": question.text,
        "kind": question.kind,
        "gold": [[place.accession, place.page_num, list(place.spans)] for place in question.gold],
        "ranked": [list(place) for place in one.ranked],
        "companies": [company.name for company in scope.companies],
        "fiscal_years": list(scope.fiscal_years),
        "notes": list(scope.notes),
        "obstacle": scope.obstacle,
    }
