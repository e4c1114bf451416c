"""Questions with gold answers, as JSON lines: the rows of FinanceBench, of FinQA, and of one's own files."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import SettingsError

__all__ = ["AnswerQuestion", "EvidencePage", "read_answer_questions", "with_page_texts"]


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """A page that holds the answer, and its text or the part of it that tells; page numbers begin with 0."""

    document: str
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """A question, its gold answer (None: there is none, a refusal is right), and what it is broken down by.

    `history` are the turns before it, as POST /query takes them.
    """

    identifier: str
    text: str
    gold: str | None
    kind: str = ""
    evidence: tuple[EvidencePage, ...] = ()
    is_covered: bool = True
    history: tuple[Mapping[str, str], ...] = field(default=())


def read_answer_questions(path: Path) -> list[AnswerQuestion]:
    """Return the questions of a JSON lines file; SettingsError names the line that is none."""
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            if line.strip():
                questions.append(_question(json.loads(line), number))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{path.name}, line {number}: no question with an answer, or `unanswerable` ({error!r})"
            ) from error
    if not questions:
        raise SettingsError(f"{path.name}: holds no question")
    return questions


def _question(row: Mapping[str, Any], number: int) -> AnswerQuestion:
    answer = None if row.get("unanswerable") else _as_text(row["answer"])
    if answer == "" and row.get("exe_ans") not in (None, ""):
        # FinQA leaves the printed answer out of some rows; what its program gives is always there.
        answer = row["exe_ans"]
    identifier = row.get("financebench_id") or row.get("qid") or row.get("id") or str(number)
    return AnswerQuestion(
        str(identifier),
        row["question"],
        None if answer is None else str(answer),
        row.get("question_type") or row.get("source") or "",
        tuple(_evidence(row)),
        bool(row.get("doc_in_corpus", True)),
        tuple(row.get("history") or ()),
    )


def _as_text(answer: object) -> object:
    """TAT-QA's answers of several spans are lists, written as such."""
    if isinstance(answer, str) and answer.startswith("[") and answer.endswith("]"):
        try:
            answer = ast.literal_eval(answer)
        except (SyntaxError, ValueError):
            return answer
    return "; ".join(map(str, answer)) if isinstance(answer, list) else answer


def _evidence(row: Mapping[str, Any]) -> Sequence[EvidencePage]:
    if "gold_facts" in row:
        return [EvidencePage(row["context_id"], None, text) for text in row["gold_facts"].values()]
    return [
        EvidencePage(page.get("doc_name", ""), page.get("page_num"), page.get("text") or "")
        for page in row.get("evidence") or ()
    ]


def with_page_texts(questions: Sequence[AnswerQuestion], corpus: Path) -> list[AnswerQuestion]:
    """Return the questions with the whole text of every page that holds an answer, where the corpus has the page.

    `corpus` is a Parquet file with doc_name, page_num and page_text; SettingsError when it has not these columns.
    """
    try:
        pages = pl.read_parquet(corpus, columns=["doc_name", "page_num", "page_text"])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SettingsError(f"--corpus {corpus}: no pages with doc_name, page_num and page_text ({error})") from error
    names = {page.document for question in questions for page in question.evidence}
    texts = {
        (name, number): text for name, number, text in pages.filter(pl.col("doc_name").is_in(list(names))).iter_rows()
    }
    return [_with_texts(question, texts) for question in questions]


def _with_texts(question: AnswerQuestion, texts: Mapping[tuple[str, int | None], str]) -> AnswerQuestion:
    evidence = tuple(
        EvidencePage(page.document, page.page, texts.get((page.document, page.page), page.text))
        for page in question.evidence
    )
    return replace(question, evidence=evidence)
