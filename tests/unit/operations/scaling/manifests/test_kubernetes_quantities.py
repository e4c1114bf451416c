"""Quantities are read as Kubernetes documents them, and nothing else is taken for one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100m", "0.1"),
        ("0.1", "0.1"),
        (".5", "0.5"),
        ("1", "1"),
        ("2k", "2000"),
        ("1e3", "1000"),
        ("12E6", "12000000"),
        ("1E", "1000000000000000000"),
        ("129M", "129000000"),
        ("123Mi", "128974848"),
        ("1Gi", "1073741824"),
        ("1.5Gi", "1610612736"),
        ("250u", "0.00025"),
        (2, "2"),
    ],
)
def test_a_quantity_has_its_amount(text: object, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "Mi", "1 Gi", "1GB", "1mi", "1K", "1.2.3", "1e", "much", "½", "٣", True, None, "0x10"]
)
def test_what_is_no_quantity_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        parse_quantity(text)


@given(st.integers(0, 10**9))
@settings(deadline=None)
def test_units_follow_each_other(number: int) -> None:
    assert parse_quantity(f"{number * 1000}m") == parse_quantity(str(number)) == number
    assert parse_quantity(f"{number * 1024}Ki") == parse_quantity(f"{number}Mi")


@given(st.text())
@settings(deadline=None)
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        amount = parse_quantity(text)
    except ValueError:
        return
    assert amount.is_finite()
    assert text.isascii()
