"""The bank that abstention is calibrated and measured on is large enough, and split as it says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

BANK = Path(__file__).parents[3] / "benchmarks" / "questions" / "abstention.jsonl"
ROWS = [json.loads(line) for line in BANK.read_text(encoding="utf-8").splitlines()]


def test_both_kinds_have_at_least_150_questions() -> None:
    unanswerable = sum(row["unanswerable"] for row in ROWS)
    assert unanswerable >= 150
    assert len(ROWS) - unanswerable >= 150


def test_no_question_is_there_twice() -> None:
    assert len({row["question"] for row in ROWS}) == len(ROWS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_halves_are_by_the_hash_of_the_question() -> None:
    for row in ROWS:
        is_dev = hashlib.sha256(row["question"].encode()).digest()[0] % 2
        assert row["split"] == ("dev" if is_dev else "held-out")


def test_every_row_says_why() -> None:
    assert all(row["why"] and row["answer"] is None for row in ROWS)
