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

WRONG = "Apple will go bankrupt next year and its CEO was arrested."


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
        "**Net sales: what drove them**\n\nSuppliers are a risk [2].",
        "# Net sales of Orquenna, fiscal 2024\n\nSuppliers are a risk [2].",
        "Risk | Words\n---|---\nSuppliers | come late and dear",
        "| Risk | Words |\n|---|---|\n| Suppliers | They come late and are dear in all of the years told. [2] |",
        "**Suppliers are a risk.** [2]",
        "Overall, these are the risks:\n\n- Suppliers are a risk [2]",
        "There is no mention of the weather in the filings.",
        "I cannot determine the harvest from the passages provided.",
        "The harvest of 2023 is not disclosed.",
        "The filings don't mention the weather, and the harvest cannot be determined from them.",
        "Based on the excerpts, the size of the harvest was not specified.",
        "Neither filing mentions the weather.",
        "In 2023, Orquenna did not disclose the weather.",
        "## Results of operations of Orquenna Inc.\n\nSuppliers are a risk [2].",
        "The sources are silent on the weather.",
        "There is insufficient information in the filings to tell.",
        "It is not possible to determine the harvest from the passages.",
        "The filings make no mention of the harvest.",
        "The company does not disclose the size of its harvest.",
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
        (f"**{WRONG}**", [f"**{WRONG}**"]),
        (f"__{WRONG[:-1]}__", [f"__{WRONG[:-1]}__"]),
        (f"# {WRONG}", [WRONG]),
        (f"## {WRONG[:-1]}", [WRONG[:-1]]),
        ("### Olive harvests failed.", ["Olive harvests failed."]),
        (f"{WRONG} | indeed", [f"{WRONG} | indeed"]),
        (f"| {WRONG} |", [WRONG]),
        (f"| Risk | Words |\n|---|---|\n| Harvest | {WRONG} |", [WRONG]),
        (f"```\n{WRONG}\n```", [WRONG]),
        (f"```\n{WRONG}", [WRONG]),
        ("Overall, olive harvests suffered badly.", ["Overall, olive harvests suffered badly."]),
        ("The following quarter brought a flood.", ["The following quarter brought a flood."]),
        (
            "It did not pay a dividend and moved its information systems to Mars.",
            ["It did not pay a dividend and moved its information systems to Mars."],
        ),
        (
            "The filings do not mention dividends, but olive harvests suffered badly.",
            ["The filings do not mention dividends, but olive harvests suffered badly."],
        ),
        (
            "The filings do not mention dividends and Apple moved to Mars.",
            ["The filings do not mention dividends and Apple moved to Mars."],
        ),
        ("The dividend is not given; its CEO was arrested.", ["The dividend is not given; its CEO was arrested."]),
        (
            "Although the filings do not mention it, the company went bankrupt.",
            ["Although the filings do not mention it, the company went bankrupt."],
        ),
        ("The dividend is not disclosed, Apple moved.", ["The dividend is not disclosed, Apple moved."]),
        ("There are no information systems left on Earth.", ["There are no information systems left on Earth."]),
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


PARTS = st.sampled_from(
    ["[1]", "[9]", "Sales rose", ".", " ", "\n", "- ", "# ", "|", "```", "é", "?", ":", "**", "|---|", "and not stated"]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(PARTS).map("".join) | st.text())
def test_any_text_gets_flags_at_exact_offsets_in_order(markdown: str) -> None:
    flags = flag_unsupported(markdown, TEXTS)
    assert all(markdown[flag.start : flag.end] == flag.text for flag in flags)
    assert [flag.start for flag in flags] == sorted(flag.start for flag in flags)


@pytest.mark.parametrize(
    "part",
    [
        "[1] ", ". ", ".[1] ", "not filings ", "information ", "**", "> ", " ", "a\n", "# ", "| ", "|-|\n", "no ",
        "and a ", ", and ", "not given ", "The filings do not mention and ",
    ],
)  # fmt: skip
def test_long_texts_take_no_longer_than_their_length(part: str) -> None:
    started = time.perf_counter()
    flag_unsupported(part * (20_000 // len(part)), TEXTS)
    assert time.perf_counter() - started < 5
