"""Every number the filers tagged, against figures others read out of the same documents."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.evaluation.facts_extraction import FactRow, compare_facts, rows_of
from finrag_ml_tg1.filings.text.canonical import parse_html
from finrag_ml_tg1.filings.xbrl.facts import TaggedFacts, read_tagged_facts
from finrag_ml_tg1.filings.xbrl.issues import XbrlIssue
from finrag_ml_tg1.filings.xbrl.reconcile import reconcile
from finrag_ml_tg1.filings.xbrl.text_blocks import read_text_blocks

SAMPLES = Path(__file__).parents[4] / "samples"


@dataclass(frozen=True)
class RealFacts:
    """What the real filings hold, as rows for the comparison; elements are not kept."""

    files: int
    found: list[FactRow]
    reference: list[FactRow]
    issues: list[XbrlIssue]
    broken_chains: list[XbrlIssue]


@pytest.fixture(scope="module")
def real() -> RealFacts:
    if "FINRAG_EVAL_DATA" not in os.environ:
        pytest.skip("FINRAG_EVAL_DATA names no folder with real filings")
    folder = Path(os.environ["FINRAG_EVAL_DATA"]) / "filings"
    columns = ("file", "concept", pl.col("start").fill_null(""), "end", "dims", "unit", "value")
    table = pl.read_parquet(folder / "ixbrl_facts.parquet").select(columns)
    real = RealFacts(len(list(folder.glob("html/*.html.gz"))), [], [FactRow(*row) for row in table.rows()], [], [])
    for path in sorted(folder.glob("html/*.html.gz")):
        root = parse_html(gzip.decompress(path.read_bytes()))
        tagged = read_tagged_facts(root)
        distinct = reconcile(tagged.facts)
        assert sum(len(fact.elements) for fact in distinct) == len(tagged.facts)
        real.found.extend(rows_of(f"html/{path.name}", tagged.facts))
        real.issues.extend(tagged.issues)
        real.broken_chains.extend(read_text_blocks(root).issues)
    return real


def test_every_reference_number_is_read_and_equal(real: RealFacts) -> None:
    result = compare_facts(real.found, real.reference)
    assert (real.files, result.expected) == (46, 59_070)
    assert (result.equal, result.missing, result.different, result.misses) == (59_070, 0, 0, ())


def test_no_number_is_read_that_the_reference_does_not_hold(real: RealFacts) -> None:
    assert compare_facts(real.reference, real.found).misses == ()


def test_nothing_in_the_real_filings_is_unreadable(real: RealFacts) -> None:
    assert not real.issues
    assert not real.broken_chains


def sample_truths() -> list[dict[str, object]]:
    truths: list[dict[str, object]] = json.loads((SAMPLES / "ground_truth.json").read_text())["filings"]
    return truths


@pytest.mark.parametrize("truth", sample_truths(), ids=lambda truth: str(truth["file"]))
def test_sample_filings_give_their_true_values(truth: dict[str, object]) -> None:
    found = sample_facts(str(truth["file"]))
    assert not found.issues
    values = {
        (fact.concept, fact.unit, str(fact.period_start or ""), str(fact.period_end)): fact.value
        for fact in reconcile(found.facts)
        if not fact.dimensions
    }
    expected = truth["values"]
    assert isinstance(expected, dict)
    for concept, entry in expected.items():
        key = (concept, entry["unit"], entry.get("period_start") or "", entry["period_end"])
        assert values[key] == Decimal(entry["value"])


def sample_facts(name: str) -> TaggedFacts:
    return read_tagged_facts(parse_html((SAMPLES / "filings" / name).read_bytes()))
