"""`finrag eval retrieval`: the product's own scope, retrieval and ranking, judged on questions with known places."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finrag_ml_tg1.evaluation.report import Outcome
from finrag_ml_tg1.evaluation.retrieval.corpus_index import open_corpus
from finrag_ml_tg1.evaluation.retrieval.measures import Judged, intervals, judge, means, means_by_kind
from finrag_ml_tg1.evaluation.retrieval.questions import RetrievalQuestion, read_questions
from finrag_ml_tg1.index.reader import PassageRecord
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Filters, Question, Scope

__all__ = ["RetrievalRun", "ScopeMode", "evaluate_retrieval"]

ScopeMode = Literal["auto", "oracle", "none"]

# So many passages hold ten pages, also where one page is cut into many.
_PASSAGES = 100


@dataclass(frozen=True, slots=True)
class RetrievalRun:
    """What is measured: the questions of a dataset over its corpus, with the scope understood, given, or none."""

    dataset: str
    corpus: Path
    questions: Path
    scope: ScopeMode = "auto"
    dense: bool = True


def evaluate_retrieval(
    run: RetrievalRun, kept: Path, encoder_folder: Path, *, workers: int, tell: Callable[[str], None]
) -> Outcome:
    """Return the measures over all questions; `kept` is the folder that keeps what was read and encoded."""
    questions = read_questions(run.dataset, run.questions)
    rag = open_corpus(run.dataset, run.corpus, kept, encoder_folder, dense=run.dense, workers=workers, tell=tell)
    judged, milliseconds, misses = [], [], []
    for question in questions:
        started = time.perf_counter()
        scope, passages = _retrieved(rag, question, run)
        milliseconds.append((time.perf_counter() - started) * 1000)
        one = judge(question, passages)
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


def _retrieved(rag: FinRAG, question: RetrievalQuestion, run: RetrievalRun) -> tuple[Scope, list[PassageRecord]]:
    is_by_ticker = run.scope == "oracle" and run.dataset == "finqa" and question.tickers
    filters = Filters(tickers=question.tickers) if is_by_ticker else Filters()
    asked = Question(question.text, filters)
    if run.scope == "auto" or is_by_ticker:
        scope = rag.understand(asked)
    elif run.scope == "oracle":
        scope = Scope(rag.understand(asked).topic, accessions=tuple((name,) for name in sorted(question.filings)))
    else:
        scope = Scope(question.text)
    if scope.obstacle is not None:
        return scope, []
    return scope, rag.retrieve(asked, scope, _PASSAGES, dense=run.dense)


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
