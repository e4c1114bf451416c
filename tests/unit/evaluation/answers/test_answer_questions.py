"""Questions as FinanceBench, FinQA and one's own files write them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.answers.questions import EvidencePage, read_answer_questions, with_page_texts

PAGED = {
    "financebench_id": "financebench_id_1",
    "question": "What were sales?",
    "answer": "$5.00",
    "question_type": "metrics-generated",
    "doc_in_corpus": False,
    "evidence": [{"doc_name": "ORQN_2023_10K", "page_num": 7, "text": "Sales 5"}],
}
WITH_PROGRAM = {
    "qid": "finqa:1",
    "source": "finqa",
    "question": "what share?",
    "answer": "",
    "exe_ans": 0.25,
    "context_id": "ORQN/2009/page_6.pdf",
    "gold_facts": {"table_1": "the share is 1 of 4 ;"},
}
OWN = {
    "question": "And Zorblat's?",
    "unanswerable": True,
    "history": [{"role": "user", "content": "Orquenna's sales?"}],
}


def write(folder: Path, *rows: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def test_rows_of_each_dataset_are_read(tmp_path: Path) -> None:
    paged, with_program, own = read_answer_questions(write(tmp_path, PAGED, WITH_PROGRAM, OWN))
    assert (paged.identifier, paged.gold, paged.kind) == ("financebench_id_1", "$5.00", "metrics-generated")
    assert (paged.is_covered, paged.evidence) == (False, (EvidencePage("ORQN_2023_10K", 7, "Sales 5"),))
    assert (with_program.gold, with_program.kind, with_program.is_covered) == ("0.25", "finqa", True)
    assert with_program.evidence[0].text == "the share is 1 of 4 ;"
    assert (own.gold, own.identifier, len(own.history)) == (None, "3", 1)


def test_answer_of_several_spans_is_read_as_a_list(tmp_path: Path) -> None:
    spans = {"qid": "tatqa:1", "source": "tatqa", "question": "which years?", "answer": "['2018', '2019']"}
    (question,) = read_answer_questions(write(tmp_path, spans))
    assert question.gold == "2018; 2019"


@pytest.mark.parametrize("row", [{"question": "no answer?"}, ["a list"], {"answer": "5"}])
def test_row_that_is_no_question_is_named_by_its_line(tmp_path: Path, row: object) -> None:
    with pytest.raises(SettingsError, match="line 2"):
        read_answer_questions(write(tmp_path, OWN, row))


def test_pages_of_the_corpus_replace_excerpts(tmp_path: Path) -> None:
    corpus = tmp_path / "pages.parquet"
    rows = {"doc_name": ["ORQN_2023_10K"] * 2, "page_num": [6, 7], "page_text": ["Other", "Sales 5\nCosts 3"]}
    pl.DataFrame(rows).write_parquet(corpus)
    (question,) = with_page_texts(read_answer_questions(write(tmp_path, PAGED)), corpus)
    assert question.evidence[0].text == "Sales 5\nCosts 3"


def test_corpus_without_pages_is_refused(tmp_path: Path) -> None:
    corpus = tmp_path / "pages.parquet"
    pl.DataFrame({"text": ["a"]}).write_parquet(corpus)
    with pytest.raises(SettingsError, match="page_text"):
        with_page_texts(read_answer_questions(write(tmp_path, PAGED)), corpus)
