"""`finrag eval facts` on the sample filings: every verdict is counted, and right is what their generator says."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.facts import evaluate_facts
from finrag_ml_tg1.evaluation.question_bank import each_absent, make_bank, read_bank
from tests.sample_index import SAMPLES, ground_truth

FILING = next(part for part in ground_truth() if part["ticker"] == "ORQN" and part["fiscal_year"] == 2024)
REVENUE = "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax"


def value_of(concept: str) -> float:
    return float(Decimal(FILING["values"][concept]["value"]))


def row(question: str, accepted: list[float]) -> dict[str, object]:
    return {"question": question, "ticker": "ORQN", "fiscal_year": 2024, "metric": "revenue", "accepted": accepted}


def test_answers_are_counted_as_exact_wrong_or_abstained(tmp_path: Path, encoder_folder: Path) -> None:
    rows = [
        row("What was Orquenna's revenue in 2024?", [value_of(REVENUE)]),
        row("What was Orquenna's revenue in 2024?", [1.0]),
        row("What was Orquenna's net interest income in 2024?", [1.0]),
        row("What was Orquenna's revenue in 2043?", []),
        row("What was Orquenna's net income in 2024?", []),
    ]
    bank = tmp_path / "bank.jsonl"
    bank.write_text("\n".join(json.dumps(each) for each in rows))
    metrics = evaluate_facts(SAMPLES, encoder_folder, bank=bank, url=None, progress=lambda line: None).metrics
    shares = [metrics[name] for name in ("exact", "wrong", "abstained", "failed")]
    assert shares == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0], abs=1e-5)
    assert (metrics["absent_questions"], metrics["absent_abstained"]) == (2, 0.5)


def test_row_that_is_none_is_named_by_its_line(tmp_path: Path) -> None:
    bank = tmp_path / "bank.jsonl"
    bank.write_text(json.dumps(row("a", [1])) + "\n{}\n")
    with pytest.raises(SettingsError, match="line 2"):
        read_bank(bank)


def test_bank_asks_in_many_ways_for_what_is_tagged_and_for_what_is_not(sample_store: Path) -> None:
    tables = sample_store / "tables"
    filings = pl.concat([pl.read_parquet(path) for path in sorted((tables / "filings").rglob("*.parquet"))])
    facts = pl.concat([pl.read_parquet(path) for path in sorted((tables / "facts").rglob("*.parquet"))])
    bank = make_bank(filings, facts)
    assets = [each for each in bank if each.metric == "total_assets" and each.ticker == "ORQN"]
    assert {each.fiscal_year for each in assets} == {2022, 2023, 2024}
    assert all(value_of("us-gaap:Assets") in each.accepted for each in assets if each.fiscal_year == 2024)
    assert len({each.question for each in assets}) == len(assets) == 24
    absent = list(each_absent(filings, bank))
    assert absent
    assert all(each.accepted == () for each in absent)
