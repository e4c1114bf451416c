"""`finrag eval derived-metrics` and `finrag eval programs` on made-up material whose results are known."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from tests.local_processes import SETTINGS
from tests.sample_index import SAMPLES, ground_truth

TICKER = "TDRY"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(encoder_folder.parents[1]))
    monkeypatch.chdir(tmp_path)


def evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments, "--out", "result.json"])


def report_of(*arguments: str) -> dict[str, Any]:
    result = evaluate(*arguments)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(Path("result.json").read_text())
    return report


def sample_folder(tmp_path: Path) -> Path:
    """The filings of one sample company, and their numbers as the generator of the samples knows them."""
    folder = tmp_path / "filings"
    folder.mkdir()
    rows = []
    for filing in ground_truth():
        if filing["ticker"] != TICKER:
            continue
        shutil.copy(SAMPLES / filing["file"], folder)
        for concept, told in filing["values"].items():
            rows.append(
                {
                    "file": filing["file"],
                    "form": "10-K",
                    "cik": int(filing["cik"]),
                    "fiscal_year": float(filing["fiscal_year"]),
                    "concept": concept,
                    "start": told["period_start"],
                    "end": told["period_end"],
                    "dims": "",
                    "unit": told["unit"],
                    "value": float(told["value"]),
                    "decimals": "-3",
                }
            )
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "ixbrl_facts.parquet")
    return folder


def test_derived_metrics_of_the_samples_are_what_their_generator_makes_them(tmp_path: Path) -> None:
    folder = sample_folder(tmp_path)
    report = report_of("derived-metrics", "--filings", str(folder))
    metrics = report["metrics"]
    assert report["command"] == f"finrag eval derived-metrics --filings {folder}"
    assert metrics["equal_count"] >= 150
    assert (metrics["different"], metrics["only_by_hand"], metrics["metrics_without_formula_by_hand"]) == (0, 0, 0)
    # The truth holds no covers, and each filing's own year alone: years before the first are told by the filings only.
    assert {miss["metric"] for miss in report["misses"] if miss["fiscal_year"] == 2024} == {"book_value_per_share"}


def test_number_that_the_reference_gives_otherwise_is_told_with_both_values(tmp_path: Path) -> None:
    folder = sample_folder(tmp_path)
    path = folder / "ixbrl_facts.parquet"
    table = pl.read_parquet(path)
    is_cash = pl.col("concept") == "us-gaap:NetCashProvidedByUsedInOperatingActivities"
    doubled = pl.when(is_cash & (pl.col("fiscal_year") == 2024)).then(pl.col("value") * 2).otherwise(pl.col("value"))
    table.with_columns(doubled.alias("value")).write_parquet(path)
    misses = {
        (miss["metric"], miss["fiscal_year"]): miss
        for miss in report_of("derived-metrics", "--filings", str(folder))["misses"]
        if miss["verdict"] == "different"
    }
    miss = misses["free_cash_flow", 2024]
    assert miss["by_hand"] > miss["by_product"]
    assert "us-gaap:NetCashProvidedByUsedInOperatingActivities" in miss["product_says"]
    assert ("gross_margin", 2024) not in misses


def write_programs(tmp_path: Path) -> tuple[Path, Path]:
    base = {"context_id": "page", "source": "finqa", "question": "what is the rate?"}
    rows = [
        base | {"qid": "a", "program": "divide(subtract(660, 600), 600)", "exe_ans": 0.1},
        base | {"qid": "b", "program": "greater(660, 600)", "exe_ans": "yes"},
        base | {"qid": "c", "program": "divide(660, 601)", "exe_ans": 1.09817},
        base | {"qid": "d", "program": "divide(600, 660)", "exe_ans": 0.92},
        base | {"qid": "e", "program": "table_average(sales, none)", "exe_ans": 630.0},
        base
        | {"qid": "f", "source": "convfinqa", "turns": ["and before?", "so?"], "program": "660"}
        | {"turn_programs": ["660", "subtract(660, 600), divide(#0, 600)"], "executed": [660.0, 0.1]},
        base
        | {"qid": "g", "source": "tatqa", "derivation": "(660-600)/600", "answer": 10, "scale": "percent"}
        | {"answer_type": "arithmetic"},
        base | {"qid": "h", "source": "tatqa", "derivation": "", "answer": ["sales"], "answer_type": "span"},
    ]
    questions, contexts = tmp_path / "questions.jsonl", tmp_path / "contexts.parquet"
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = {"context_id": "page", "text": "Sales are shown.", "table_json": json.dumps([["sales", "$ 660", 600]])}
    pl.DataFrame([page]).write_parquet(contexts)
    return questions, contexts


def test_programs_are_carried_out_and_counted(tmp_path: Path) -> None:
    questions, contexts = write_programs(tmp_path)
    report = report_of("programs", "--questions", str(questions), "--contexts", str(contexts))
    assert report["n"] == 8
    metrics = report["metrics"]
    assert (metrics["eligible"], metrics["reproduced"]) == (7, round(6 / 7, 6))
    assert (metrics["other_result"], metrics["not_printed"], metrics["unreadable"]) == (1, 1, 0)
    verdicts = {miss["question"]: (miss["verdict"], miss["reason"]) for miss in report["misses"]}
    assert verdicts["c"] == ("not printed", "601")
    assert verdicts["d"][0] == "other result"
    assert report["by_type"]["convfinqa"]["n"] == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [("{", "line 1"), ('{"qid": "a", "context_id": "elsewhere"}', "elsewhere"), ('{"context_id": "page"}', "qid")],
)
def test_questions_that_are_not_as_agreed_are_told_in_one_line(tmp_path: Path, line: str, words: str) -> None:
    questions, contexts = write_programs(tmp_path)
    questions.write_text(line + "\n")
    result = evaluate("programs", "--questions", str(questions), "--contexts", str(contexts))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
