"""Numbers of pages answer nothing; figures beside names do."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.answering.page_index import is_page_index
from tests.unit.answering.passages import make_passage


@pytest.mark.parametrize(
    "text",
    [
        "Page\nPART I\nItem 1. | Business | 3\nItem 1A. | Risk Factors | 9\nItem 2. | Properties | 14",
        "Fundamentals | Page\nOur Strategy | 7\nProperties | 66\nRisk Factors | 48",
        "Note 1 | 41\nNote 2 | 42\nNote 3 | 42\nNote 4 | 45\nNote 5 | 47\nNote 6 | 52",
        "Index\nPage\nReport of the auditor | F-2\nBalance sheets | F-4\nNotes | F-8 - F-31",
    ],
)
def test_table_of_pages_is_an_index(text: str) -> None:
    assert is_page_index(make_passage(text, kind="table"))


@pytest.mark.parametrize(
    "text",
    [
        "Stores\nEurope | 31\nAsia | 12\nAmericas | 44\nAfrica | 3\nOceania | 8\nOther | 2",
        "(in millions)\n2025 | 12\n2026 | 13\n2027 | 14\n2028 | 15\n2029 | 16\nThereafter | 90",
        "2024 | 2023\nRevenue | $75 | $70\nCost | 31 | 30\nNet income | 9 | 8",
    ],
)
def test_table_of_figures_is_none(text: str) -> None:
    assert not is_page_index(make_passage(text, kind="table"))


def test_prose_is_none() -> None:
    assert not is_page_index(
        make_passage("Page\nItem 1. | Business | 3\nItem 2. | Properties | 4\nItem 3. | Other | 5")
    )
