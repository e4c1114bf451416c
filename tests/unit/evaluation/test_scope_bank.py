"""Questions labelled without sight of how they are read: names, typos, periods, forms, traps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.scope import evaluate_scope, read_catalogs

BANK = Path(__file__).parents[3] / "benchmarks" / "questions"
QUESTIONS, CATALOGS = BANK / "scope.jsonl", BANK / "scope_catalogs.jsonl"
DIALOGUES = BANK / "dialogues.jsonl"
# Without an index every capitalised word may be a name ("Total debt"): other names are not judged here.
LEAST = {"companies": 0.99, "years": 0.99, "part": 0.99, "forms": 0.99, "items": 0.99}


def test_scope_is_read_as_labelled() -> None:
    outcome = evaluate_scope(QUESTIONS, CATALOGS, lambda word: False, lambda word: False)
    assert outcome.n == 300
    assert all(outcome.metrics[name] >= least for name, least in LEAST.items()), outcome.metrics


def test_wrong_reading_is_a_miss(tmp_path: Path) -> None:
    row = json.loads(QUESTIONS.read_text(encoding="utf-8").splitlines()[0])
    path = tmp_path / "bank.jsonl"
    path.write_text(json.dumps(row | {"companies": ["NOPE"]}), encoding="utf-8")
    outcome = evaluate_scope(path, CATALOGS, lambda word: True, lambda word: True)
    assert outcome.metrics["exact"] == 0
    assert outcome.misses[0]["id"] == row["id"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"question": "What?"}', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"other\.jsonl"):
        read_catalogs(path)
    with pytest.raises(SettingsError, match="lacks"):
        evaluate_scope(path, CATALOGS, lambda word: True, lambda word: True)


def test_dialogues_are_read_as_labelled() -> None:
    outcome = evaluate_scope(DIALOGUES, CATALOGS, lambda word: False, lambda word: False)
    assert outcome.n == 353
    assert all(outcome.metrics[name] >= least for name, least in LEAST.items() if name != "companies"), outcome.metrics
    assert outcome.metrics["companies"] >= 0.985
    assert outcome.by_type["held-out"]["exact"] >= 0.95


def test_history_decides_what_is_asked(tmp_path: Path) -> None:
    row = json.loads(DIALOGUES.read_text(encoding="utf-8").splitlines()[0])
    path = tmp_path / "bank.jsonl"
    path.write_text(json.dumps(row | {"history": []}), encoding="utf-8")
    miss: Any = evaluate_scope(path, CATALOGS, lambda word: False, lambda word: False).misses[0]
    assert miss["understood"]["companies"] == set()


def test_words_and_plan_are_judged_where_a_row_labels_them(tmp_path: Path) -> None:
    row = json.loads(QUESTIONS.read_text(encoding="utf-8").splitlines()[0])
    labels = {"words": ["sales", "africa"], "without": ["share"], "operation": "cagr", "metrics": ["goodwill"]}
    path = tmp_path / "bank.jsonl"
    path.write_text(json.dumps(row | labels), encoding="utf-8")
    miss: Any = evaluate_scope(path, CATALOGS, lambda word: True, lambda word: True).misses[0]
    understood = miss["understood"]
    assert understood["words"] == {"sales"}
    assert understood["without"] == {"share"}
    assert set(understood) == {"words", "without", "operation", "metrics"}
