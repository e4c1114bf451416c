"""Amounts as answers state them, and what is a digit but no amount."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.evaluation.answers.stated_numbers import stated_numbers


def read(text: str) -> list[tuple[str, str | None, str, int]]:
    return [
        (
            str(number.printed),
            None if number.scale is None else f"{number.scale.normalize():f}",
            number.unit,
            number.sign,
        )
        for number in stated_numbers(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,577.00", [("1577.00", None, "money", 0)]),
        ("revenue of $394.3 billion", [("394.3", "1000000000", "money", 0)]),
        ("it was 2,018mn", [("2018", "1000000", "none", 0)]),
        ("12.5 %", [("12.5", "0.01", "percent", 0)]),
        ("80 basis points", [("80", "0.0001", "percent", 0)]),
        ("(1,234)", [("1234", None, "none", 0)]),
        ("−$5,042 million", [("5042", "1000000", "money", -1)]),
        ("-3.2%", [("3.2", "0.01", "percent", -1)]),
        ("a decline of 0.6%", [("0.6", "0.01", "percent", -1)]),
        ("a 2.3% decrease", [("2.3", "0.01", "percent", -1)]),
        ("grew by about 3.0%", [("3.0", "0.01", "percent", 1)]),
        ("dropped from 24.6% to 21.6%", [("24.6", "0.01", "percent", 0), ("21.6", "0.01", "percent", 0)]),
        ("2.7x", [("2.7", None, "none", 0)]),
    ],
)
def test_amounts_are_read_with_scale_unit_and_the_sign_beside_them(
    text: str, expected: list[tuple[str, str | None, str, int]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "in fiscal 2022 and FY23",
        "on August 30, 2023",
        "at 2021-12-31",
        "the 10-K, Item 7, Note 16",
        "as said [3]",
        "in Q2 2023",
        "COVID19 and B2B",
        "1. The first\n2. The second",
    ],
)
def test_dates_years_items_and_marks_are_no_amounts(text: str) -> None:
    assert read(text) == []


def test_dash_between_years_is_no_minus() -> None:
    assert read("2017-2019 average: 5.1") == [("5.1", None, "none", 0)]


def test_number_knows_its_place_and_its_last_digit() -> None:
    text = "It was $1,616.5 million."
    (number,) = stated_numbers(text)
    assert text[number.start : number.end] == "1,616.5 million"
    assert number.last_place == Decimal("0.1")
