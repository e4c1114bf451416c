from __future__ import annotations

from datetime import date

import pytest

from finrag_ml_tg1.filings.tabular.fiscal_calendar import read_fiscal_calendar
from tests.unit.filings.tabular.tables import cover_of, document_of


def test_printed_year_ends_are_taken_and_others_reckoned_by_weeks() -> None:
    document = document_of(
        "<p>For the years ended September 28, 2024, September 30, 2023 and September 24, 2022 we sold phones.</p>"
    )
    fiscal = read_fiscal_calendar(document, cover_of(date(2024, 9, 28), 2024))
    assert [fiscal.end_of(label) for label in (2024, 2023, 2022, 2021)] == [
        date(2024, 9, 28),
        date(2023, 9, 30),
        date(2022, 9, 24),
        date(2021, 9, 25),
    ]
    assert fiscal.start_of(date(2022, 9, 24), 12) == date(2021, 9, 26)


def test_a_label_a_year_ahead_of_the_calendar_is_kept() -> None:
    fiscal = read_fiscal_calendar(document_of("<p>No dates.</p>"), cover_of(date(2024, 1, 28), 2024))
    assert fiscal.end_of(2023) == date(2023, 1, 29)


def test_a_calendar_year_does_not_end_on_a_new_years_day_the_document_names() -> None:
    document = document_of("<p>Adopted as of January 1, 2022. Adopted as of January 1, 2022.</p>")
    fiscal = read_fiscal_calendar(document, cover_of(date(2023, 12, 31), 2023))
    assert fiscal.end_of(2021) == date(2021, 12, 31)


@pytest.mark.parametrize(
    ("end", "months", "start"),
    [
        (date(2023, 6, 30), 3, date(2023, 4, 1)),
        (date(2023, 6, 30), 6, date(2023, 1, 1)),
        (date(2023, 12, 31), 12, date(2023, 1, 1)),
        (date(2020, 2, 29), 3, date(2019, 12, 1)),
    ],
)
def test_months_of_a_calendar_year_are_calendar_months(end: date, months: int, start: date) -> None:
    assert read_fiscal_calendar(document_of("<p>x</p>"), cover_of()).start_of(end, months) == start


def test_the_year_to_date_begins_with_the_fiscal_year() -> None:
    document = document_of("<p>Balances as of September 24, 2022.</p>")
    fiscal = read_fiscal_calendar(document, cover_of(date(2023, 9, 30), 2023))
    assert fiscal.start_of(date(2023, 7, 1), 9) == date(2022, 9, 25)
    assert fiscal.start_of(date(2023, 7, 1), 3) == date(2023, 4, 2)
