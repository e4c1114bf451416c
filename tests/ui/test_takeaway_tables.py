"""Tables of answers as CSV, and the names of the files."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from serving.frontend.contract.query import Query
from serving.frontend.conversation.conversation import Turn
from serving.frontend.takeaway.file_names import name_answer, name_conversation
from serving.frontend.takeaway.tables import build_tables_csv
from tests.ui.takeaway_turns import build_turn

DAY = date(2024, 7, 1)


def read_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(build_tables_csv(text).decode("utf-8-sig"))))


def test_table_is_written_as_printed_without_markup() -> None:
    text = "Intro\n\n| | 2024 |\n|---|---:|\n| **Net sales** [1] | $412.3 million |\n| a \\| b | (1,170) |\n\nEnd"
    assert read_rows(text) == [["", "2024"], ["Net sales [1]", "$412.3 million"], ["a | b", "(1,170)"]]


def test_tables_are_parted_by_a_blank_row() -> None:
    table = "| a |\n|---|\n| 1 |"
    assert read_rows(f"{table}\n\n- item\n  | b |\n  |---|\n  | 2 |") == [["a"], ["1"], [], ["b"], ["2"]]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+5.8 %", "-2+3", "＝1", "\t=1"])
def test_cell_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(cell: str) -> None:
    assert read_rows(f"| a |\n|---|\n| {cell} |") == [["a"], [f"'{cell.strip()}"]]


def test_plain_negative_number_stays_a_number() -> None:
    assert read_rows("| a |\n|---|\n| -1170.5 |") == [["a"], ["-1170.5"]]


def test_file_is_marked_as_unicode_for_spreadsheets() -> None:
    assert build_tables_csv("| é |\n|---|\n| \ud800 |").startswith("\ufeffé".encode())


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How large were net sales?", "finrag-velmora-instruments-how-large-were-net-sales-2024-07-01"),
        ("Velmora's net sales?", "finrag-velmora-instruments-velmoras-net-sales-2024-07-01"),
        ("Velmora net sales?", "finrag-velmora-net-sales-2024-07-01"),
        ("../../Umsätze: Velmora\\x\x00", "finrag-umsatze-velmora-x-2024-07-01"),
        ("売上は?", "finrag-velmora-instruments-answer-1-2024-07-01"),
        (f"velmora {'word ' * 30}", "finrag-velmora-word-word-word-word-word-word-word-word-2024-07-01"),
        ("velmora" * 20, "finrag-velmora-instruments-" + ("velmora" * 20)[:48] + "-2024-07-01"),
    ],
)
def test_name_says_what_was_asked_and_when(question: str, expected: str) -> None:
    assert name_answer(Turn(1, Query(question), outcome=build_turn("sales").outcome), DAY) == expected


def test_name_says_the_year_when_the_question_does_not() -> None:
    answered = build_turn(
        "x", change=lambda answer: {**answer, "resolved": {**answer["resolved"], "fiscal_years": [2024]}}
    )
    assert (
        name_answer(Turn(1, Query("Velmora sales"), outcome=answered.outcome), DAY)
        == "finrag-fy2024-velmora-sales-2024-07-01"
    )
    assert (
        name_answer(Turn(1, Query("Velmora sales 2024"), outcome=answered.outcome), DAY)
        == "finrag-velmora-sales-2024-2024-07-01"
    )


def test_name_of_a_conversation_says_the_day() -> None:
    assert name_conversation(DAY) == "finrag-conversation-2024-07-01"
