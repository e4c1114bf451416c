"""Totals of made-up statements against the rows above them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.checks.amounts import Footing
from finrag_ml_tg1.filings.checks.subtotals import subtotals_judged
from tests.unit.filings.checks.checked_filings import checks_of
from tests.unit.filings.conftest import RealFiling
from tests.unit.filings.tabular.tables import html_table, readings_of
from tests.unit.filings.tagged_filings import read_tagged

TITLE = "<p><b>Consolidated Balance Sheets</b></p><p>(in millions)</p>"
HEADER = "|December 31, 2023|December 31, 2022"
SHEET = (
    "Current assets:||",
    "Cash and cash equivalents|5|6",
    "Accounts receivable, net|14|12",
    "Total current assets|19|18",
    "Property and equipment|30|28",
    "Less: accumulated depreciation|9|8",
    "Total assets|40|38",
    "Liabilities:||",
    "Accounts payable|3|4",
    "Long-term debt|20|21",
    "Total liabilities|23|25",
    "Shareholders' equity:||",
    "Common stock|7|7",
    "Retained earnings|10|6",
    "Total shareholders' equity|17|13",
    "Total liabilities and shareholders' equity|40|38",
)


def sheet(**rows: str) -> str:
    """The balance sheet with some of its rows replaced, named by their first word."""
    lines = [next((line for word, line in rows.items() if row.lower().startswith(word)), row) for row in SHEET]
    return TITLE + html_table(HEADER, *lines)


def judged(body: str) -> list[Footing]:
    return subtotals_judged(readings_of(body))


def broken(body: str) -> list[tuple[str, str, Decimal]]:
    return [
        (footing.total.label, footing.period[1].isoformat(), Decimal(int(footing.gap)))
        for footing in judged(body)
        if not footing.holds
    ]


def test_every_total_is_judged_in_every_column_when_its_rows_add_up() -> None:
    assert [footing.total.label for footing in judged(sheet())] == [
        label
        for label in (
            "Total current assets",
            "Total assets",
            "Total liabilities",
            "Total shareholders' equity",
            "Total liabilities and shareholders' equity",
        )
        for _ in range(2)
    ]
    assert broken(sheet()) == []


def test_a_total_is_told_when_its_rows_add_up_in_the_other_column_only() -> None:
    wrong = sheet(**{"accounts p": "Accounts payable|3|14"})
    assert broken(wrong) == [("Total liabilities", "2022-12-31", Decimal(-10_000_000))]


def test_the_sentence_names_the_total_and_the_rows_when_they_do_not_add_up() -> None:
    wrong = sheet(**{"long-term": "Long-term debt|25|21"})
    (mismatch,) = checks_of(read_tagged(wrong)).mismatches
    assert mismatch.startswith(
        "the statements do not add up at 2023-12-31 (total = its rows): 'Total liabilities' is 23,000,000 USD, but "
        "'Accounts payable' 3,000,000 + 'Long-term debt' 25,000,000 = 28,000,000 (passage "
    )


def test_a_total_is_not_judged_when_its_rows_add_up_in_no_column() -> None:
    """A line that says what part of another it is belongs to no sum, and nothing tells that it does not."""
    part = sheet(**{"accounts r": "Accounts receivable, of which due from others|24|22"})
    assert "Total current assets" not in {footing.total.label for footing in judged(part)}
    assert broken(part) == []


def test_a_column_is_not_in_doubt_when_a_row_is_nought_in_the_other() -> None:
    """The row may be none of the total's: there it would not show."""
    assert (
        broken(sheet(**{"accounts r": "Accounts receivable, net|13|—", "total current": "Total current assets|5|6"}))
        == []
    )


def test_a_total_of_one_row_is_no_check_and_counts_once_when_it_is_added() -> None:
    repeated = TITLE + html_table(
        HEADER,
        "Cash and cash equivalents|5|6",
        "Accounts receivable|4|2",
        "|9|8",
        "Other property|—|3",
        "|—|3",
        "Total assets|9|11",
        "Accounts payable|3|4",
        "Retained earnings|6|7",
        "Total liabilities and equity|9|11",
    )
    assert broken(repeated) == []
    assert [footing.total.label for footing in judged(repeated)].count("Total assets") == 1


@pytest.mark.parametrize("title", ["Pension Plan Assets", "Balance Sheet Data"])
def test_a_table_is_not_judged_when_it_is_no_primary_statement(title: str) -> None:
    table = html_table(HEADER, "Equities|5|6", "Bonds|4|2", "Total|9|10")
    assert judged(f"<p><b>{title}</b></p>{table}") == []


@given(
    rows=st.lists(st.tuples(st.integers(1, 999), st.integers(1, 999)), min_size=2, max_size=8),
    error=st.integers(10, 500),
)
def test_a_wrong_total_is_found_when_the_other_years_is_right(rows: list[tuple[int, int]], error: int) -> None:
    this, before = (sum(column) for column in zip(*rows, strict=True))

    def body(total: int) -> str:
        lines = [f"Cash and cash equivalents {place}|{now:,}|{then:,}" for place, (now, then) in enumerate(rows)]
        tail = ["Accounts payable|1|1", "Total liabilities|1|1", "Retained earnings|1|1"]
        return TITLE + html_table(
            HEADER, "Current assets:||", *lines, f"Total current assets|{total:,}|{before:,}", *tail
        )

    assert broken(body(this)) == []
    assert broken(body(this + error)) == [("Total current assets", "2023-12-31", Decimal(error * 10**6))]


def test_totals_of_real_filings_are_the_sums_of_their_rows(real_filings: list[RealFiling]) -> None:
    found = [footing for report in real_filings for footing in subtotals_judged(report.filing.tables.values())]
    assert len(found) > 1_000
    assert [footing.total.label for footing in found if not footing.holds] == []
