"""The main statements of real filings against the filers' own tags. Needs FINRAG_EVAL_DATA."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from tests.unit.filings.tabular.tagged_statements import MAIN_STATEMENTS, Measurement, measure_filing

pytestmark = pytest.mark.skipif("FINRAG_EVAL_DATA" not in os.environ, reason="FINRAG_EVAL_DATA names no folder")

_LEAST_SHARE = 0.99
_LEAST_SHARE_OF_A_FILING = 0.97


@cache
def measurements() -> dict[str, Measurement]:
    folder = Path(os.environ["FINRAG_EVAL_DATA"]) / "filings" / "html"
    return {path.name: measure_filing(path) for path in sorted(folder.glob("*.html.gz"))}


def test_tagged_numbers_of_the_main_statements_have_the_right_period_value_and_label() -> None:
    tagged = {name: found for name, found in measurements().items() if found.cells}
    assert len(tagged) >= 10
    right, cells = sum(found.right for found in tagged.values()), sum(found.cells for found in tagged.values())
    assert right / cells >= _LEAST_SHARE
    poor = {
        name: found.errors for name, found in tagged.items() if found.right / found.cells < _LEAST_SHARE_OF_A_FILING
    }
    assert not poor


def test_the_three_main_statements_of_a_tagged_filing_are_recognised() -> None:
    """A filing whose statements stand in an exhibit has no tagged number in a main statement, and none recognised."""
    for name, found in measurements().items():
        if found.cells:
            assert found.statements == set(MAIN_STATEMENTS), name
