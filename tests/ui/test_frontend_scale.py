"""Numbers are rounded to what can be read, and never further from the truth than the last digit shown says."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.frontend.numbers.scale import choose_scale, write_rounded


@pytest.mark.parametrize(
    ("value", "unit", "display", "shown"),
    [
        ("391035000000", "USD", "", "$391.0 billion"),
        ("-11817000000", "USD", "", "−$11.8 billion"),
        ("5700000000", "USD", "money", "$5.70 billion"),
        ("999960000000", "USD", "", "$1.00 trillion"),
        ("412300", "USD", "", "$412,300"),
        ("0", "USD", "", "$0"),
        ("2500000", "CHF", "", "2.50 million CHF"),
        ("0.24", "pure", "", "24.0 %"),
        ("0.0028", "pure", "percent", "0.28 %"),
        ("3.853722019781364", "pure", "percent", "385.4 %"),
        ("0.0000031", "pure", "percent", "0.00031 %"),
        ("-0.0104", "pure", "points", "−1.04 percentage points"),
        ("0.020752", "pure", "basis points", "207.5 basis points"),
        ("12.34", "pure", "times", "12.3 times"),
        ("164000", "pure", "", "164,000"),
        ("29.36", "days", "days", "29.4 days"),
        ("1234000000", "shares", "", "1,234 million shares"),
        ("6.08", "USD/shares", "", "$6.08 per share"),
        ("6.1", "USD/shares", "", "$6.10 per share"),
        ("0.985", "USD/shares", "", "$0.985 per share"),
        ("1.5", "EUR/shares", "", "€1.50 per share"),
    ],
)
def test_number_is_read_as_a_person_says_it(value: str, unit: str, display: str, shown: str) -> None:
    assert write_rounded(Decimal(value), unit, display) == shown


@pytest.mark.parametrize(
    ("unit", "display", "largest", "title"),
    [
        ("USD", "", "391035000000", "USD billion"),
        ("USD/shares", "", "6", "USD per share"),
        ("shares", "", "15000000000", "million shares"),
        ("pure", "percent", "0.5", "%"),
        ("pure", "times", "3", "times"),
        ("days", "days", "30", "days"),
        ("pure", "", "7", ""),
    ],
)
def test_axis_is_named_by_the_unit_it_counts_in(unit: str, display: str, largest: str, title: str) -> None:
    assert choose_scale(unit, display, Decimal(largest)).unit == title


_MAGNITUDES = {"trillion": 12, "billion": 9, "million": 6}
_KINDS = [
    ("USD", ""),
    ("CHF", "money"),
    ("USD/shares", ""),
    ("shares", ""),
    ("pure", "percent"),
    ("pure", "points"),
    ("pure", "times"),
    ("days", "days"),
]


@settings(deadline=None)
@given(
    value=st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=7),
    kind=st.sampled_from(_KINDS),
)
def test_shown_number_is_within_half_of_its_last_digit(value: Decimal, kind: tuple[str, str]) -> None:
    unit, display = kind
    shown = write_rounded(value, unit, display)
    digits = re.sub(r"[^\d.−]", "", shown.removesuffix(".")).replace("−", "-")
    power = next((power for word, power in _MAGNITUDES.items() if word in shown), 0)
    if display in {"percent", "points"}:
        power = -2
    half = Decimal(5).scaleb(power - 1 - len(digits.partition(".")[2]))
    assert abs(Decimal(digits).scaleb(power) - value) <= half
    assert bool(Decimal(digits)) == bool(value)
