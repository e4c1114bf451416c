"""`finrag eval answers` and `grader` on the command line: the agreed report, and one line for what cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from tests.local_processes import SETTINGS
from tests.sample_index import sample_store

__all__ = ["sample_store"]

QUESTION = {"question": "What were Zorblat Corporation's total assets in fiscal 2024?", "unanswerable": True}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("questions.jsonl").write_text(json.dumps(QUESTION))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments])


def report() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path("result.json").read_text())
    return read


def test_report_of_answers_names_the_command_that_gives_it_again(sample_store: Path) -> None:
    arguments = ["answers", "--questions", "questions.jsonl", "--store", str(sample_store)]
    result = run(*arguments, "--out", "result.json")
    assert result.exit_code == 0, result.output
    assert report()["command"] == f"finrag eval {' '.join(arguments)}"
    assert set(report()["metrics"]) >= {"correct", "wrong", "refused", "citations_valid", "numbers_flagged"}
    assert (report()["metrics"]["correct"], report()["dataset"]) == (1, "questions.jsonl")


@pytest.mark.parametrize("option", ["--model-key", "--judge"])
def test_model_that_is_not_set_up_is_one_line(sample_store: Path, option: str) -> None:
    result = run("answers", "--questions", "questions.jsonl", "--store", str(sample_store), option, "premium")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "FINRAG_MODEL" in result.output


def test_quotations_judge_nothing() -> None:
    result = run("answers", "--questions", "questions.jsonl", "--judge", "extractive")
    assert (result.exit_code, "name a language model" in result.output) == (2, True)


def test_server_that_is_not_there_is_one_line() -> None:
    result = run("answers", "--questions", "questions.jsonl", "--url", "http://127.0.0.1:9")
    assert (result.exit_code, result.output) == (2, "finrag: --url http://127.0.0.1:9: no server answers there\n")


def test_grader_is_reported() -> None:
    row = {
        "financebench_id": ["q1"],
        "model_answer": ["It was 5%."],
        "gold_answer": ["5%"],
        "label": ["Correct Answer"],
    }
    pl.DataFrame(row).write_parquet("graded.parquet")
    Path("questions.jsonl").write_text(json.dumps({"id": "q1", "question": "What was the margin?", "answer": "5%"}))
    result = run("grader", "--graded", "graded.parquet", "--questions", "questions.jsonl", "--out", "result.json")
    assert result.exit_code == 0, result.output
    assert report()["metrics"]["number_agreement"] == 1
