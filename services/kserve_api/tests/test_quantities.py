"""Kubernetes quantities are parsed exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.apps.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Fraction(0)),
        ("250m", Fraction(1, 4)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("512Mi", Fraction(536_870_912)),
        ("1.5Gi", Fraction(1_610_612_736)),
        # The three ways to write about the same memory, from the documentation of Kubernetes.
        ("128974848", Fraction(128_974_848)),
        ("129e6", Fraction(129_000_000)),
        ("129M", Fraction(129_000_000)),
        ("123Mi", Fraction(128_974_848)),
        ("128974848000m", Fraction(128_974_848)),
        ("1E", Fraction(10**18)),
        ("1E3", Fraction(1000)),
        ("100n", Fraction(1, 10**7)),
        ("-1", Fraction(-1)),
    ],
)
def test_a_quantity_has_its_exact_value(text: str, value: Fraction) -> None:
    """KS-01: quantities."""
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1K", "1mi", "1MI", "one", "1.2.3", "0x10", "1e", "1e999", "١", "1\n", "--1", "1" * 40, "."],
)
def test_what_kubernetes_does_not_know_is_refused(text: str) -> None:
    """KS-01: quantities."""
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        parse_quantity(text)


_POWERS = {"m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12}


@settings(deadline=None)
@given(number=st.decimals(0, 10**9, places=4), suffix=st.sampled_from(sorted(_POWERS)))
def test_decimal_suffixes_agree_with_decimal_arithmetic(number: Decimal, suffix: str) -> None:
    """KS-01: quantities."""
    assert parse_quantity(f"{number:f}{suffix}") == Fraction(number.scaleb(_POWERS[suffix]))


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_plain_refusal(text: str) -> None:
    """KS-01: quantities."""
    message = ""
    try:
        parse_quantity(text)
    except ValueError as error:
        message = str(error)
    assert message == "" or message.startswith("is not a Kubernetes quantity")
