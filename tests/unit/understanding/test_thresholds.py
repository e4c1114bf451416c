"""Values that questions test against."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.understanding.thresholds import find_threshold


@pytest.mark.parametrize(
    ("text", "value", "met", "missed"),
    [
        ("Did revenue exceed $5 billion?", 5_000_000_000, "5000000001", "5000000000"),
        ("Was revenue at least $5 billion?", 5_000_000_000, "5000000000", "4999999999"),
        ("Was net income below $20 million?", 20_000_000, "19999999", "20000000"),
        ("Did revenue grow by more than 10%?", "0.10", "0.11", "0.10"),
        ("Did revenue decline by more than 5 percent?", "-0.05", "-0.06", "-0.05"),
        ("Was it profitable?", 0, "1", "-1"),
        ("Did it make a profit?", 0, "1", "0"),
        ("Did it report a net loss?", 0, "-1", "1"),
        ("Did sales double?", 1, "1", "0.99"),
        ("Did sales more than double?", 1, "1.01", "1"),
        ("Was revenue halved?", "-0.5", "-0.6", "-0.4"),
        ("Did revenue grow in 2023?", 0, "0.01", "0"),
        ("Did operating margin improve in 2023?", 0, "0.01", "-0.01"),
        ("Did revenue go up?", 0, "1", "-1"),
        ("Has revenue declined?", 0, "-1", "0"),
    ],
)
def test_value_is_tested_on_the_side_asked_for(text: str, value: str | int, met: str, missed: str) -> None:
    threshold = find_threshold(text)
    assert threshold is not None
    assert threshold.value == Decimal(value)
    assert threshold.is_met_by(Decimal(met))
    assert not threshold.is_met_by(Decimal(missed))


@pytest.mark.parametrize(
    "text",
    [
        "How did revenue grow in 2023?",
        "Did revenue grow or fall?",
        "Did costs improve?",
        "revenue over 2022",
        "What is double taxation?",
    ],
)
def test_text_without_a_value_to_test_against_has_no_threshold(text: str) -> None:
    assert find_threshold(text) is None
