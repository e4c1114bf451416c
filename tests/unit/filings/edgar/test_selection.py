from __future__ import annotations

import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.selection import is_asked_for, parse_forms, parse_years


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2023", {2023}),
        ("2021-2025", {2021, 2022, 2023, 2024, 2025}),
        ("2021 – 2022", {2021, 2022}),
        ("2019, 2021-2022", {2019, 2021, 2022}),
        ("2021,2021", {2021}),
    ],
)
def test_years_are_read_as_typed(text: str, years: set[int]) -> None:
    assert parse_years(text) == years


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no years"),
        (",", "names no years"),
        ("19999", "names no years"),
        ("2021-", "names no years"),
        ("2021--2023", "names no years"),
        ("last year", "names no years"),
        ("٢٠٢٣", "names no years"),
        ("2025-2021", "run backwards: write 2021-2025"),
        ("1066", "outside the years EDGAR has"),
        ("2020-9999", "outside the years EDGAR has"),
    ],
)
def test_years_that_make_no_sense_are_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(FilingError, match=reason) as caught:
        parse_years(text)

    assert "\n" not in str(caught.value)


def test_forms_are_read_in_any_writing_each_once() -> None:
    assert parse_forms("10k, 10-Q,10-K/a,10-K405,10-K") == ("10-K", "10-Q", "10-K/A", "10-K405")


@pytest.mark.parametrize("text", ["", " , ", "8-K", "10", "NT 10-K", "10-K/B"])
def test_forms_that_are_not_read_are_refused(text: str) -> None:
    with pytest.raises(FilingError, match="10-K"):
        parse_forms(text)


@pytest.mark.parametrize(
    ("form", "asked", "expected"),
    [
        ("10-K", "10-K", True),
        ("10-KT", "10-K", True),
        ("10-K405", "10-K", True),
        ("10-KSB40", "10-K", True),
        ("10KSB", "10-K", True),
        ("10-QT", "10-Q", True),
        ("10-QSB", "10-Q", True),
        ("10-Q", "10-K", False),
        ("10-K/A", "10-K", False),
        ("10-K405/A", "10-K/A", True),
        ("10-K", "10-K/A", False),
        ("NT 10-K", "10-K", False),
        ("10-K", "10-KT", False),
        ("10-KT", "10-KT", True),
        ("8-K", "10-K", False),
    ],
)
def test_form_stands_for_its_variants_but_not_for_amendments(form: str, asked: str, expected: bool) -> None:
    assert is_asked_for(form, (asked,)) is expected
