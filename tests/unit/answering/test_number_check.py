"""Numbers and years in an answer against facts, calculations and cited texts."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.number_check import measure, statements
from finrag_ml_tg1.answering.citation_marks import MarkReader
from finrag_ml_tg1.answering.number_check import flag_numbers
from finrag_ml_tg1.answering.support import flag_unsupported
from finrag_ml_tg1.facts.fact_set import Calculation, Display, FactSet, UsedFact
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG
from tests.sample_index import sample_store

__all__ = ["sample_store"]

STATEMENT = """Orquenna, 10-K for fiscal 2022
CONSOLIDATED STATEMENTS OF OPERATIONS
(In millions, except number of shares, which are reflected in thousands, and per-share amounts)
Years ended
September 24, 2022 | September 25, 2021
Net sales | $394,328 | 365,817
Gross margin percentage | 43.3% | 41.8%
Net income (loss) | (1,234) | 5,678
Purchases of equipment | (10,708) | (11,085)
Diluted | $6.11 | 5.61
Shares outstanding | 16,215,963 | 16,701,272"""
PROSE = """Orquenna, 10-K for fiscal 2023
Administrative costs were $11.9 billion and $11.8 billion during 2022 and 2023. They declined 3% in 2023.
We had three segments, 164,000 employees and leases of €3.2 million. Item 7 and Note 12 tell more."""
TEXTS = {1: STATEMENT, 2: PROSE}


def fact(
    value: str, year: int, unit: str = "USD", display: Display = "money", label: str = "Operating income"
) -> UsedFact:
    start, end = date(year, 1, 1), date(year, 12, 31)
    tagged = Fact(
        cik=1,
        accession="1-22-1",
        form="10-K",
        concept="us-gaap:Sales",
        label=label,
        row_label=label,
        row_path="",
        statement="income",
        value=Decimal(value),
        unit="USD",
        decimals=None,
        period_start=start,
        period_end=end,
        dimensions=(),
        fiscal_year=year,
        fiscal_period="FY",
        source="tagged",
        passage_id=None,
        char_start=None,
        char_end=None,
        recency=0,
    )
    return UsedFact(tagged, "sales", label, "money")


def calculation(value: str, display: Display, label: str) -> Calculation:
    inputs = (fact("100000000", 2021), fact("97000000", 2022))
    return Calculation("m", label, "fiscal 2022", 1, 2022, "a / b", "1 / 2", inputs, Decimal(value), "pure", display)


NOTHING = FactSet()
FOUND = FactSet((fact("-5200000", 2022), calculation("-0.03", "percent", "Growth of operating income")))
POINTS = FactSet((calculation("0.125", "points", "Change in operating margin"),))


def flagged(markdown: str, found: FactSet = NOTHING) -> list[str]:
    flags = flag_numbers(markdown, found, TEXTS)
    assert all(flag.kind == "number" and markdown[flag.start : flag.end] == flag.text for flag in flags)
    return [flag.text for flag in flags]


@pytest.mark.parametrize(
    "markdown",
    [
        "Net sales were $394,328 million in 2022 [1].",
        "Net sales were $394.3 billion in fiscal 2022 [1], up from $365.8 billion in 2021.",
        "Net sales were about $394 billion [1], or 394.33bn.",
        "Net sales were nearly $395 billion [1], well over $394 billion.",
        "Net sales were $394,328,000,000 [1].",
        "The net loss was $1,234 million in 2022 [1]; net income was $5.7 billion in 2021.",
        "Net income (loss) was $(1,234) million [1], or −$1.2 billion.",
        "The company bought equipment for $10.7 billion in 2022 [1].",
        "The margin was 43.3% in 2022 [1], earnings were $6.11 a share.",
        "There were 16.2 billion shares [1].",
        "Administrative costs were $11.8 billion in 2023 [2], after $11.9 billion in 2022.",
        "Administrative costs fell by 3% [2], a 3% decline.",
        "It has 3 segments, 164,000 employees and leases of €3.2m [2].",
        "| | 2022 | 2021 |\n|---|---|---|\n| Net sales (in millions) | 394,328 | 365,817 |",
        "1. Net sales [1]\n2. See Item 7, Note 44, Form 8-K, Rule 10b5-1, ASC 606, Section 13 and Exhibit 10.1 [2]",
        "In the 4th quarter, Q3 and the 52-week year of the 10-year notes [1].",
        "Two thirds of 2022 and 2021 [1].",
        "Net sales were USD394.3bn in 2022 [1], or USD 394,328m, 394.328e9 dollars.",
        "Net sales were about three hundred ninety-four billion dollars [1].",
        "It has three segments and one hundred sixty-four thousand employees [2].",
        "Costs declined three percent [2], or 3pct.",
        "The sources name Phase 3, number 12, table 4 and steps 5 and 6; sources 1 and 2 say so [1].",
        "It sells the A320, the H100 and 5G chips, as its 10Q says [1].",
    ],
)
def test_right_numbers_are_left_alone(markdown: str) -> None:
    assert flagged(markdown) == []


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Net sales were $393.4 billion in 2022 [1].", "$393.4 billion"),
        ("Net sales were $394.4 billion in 2022 [1].", "$394.4 billion"),
        ("Net sales were $394.3 million in 2022 [1].", "$394.3 million"),
        ("Net sales were $394,328 [1].", "$394,328"),
        ("Net sales were €394.3 billion in 2022 [1].", "€394.3 billion"),
        ("Net sales were 394,328 million shares in 2022 [1].", "394,328 million shares"),
        ("Net sales were $394.3 billion in 2021 [1].", "2021"),
        ("Net sales were $394.3 billion in 2019 [1].", "2019"),
        ("Net income was $1,234 million in 2022 [1].", "$1,234 million"),
        ("Net sales were −$394,328 million [1].", "−$394,328 million"),
        ("The margin was 43.3 percentage points [1].", "43.3 percentage points"),
        ("The margin was $43.3 million [1].", "$43.3 million"),
        ("The margin was 4,330 basis points [1].", "4,330 basis points"),
        ("Administrative costs were $11.8 billion in 2022 [2].", "2022"),
        ("Administrative costs increased by 3% [2].", "3%"),
        ("There are 146,000 employees [2].", "146,000"),
        ("Net sales were nearly $394 billion [1].", "$394 billion"),
        ("Administrative costs were $11.8 billion [1].", "$11.8 billion"),
        ("Net sales were five hundred billion dollars [1].", "five hundred billion dollars"),
        ("Net sales were half a billion dollars [1].", "half a billion dollars"),
        ("Net sales were a hundred and twelve million [1].", "a hundred and twelve million"),
        ("Net sales were 5 hundred million [1].", "5 hundred million"),
        ("Costs declined seventy-seven percent [2].", "seventy-seven percent"),
        ("Net sales were USD777m [1].", "USD777m"),
        ("The margin was 777pct [1].", "777pct"),
        ("Net sales were 3.9e12 dollars [1].", "3.9e12 dollars"),
        ("Some 777/1000 of sales [1].", "777/1000"),
        ("Net sales were 5.000.000 euros [1].", "5.000.000"),
        ("Net sales grew 12-fold [1].", "12-fold"),
        ("Net sales grew twelvefold [1].", "twelvefold"),
        ("Net sales came from the sources 45.7 billion [1].", "45.7 billion"),
        ("It raised the number 5,432 [1].", "5,432"),
        ("See the tables 45.7% [1].", "45.7%"),
        ("Of this phase 45 million [1].", "45 million"),
        ("Of this Phase 45bn [1].", "45bn"),
        ("Of this Item 45 billion [1].", "45 billion"),
        ("It may 45 trillion [1].", "45 trillion"),
        ("Net sales in May 45 trillion [1].", "45 trillion"),
        ("Net sales were $394 mıllion [1].", "$394"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_flagged(markdown: str, expected: str) -> None:
    assert expected in flagged(markdown)


@pytest.mark.parametrize(
    ("markdown", "found", "expected"),
    [
        ("The operating loss was $5.2 million in 2022.", FOUND, []),
        ("Operating income was −$5.2 million, and declined by 3%.", FOUND, []),
        ("Operating income was $5.2 million in 2022.", FOUND, ["$5.2 million"]),
        ("Operating income increased by 3% in 2022.", FOUND, ["3%"]),
        ("Operating income declined by 3% in fiscal 2021.", FOUND, ["fiscal 2021"]),
        ("The margin rose by 12.5 percentage points, 1,250 basis points.", POINTS, []),
        ("The margin rose by 12.5%.", POINTS, ["12.5%"]),
    ],
)
def test_facts_and_calculations_decide_sign_unit_and_year(markdown: str, found: FactSet, expected: list[str]) -> None:
    assert flagged(markdown, found) == expected


def test_the_block_a_sentence_cites_is_the_one_it_is_checked_against() -> None:
    assert flagged("There are 164,000 employees [1]. Net sales were $394.3 billion [1].") == ["164,000"]
    assert flagged("There are 164,000 employees. Net sales were $394.3 billion.") == []


@pytest.fixture(scope="module")
def sample_rag(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> FinRAG:
    folder = tmp_path_factory.mktemp("number_check")
    store = LocalFolderStore(sample_store)
    return FinRAG.open(store, DiskCache(folder, store, 2**30), folder)


def test_planted_numbers_are_flagged_and_right_ones_are_not(sample_rag: FinRAG) -> None:
    result = measure(list(statements(sample_rag, 30, seed=11)), seed=11)
    planted, right = result["planted"], result["right"]
    assert isinstance(planted, int)
    assert isinstance(right, int)
    assert planted >= 300
    assert right >= 100
    assert result["planted_flagged"] >= 0.99 * planted  # type: ignore[operator]
    assert result["right_flagged"] <= 0.01 * right  # type: ignore[operator]


PARTS = [
    "$",
    "5",
    "1,234",
    " million",
    " in ",
    "2022",
    "(",
    ")",
    "%",
    "|",
    "\n",
    "−",
    " ",
    "[1]",
    "Item 7",
    ".",
    "loss of ",
]


# Letters that a search without regard to case takes for i, s and k, and digits of other scripts.
STRANGE = str.maketrans({"i": "\u0131", "I": "\u0130", "s": "\u017f", "k": "\u212a", "5": "\u0665", "2": "\uff12"})
WORDS = [
    *PARTS, " thousand", " Millions", " bil", "k", "USD", "dollars", " percent", "basis points", "five", "six hundred",
    "half a", "twelvefold", "12-fold", "1e9", "fiscal ", "FY", "May ", "December 5, 2022", "shares", " days",
    "in millions", "$000s", "9" * 400, "[" + "9" * 5_000 + "]", "is not disclosed", "sources", "Overall,", "```",
    "| a | b |", "|---|---|", "||5", "\u202e",
]  # fmt: skip
ANY_WORDS = st.lists(st.sampled_from(WORDS + [word.translate(STRANGE) for word in WORDS]), max_size=30).map(
    "".join
) | st.text(st.characters(exclude_categories=[]))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join) | st.text(), st.text(max_size=80))
def test_any_text_gets_flags_at_exact_offsets_in_order(markdown: str, text: str) -> None:
    flags = flag_numbers(markdown, FOUND, {1: text, 2: STATEMENT})
    assert all(markdown[flag.start : flag.end] == flag.text != "" for flag in flags)
    assert [flag.start for flag in flags] == sorted(flag.start for flag in flags)


@settings(deadline=None, max_examples=300)
@given(ANY_WORDS, ANY_WORDS)
def test_no_text_of_any_script_raises(markdown: str, text: str) -> None:
    flag_numbers(markdown, FOUND, {1: text, 2: STATEMENT})
    flag_unsupported(markdown, {1: text})
    reader = MarkReader({1, 2})
    assert isinstance(reader.feed(markdown) + reader.end(), str)


@settings(deadline=None, max_examples=100)
@given(st.integers(10**7, 10**13), st.integers(1, 4), st.sampled_from([("million", 6), ("billion", 9)]))
def test_rounded_fact_is_right_and_the_next_number_is_not(value: int, places: int, scale: tuple[str, int]) -> None:
    name, power = scale
    shown = round(Decimal(value).scaleb(-power), places)
    found = FactSet((fact(str(value), 2022, "Sales"),))
    if shown >= 10:
        assert flag_numbers(f"Sales were ${shown:,} {name}.", found, {}) == ()
        off = shown + 2 * Decimal(1).scaleb(-places)
        assert len(flag_numbers(f"Sales were ${off:,} {name}.", found, {})) == 1


@pytest.mark.parametrize(
    "part",
    [
        "five hundred ",
        "twenty-",
        "5 hundred ",
        "1/",
        "1.000.",
        "1e9",
        "sources 4.5 ",
        "5 ",
        "$1,234 million ",
        "$5 in 2022, ",
        "| 5 ",
        "1,",
        "(",
        "$(",
        " ",
        "1.1.1.",
        "Notes 1, 2, ",
        "2022-23 ",
        "9",
    ],
)
def test_long_texts_take_no_longer_than_their_length(part: str) -> None:
    text = part * (20_000 // len(part))
    started = time.perf_counter()
    flag_numbers(text, FactSet(), {1: text})
    assert time.perf_counter() - started < 20
