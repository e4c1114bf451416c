"""Sentences of prose as filings write it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.index.sentences import sentence_spans


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "We sell pumps in the U.S. and in the U.K. through Orquenna Pumps, Inc. and Orquenna Ltd. of Sampletown.",
        "Orquenna Pumps, Inc. The Second (fictional) is our only subsidiary.",
        "See Note No. 5 and Exhibit No. 10.1 for more.",
        "Revenue grew 4.5 percent to $1.25 billion.",
        "The talk by A. B. Surname was short.",
        "Segment results are in Note 16. Segment Reporting of the statements.",
        "We refer to Item 7. Management and other parts.",
        "Prices (e.g. Those of steel) rose vs. The prior year.",
        "Fiscal 2024 ended on Dec. 31 of that year.",
    ],
)
def test_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("Is it so? It is! Good.", ["Is it so?", "It is!", "Good."]),
        ("He called it “done.” We agree.", ["He called it “done.”", "We agree."]),
        ('They said "no." We said "yes."', ['They said "no."', 'We said "yes."']),
        ("It rose (see below.) It fell.", ["It rose (see below.)", "It fell."]),
        ("A heading\n\nThe text under it.", ["A heading", "The text under it."]),
        ("Sold in the U.S.\n\nNext paragraph.", ["Sold in the U.S.", "Next paragraph."]),
        ("Our risks:\n• Prices fall.\n• Costs rise.", ["Our risks:", "Prices fall.", "Costs rise."]),
        ("The table is in Item 8. Our backlog grew.", ["The table is in Item 8.", "Our backlog grew."]),
        ("Sales rose. 2024 was good.", ["Sales rose.", "2024 was good."]),
        ("", []),
        (" \n\n \t", []),
        ("• ", []),
    ],
)
def test_sentences_end_where_a_reader_stops(text: str, expected: list[str]) -> None:
    assert split(text) == expected


WORDS = st.sampled_from(
    [
        "Revenue",
        "grew",
        "U.S.",
        "Inc.",
        "4.5%",
        "“Done.”",
        "(see",
        "below.)",
        "•",
        "\n",
        "\n\n",
        "A.",
        "end.",
        "What?",
        "é",
    ]
)


@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=80))
def test_spans_are_in_order_apart_and_hold_every_word(text: str) -> None:
    spans = list(sentence_spans(text))
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    outside = list(text)
    for start, end in spans:
        assert text[start:end] == text[start:end].strip()
        outside[start:end] = " " * (end - start)
    assert not any(char.isalnum() for char in outside)


def test_country_ends_a_sentence_where_another_one_opens() -> None:
    assert split("Half work in the U.S. As of May all do. We like U.S. Bank.") == [
        "Half work in the U.S.",
        "As of May all do.",
        "We like U.S. Bank.",
    ]
