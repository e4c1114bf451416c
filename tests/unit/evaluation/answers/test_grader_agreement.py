"""`finrag eval grader`: agreement with grades that people gave, over all, by kind, and by halves of the questions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.answers.agreement import evaluate_grader
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion

QUESTIONS = [
    AnswerQuestion("q1", "What was Orquenna's debt?", "$5 million"),
    AnswerQuestion("q2", "Did Orquenna's debt rise?", "Yes"),
]
GRADED = [
    ("q1", "It was $5 million.", "Correct Answer"),
    ("q1", "It was $6 million.", "Incorrect Answer"),
    ("q1", "It was $5 million.", "Incorrect Answer"),
    ("q1", "I cannot determine it.", "Incorrect Answer"),
    ("q2", "Yes, it rose.", "Correct Answer"),
    ("q2", "As an AI, I do not have access to filings.", "Refusal"),
]


def write(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    columns = ["financebench_id", "model_answer", "label"]
    frame = pl.DataFrame(rows, schema=columns, orient="row").with_columns(gold_answer=pl.lit("5"))
    frame.write_parquet(path)
    return path


def test_agreement_is_of_three_verdicts_and_of_correct_or_not(tmp_path: Path) -> None:
    outcome = evaluate_grader(write(tmp_path / "graded.parquet", GRADED), QUESTIONS, judge=None)
    metrics, by_type = outcome.metrics, outcome.by_type
    assert (metrics["agreement"], metrics["agreement_correct"]) == pytest.approx((4 / 6, 5 / 6), abs=1e-5)
    assert (metrics["number_agreement"], metrics["number_agreement_correct"]) == (0.5, 0.75)
    assert by_type["kind yes/no"]["agreement"] == 1
    assert by_type["kind number"]["wrong graded correct"] == 0.25
    assert [(miss["human"], miss["verdict"]) for miss in outcome.misses] == [("wrong", "correct"), ("wrong", "refused")]


def test_every_question_is_in_one_half(tmp_path: Path) -> None:
    by_type = evaluate_grader(write(tmp_path / "graded.parquet", GRADED), QUESTIONS, judge=None).by_type
    assert sum(by_type.get(half, {"n": 0})["n"] for half in ("half a", "half b")) == len(GRADED)


def test_answer_to_a_question_that_is_not_given_is_told(tmp_path: Path) -> None:
    graded = write(tmp_path / "graded.parquet", [("q9", "5", "Refusal")])
    with pytest.raises(SettingsError, match="q9"):
        evaluate_grader(graded, QUESTIONS, judge=None)


def test_unknown_label_is_told(tmp_path: Path) -> None:
    graded = write(tmp_path / "graded.parquet", [("q1", "5", "Fine")])
    with pytest.raises(SettingsError, match="'Fine'"):
        evaluate_grader(graded, QUESTIONS, judge=None)


def test_file_without_grades_is_told(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "graded.parquet")
    with pytest.raises(SettingsError, match="model_answer"):
        evaluate_grader(tmp_path / "graded.parquet", QUESTIONS, judge=None)
