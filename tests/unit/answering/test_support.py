"""Sentences without support: nothing cited, or what is cited hardly speaks of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.answering.support import flag_unsupported

TEXTS = {
    1: "Orquenna, 10-K for fiscal 2024\nNet sales increased on demand for pumps in Europe and new valve makers.",
    2: "Orquenna, 10-K for fiscal 2024\nWe face risks from suppliers, cybersecurity and tariffs on imported steel.",
}


def flagged(markdown: str) -> list[str]:
    flags = flag_unsupported(markdown, TEXTS)
    assert all(flag.kind == "unsupported" and markdown[flag.start : flag.end] == flag.text for flag in flags)
    return [flag.text for flag in flags]


@pytest.mark.parametrize(
    "markdown",
    [
        "Net sales increased on demand for pumps [1].",
        "Net sales increased on demand for pumps. [1]",
        "Net sales increased on demand for pumps.[1] Suppliers are a risk.[2]",
        "Net sales increased. Demand for pumps was higher in Europe. [1]",
        "Net sales increased.\nDemand for pumps was higher in Europe [1].",
        "- Suppliers are a risk [2]\n- Tariffs on steel are one. Cybersecurity is another [2]",
        "## The main risks of the company\n\n**What the risks are**\n\nSuppliers are a risk [2].",
        "The company names these risks:\n\n- Suppliers are a risk [2]",
        "| Risk | Words |\n|---|---|\n| Suppliers | come late and dear |",
        "Is there a risk from the suppliers of steel?",
        "The filings do not mention the weather or the harvest.",
        "No information on dividends is given in the passages supplied.",
        "The passages cannot tell what the weather will be like.",
        "```\nsome code that is not a sentence\n```",
        "Yes.",
        "",
    ],
)
def test_supported_words_and_words_that_need_none_are_left_alone(markdown: str) -> None:
    assert flagged(markdown) == []


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Net sales increased [1]. Olive harvests suffered badly.", ["Olive harvests suffered badly."]),
        ("Net sales increased.[1] Then came the harvest.", ["Then came the harvest."]),
        ("- Olive harvests suffered badly\n- Suppliers are a risk [2]", ["Olive harvests suffered badly"]),
        ("Net sales increased on pumps.\n\nSuppliers are a risk [2].", ["Net sales increased on pumps."]),
        ("It rose 🚀 [1].\n\nOlive harvests suffered badly.", ["Olive harvests suffered badly."]),
    ],
)  # fmt: skip
def test_sentences_that_cite_nothing_are_flagged(markdown: str, expected: list[str]) -> None:
    assert flagged(markdown) == expected


def test_sentence_that_shares_no_word_with_what_it_cites_is_flagged() -> None:
    foreign = "Clinical trials of the vaccine against malaria ended in Kenya [1]."
    assert flagged(foreign) == [foreign]


def test_short_or_paraphrased_sentence_is_not_flagged_for_its_words() -> None:
    assert flagged("Revenue climbed as European customers bought additional pumps and valves [1].") == []
    assert flagged("Turnover went up strongly [1].") == []


PARTS = st.sampled_from(["[1]", "[9]", "Sales rose", ".", " ", "\n", "- ", "# ", "|", "```", "é", "?", ":"])


@settings(deadline=None, max_examples=300)
@given(st.lists(PARTS).map("".join) | st.text())
def test_any_text_gets_flags_at_exact_offsets_in_order(markdown: str) -> None:
    flags = flag_unsupported(markdown, TEXTS)
    assert all(markdown[flag.start : flag.end] == flag.text for flag in flags)
    assert [flag.start for flag in flags] == sorted(flag.start for flag in flags)


@pytest.mark.parametrize("part", ["[1] ", ". ", ".[1] ", "not filings ", "information ", "**", "> ", " ", "a\n", "# "])
def test_long_texts_take_no_longer_than_their_length(part: str) -> None:
    started = time.perf_counter()
    flag_unsupported(part * (20_000 // len(part)), TEXTS)
    assert time.perf_counter() - started < 5
