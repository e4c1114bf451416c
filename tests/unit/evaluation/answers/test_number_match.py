"""Same number, written in other ways; and numbers that only look alike."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.evaluation.answers.number_match import QuestionUnits, is_same_number
from finrag_ml_tg1.evaluation.answers.stated_numbers import stated_numbers


def same(gold: str, stated: str, question: str = "What was it?") -> bool:
    (wanted,) = stated_numbers(gold)
    (number,) = stated_numbers(stated)
    return is_same_number(wanted, number, QuestionUnits(question))


@pytest.mark.parametrize(
    ("gold", "stated", "question"),
    [
        ("$1577.00", "$1,577 million", "What was capital expenditure (in USD millions)?"),
        ("$1577.00", "$1.577 billion", "What was capital expenditure (in USD millions)?"),
        ("$1577.00", "$1.6 billion", "What was capital expenditure (in USD millions)?"),
        ("$1577.00", "1,577", "What was capital expenditure? Answer in USD millions."),
        ("$1616.00", "$1,615.9 million", "What was it in USD millions?"),
        ("1577", "$1,577 million", "What was it?"),
        ("$2,018mn", "$2.018 billion", "What was EBITDA?"),
        ("0.019", "1.9%", "What was it?"),
        ("1.9%", "0.019", "What was it as a %?"),
        ("1.9%", "1.9", "What was it in percent?"),
        ("0.8", "79.8%", "What was the payout ratio?"),
        ("24.26", "24.3 times", "What was the turnover?"),
        ("0.6%", "60 basis points", "By how much did it rise?"),
        ("decline of 0.6%", "fell 0.6%", "How did it change?"),
        ("-3.0%", "a decrease of 3.0%", "How did it change?"),
        ("5.2%", "declined by 5.2%", "By how much did sales decline?"),
        ("(1,234)", "$1,234", "What was paid?"),
    ],
)
def test_same_number_is_known_in_other_words(gold: str, stated: str, question: str) -> None:
    assert same(gold, stated, question)


@pytest.mark.parametrize(
    ("gold", "stated", "question"),
    [
        ("$1577.00", "$1,577 billion", "What was it in USD millions?"),
        ("$1577.00", "$1,757 million", "What was it in USD millions?"),
        ("$1577.00", "$2 billion", "What was it in USD millions?"),
        ("1.9%", "1.9", "What was the ratio?"),
        ("1.9%", "19%", "What was it?"),
        ("decline of 0.6%", "increase of 0.6%", "How did it change?"),
        ("-3.0%", "3.0%", "How did it change?"),
        ("3.0%", "-3.0%", "How did it change?"),
        ("24.26", "24.62", "What was the turnover?"),
        ("$0", "$75.8 million", "What was the loss?"),
        ("0.9", "1", "What was it?"),
        ("1", "72%", "How many years was it?"),
    ],
)
def test_other_number_is_not_taken_for_it(gold: str, stated: str, question: str) -> None:
    assert not same(gold, stated, question)


@settings(deadline=None)
@given(st.decimals(min_value=10, max_value=99_999, places=1), st.sampled_from(["million", "billion"]))
def test_amount_in_any_scale_is_itself_and_not_its_thousandfold(amount: Decimal, scale: str) -> None:
    other = {"million": "billion", "billion": "million"}[scale]
    in_other = amount / 1000 if scale == "million" else amount * 1000
    assert same(f"${amount} {scale}", f"${amount:,} {scale}")
    assert same(f"${amount} {scale}", f"${in_other} {other}")
    assert not same(f"${amount} {scale}", f"${amount} {other}")


@settings(deadline=None)
@given(st.integers(min_value=1_000, max_value=99_999), st.integers(min_value=0, max_value=3))
def test_two_digits_swapped_are_another_number(amount: int, place: int) -> None:
    digits = list(str(amount))
    assume(place + 1 < len(digits) and digits[place] != digits[place + 1])
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    swapped = int("".join(digits))
    # So near that rounded inputs explain it.
    assume(abs(swapped - amount) > amount * 0.006 and len(str(swapped)) == len(str(amount)))
    assert not same(f"${amount} million", f"${swapped:,} million")
