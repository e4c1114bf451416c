"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.facts.number_words import value_words


@pytest.mark.parametrize(
    ("value", "unit", "display", "words"),
    [
        ("391035000000", "USD", "money", "$391,035 million"),
        ("11646700000", "USD", "money", "$11,646.7 million"),
        ("-34500000", "USD", "money", "−$34.5 million"),
        ("57000", "USD", "money", "$57,000"),
        ("12345678", "USD", "money", "$12,345,678"),
        ("0", "USD", "money", "$0"),
        ("1500000000", "CHF", "money", "1,500 million CHF"),
        ("6.08", "USD/shares", "money", "$6.08 per share"),
        ("4.0763", "USD/shares", "money", "$4.0763 per share"),
        ("-0.12", "USD/shares", "money", "−$0.12 per share"),
        ("15343783000", "shares", "number", "15,343.783 million shares"),
        ("0.157", "pure", "percent", "15.70 %"),
        ("-0.00418", "pure", "percent", "about −0.42 %"),
        ("0.0125", "pure", "points", "1.25 percentage points"),
        ("-0.0071", "pure", "basis points", "−71 basis points"),
        ("1.07254", "pure", "times", "about 1.07 times"),
        ("40.26", "days", "days", "about 40.3 days"),
    ],
)
def test_value_is_exact_or_said_to_be_rounded(value: str, unit: str, display: str, words: str) -> None:
    assert value_words(Decimal(value), unit, display) == words
