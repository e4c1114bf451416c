"""Tables answer questions for parts, for figures, and for lines of the statements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.table_choice import rows_of_statements, rows_that_answer
from finrag_ml_tg1.answering.topic import Topic, read_topic
from finrag_ml_tg1.index.lexical import Postings, build_postings
from finrag_ml_tg1.index.passage_record import PassageRecord
from tests.unit.answering.passages import make_passage

REGIONS = make_passage(
    "Revenue by region\n2024 | 2023\nEurope | $40 | $38\nAsia | 20 | 25\nTotal | $60 | $63",
    kind="table",
    heading="Revenue",
)
INCOME = make_passage(
    "Net sales | $60 | $63\nCost of sales | 31 | 30\nGross profit | 29 | 33\nNet income | 7 | 9",
    kind="table",
    statement="income",
    lead="2024 | 2023",
)
PROSE = make_passage("Revenue in Europe grew as laboratories reopened.")
CORPUS = Postings(build_postings([REGIONS.text, INCOME.text, PROSE.text])).statistics()


def topic(question: str) -> Topic:
    return read_topic(question, CORPUS)


def labels(rows: list[Statement], passages: list[PassageRecord]) -> list[str]:
    return [passages[row.passage].text[row.start : row.end].split(" | ")[0] for row in rows]


def test_every_row_is_shown_when_the_parts_are_asked_for() -> None:
    passages = [PROSE, REGIONS]
    rows = rows_that_answer(topic("Break down revenue by region"), passages, [0.5, 0.5])
    assert labels(rows, passages) == ["Europe", "Asia", "Total"]


def test_no_table_is_shown_when_the_reason_is_asked() -> None:
    assert rows_that_answer(topic("Why did revenue in Europe rise so much?"), [REGIONS], [0.9]) == []


def test_no_table_is_shown_where_a_sentence_is_more_alike() -> None:
    question = topic("How does revenue in Europe develop these days?")
    assert rows_that_answer(question, [REGIONS], [0.7], likest_sentence=0.8) == []
    assert rows_that_answer(question, [REGIONS], [0.7], likest_sentence=0.5)


def test_rows_of_the_statement_are_found_by_their_names() -> None:
    question = replace(topic("Gross margin"), rows=(frozenset({"gross", "profit"}), frozenset({"net", "sale"})))
    assert labels(rows_of_statements(question, [PROSE, INCOME]), [PROSE, INCOME]) == ["Net sales", "Gross profit"]


@pytest.mark.parametrize("passage", [PROSE, REGIONS])
def test_other_passages_are_no_statements(passage: PassageRecord) -> None:
    question = replace(topic("Total"), rows=(frozenset({"total"}),))
    assert rows_of_statements(question, [passage]) == []


def test_rows_are_of_the_filing_asked_for() -> None:
    question = replace(topic("Net income"), rows=(frozenset({"net", "incom"}),))
    assert rows_of_statements(question, [INCOME], accession="another") == []


def test_of_rows_of_one_label_that_nothing_tells_apart_the_first_is_shown() -> None:
    twice = make_passage("Revenue by region\nEurope | $40 | $38\nEurope | 13 | 19\nAsia | 20 | 25", kind="table")
    rows = rows_that_answer(topic("Break down revenue by region"), [twice], [0.5])
    assert [twice.text[row.start : row.end] for row in rows] == ["Europe | $40 | $38", "Asia | 20 | 25"]


def test_pages_are_no_rows() -> None:
    pages = make_passage("Page\nRevenue by region | 40\nRevenue in Europe | 42\nRevenue in Asia | 45", kind="table")
    assert rows_that_answer(topic("Break down revenue by region"), [pages], [0.9]) == []


def test_no_table_is_shown_when_what_is_said_is_asked() -> None:
    assert rows_that_answer(topic("What is said about revenue in Europe?"), [REGIONS], [0.9]) == []


def test_table_of_an_item_asked_for_is_shown_where_it_is_found_first() -> None:
    places = make_passage("Owned | 38 | 28\nLeased | 2 | 5", kind="table", item="2")
    question = topic("What are its properties?")
    assert labels(rows_that_answer(question, [places, PROSE], [0.4, 0.4]), [places]) == ["Owned", "Leased"]
    assert rows_that_answer(question, [PROSE, places], [0.4, 0.4]) == []
