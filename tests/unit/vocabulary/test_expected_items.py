from __future__ import annotations

from datetime import date

import pytest

from finrag_ml_tg1.vocabulary.expected_items import expected_items
from finrag_ml_tg1.vocabulary.items import items_of_form


@pytest.mark.parametrize(
    ("period_end", "items"),
    [
        (date(1995, 12, 31), "1 2 3 4 5 6 7 8 9 10 11 12 13 14"),
        (date(1999, 12, 31), "1 2 3 4 5 6 7 7A 8 9 10 11 12 13 14"),
        (date(2004, 12, 31), "1 2 3 4 5 6 7 7A 8 9 9A 9B 10 11 12 13 14 15"),
        (date(2010, 12, 31), "1 1A 1B 2 3 4 5 6 7 7A 8 9 9A 9B 10 11 12 13 14 15"),
        (date(2020, 12, 30), "1 1A 1B 2 3 4 5 6 7 7A 8 9 9A 9B 10 11 12 13 14 15"),
        (date(2020, 12, 31), "1 1A 1B 2 3 4 5 7 7A 8 9 9A 9B 10 11 12 13 14 15"),
        (date(2024, 12, 31), "1 1A 1B 1C 2 3 4 5 7 7A 8 9 9A 9B 9C 10 11 12 13 14 15"),
    ],
)
def test_an_annual_report_is_expected_to_have_the_items_of_its_time(period_end: date, items: str) -> None:
    assert expected_items("10-K", period_end) == tuple(items.split())
    assert expected_items("10-k405", period_end) == tuple(items.split())


@pytest.mark.parametrize("form", ["10-K/A", "10-K405/A", "10-Q/A", "10-KSB/A"])
def test_nothing_is_expected_of_an_amendment(form: str) -> None:
    assert expected_items(form, date(2015, 12, 31)) == ()


@pytest.mark.parametrize("form", ["10-K", "10-Q", "10-KSB"])
def test_expected_items_are_items_of_the_form_in_its_order(form: str) -> None:
    order = [spec.identifier for spec in items_of_form(form)]
    expected = expected_items(form, date(2008, 6, 30))
    assert list(expected) == sorted(expected, key=order.index)
