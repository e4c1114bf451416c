"""Questions labelled without sight of how they are read: names, typos, periods, forms, traps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.scope import evaluate_scope, read_catalogs

BANK = Path(__file__).parents[3] / "benchmarks" / "questions"
QUESTIONS, CATALOGS = BANK / "scope.jsonl", BANK / "scope_catalogs.jsonl"
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
