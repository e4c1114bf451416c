"""The evaluation from files to measures: a corpus is read and encoded once, and what is wrong with files is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.report import Outcome
from finrag_ml_tg1.evaluation.retrieval.running import RetrievalRun, evaluate_retrieval

Evaluate = Callable[[RetrievalRun], Outcome]

CONTEXTS = [
    (
        "PLX/2019/page_1.pdf",
        "PLX",
        2019.0,
        "the pension plan of the company\n | 2019\nservice cost | $ 12\ninterest | 7",
    ),
    ("PLX/2020/page_2.pdf", "PLX", 2020.0, "stores opened during the year\n | 2020\nstores opened | 31\nclosed | 4"),
    ("anonymous-3", None, None, "goodwill by segment in 2018\n | total\nretail segment goodwill | $ 9\nother | 1"),
]
QUESTIONS = [
    ("what was the service cost of the pension plan?", "PLX/2019/page_1.pdf", "PLX"),
    ("how many stores opened?", "PLX/2020/page_2.pdf", "PLX"),
    ("what is the goodwill of the retail segment?", "anonymous-3", None),
]


@pytest.fixture
def run(tmp_path: Path) -> RetrievalRun:
    corpus, questions = tmp_path / "contexts.parquet", tmp_path / "questions.jsonl"
    pl.DataFrame(CONTEXTS, schema=["context_id", "ticker", "year", "text"], orient="row").write_parquet(corpus)
    rows = [
        {
            "qid": f"q{number}",
            "source": "finqa",
            "standalone": True,
            "question": question,
            "context_id": context,
            "ticker": ticker,
            "answer": "1",
        }
        for number, (question, context, ticker) in enumerate(QUESTIONS)
    ]
    questions.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return RetrievalRun("finqa", corpus, questions, "none")


@pytest.fixture
def evaluate(tmp_path: Path, encoder_folder: Path) -> Evaluate:
    def evaluated(run: RetrievalRun) -> Outcome:
        return evaluate_retrieval(run, tmp_path / "kept", encoder_folder, workers=1, tell=lambda line: None)

    return evaluated


def test_right_contexts_are_found_and_reported(run: RetrievalRun, evaluate: Evaluate) -> None:
    outcome = evaluate(run)
    assert outcome.n == 3
    assert outcome.metrics["hit@1"] == 1
    assert outcome.by_type["finqa"]["n"] == 3
    assert outcome.ci95["hit@1"] == [1, 1]
    assert outcome.misses == []
    assert outcome.index_version


def test_second_run_reads_and_encodes_nothing(
    run: RetrievalRun, evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluate(run)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.vectors")}
    monkeypatch.setattr(
        "finrag_ml_tg1.evaluation.retrieval.corpus_index.build_index",
        lambda *arguments: pytest.fail("the corpus was indexed again"),
    )
    again = evaluate(run)
    assert again.index_version == first.index_version
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.vectors")} == kept


def test_oracle_knows_the_filer_and_words_alone_do(run: RetrievalRun, evaluate: Evaluate, tmp_path: Path) -> None:
    assert evaluate(replace(run, scope="oracle", dense="off")).metrics["doc@1"] == 1
    assert list((tmp_path / "kept").rglob("*.vectors")) == []


def test_other_files_are_refused(run: RetrievalRun, evaluate: Evaluate, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.parquet"
    pl.DataFrame({"other": [1]}).write_parquet(wrong)
    with pytest.raises(SettingsError, match=r"wrong\.parquet"):
        evaluate(replace(run, corpus=wrong))
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"question": "What?"}', encoding="utf-8")
    with pytest.raises(SettingsError, match="line 1"):
        evaluate(replace(run, questions=lines))
    lines.write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="no question"):
        evaluate(replace(run, questions=lines))
