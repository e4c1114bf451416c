"""What messages mean after others: what is taken over, what is not, and that no history breaks a question."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.evaluation.scope import read_catalogs
from finrag_ml_tg1.scope import Filters, Question, Turn
from finrag_ml_tg1.understanding.conversation.follow_ups import FollowUps
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.vocabulary.metrics import load_metrics

CATALOGS = Path(__file__).parents[3] / "benchmarks" / "questions" / "scope_catalogs.jsonl"
APPLE = "What was Apple's revenue in 2022?"
WHY = "How did Intel's gross margin change in 2022?"
TARIFFS = "What does Nike say about tariffs in 2019?"
Role = Literal["user", "assistant"]


@pytest.fixture(scope="module")
def follow_ups() -> FollowUps:
    companies = read_catalogs(CATALOGS)["pages"].companies
    return FollowUps(companies, MetricNames(load_metrics()), lambda word: False)


def read(follow_ups: FollowUps, text: str, *turns: str | tuple[Role, str]) -> str:
    history = tuple(Turn("user", turn) if isinstance(turn, str) else Turn(*turn) for turn in turns)
    return follow_ups.standalone(Question(text, history=history)).text


@pytest.mark.parametrize(
    ("turns", "text", "meant"),
    [
        ([APPLE], "and in 2021?", "What was Apple's revenue in 2021?"),
        ([APPLE], "what about 2020 and 2021?", "What was Apple's revenue in 2020 and 2021?"),
        ([APPLE], "the year before?", "What was Apple's revenue in fiscal 2021?"),
        ([APPLE], "in Q3?", "What was Apple's revenue in Q3 of fiscal 2022?"),
        ([APPLE], "show the last five years", "What was Apple's revenue over the last five years?"),
        ([APPLE], "What about Microsoft?", "What was Microsoft's revenue in 2022?"),
        ([APPLE], "and nike?", "What was Nike's revenue in 2022?"),
        ([APPLE], "the same for Nike and msft", "What was Nike and MSFT's revenue in 2022?"),
        ([APPLE], "how about net income?", "What was Apple's net income in 2022?"),
        ([APPLE], "thanks, and R&D?", "What was Apple's R&D in 2022?"),
        ([APPLE], "and in percent of total assets?", "What was Apple's revenue in 2022 in percent of total assets?"),
        ([APPLE], "break it down by segment", "Break down Apple's revenue by segment in 2022."),
        ([APPLE], "compare that with Microsoft", "What was Apple and Microsoft's revenue in 2022?"),
        ([APPLE], "is that more than in 2021?", "Was Apple's revenue in fiscal 2022 more than in fiscal 2021?"),
        ([APPLE], "was it higher in 2021?", "Was Apple's revenue in fiscal 2021 higher than in fiscal 2022?"),
        ([APPLE], "Is Microsoft's higher?", "Which had the higher revenue in 2022, Apple or Microsoft?"),
        ([APPLE], "did Microsoft's grow?", "Did Microsoft's revenue grow in 2022?"),
        ([APPLE], "I meant 2020", "What was Apple's revenue in 2020?"),
        ([APPLE, "and Microsoft's?"], "which was larger?", "Which had the larger revenue in 2022, Apple or Microsoft?"),
        ([WHY], "why did it fall?", "Why did Intel's gross margin fall in 2022?"),
        ([WHY], "Why?", "Why did Intel's gross margin change in 2022?"),
        ([WHY], "what drove this?", "What drove the change in Intel's gross margin in 2022?"),
        ([WHY, "why?"], "and AMD's?", "Why did AMD's gross margin change in 2022?"),
        ([TARIFFS], "and about labor?", "What does Nike say about labor in 2019?"),
        ([TARIFFS], "and Costco?", "What does Costco say about tariffs in 2019?"),
        ([TARIFFS], "Who are its auditors?", "Who are Nike's auditors in 2019?"),
        ([TARIFFS], "What are the main risk factors?", "What are the main risk factors at Nike in 2019?"),
        ([TARIFFS], "How do they manage them?", "How does Nike manage tariffs in 2019?"),
        (
            ["What was Amcor's net income in Q1 2023?"],
            "the quarter before?",
            "What was Amcor's net income in Q4 of fiscal 2022?",
        ),
        (["Summarise Item 7 of Apple's 2022 10-K."], "and Item 1A?", "Summarise Item 1A of Apple's 2022 10-K."),
        (
            ["Which company had the highest revenue in 2022?"],
            "and the lowest?",
            "Which company had the lowest revenue in 2022?",
        ),
        (["What was Tesla's revenue in 2022?"], "And Apple?", "What was Apple's revenue in 2022?"),
    ],
)
def test_message_is_read_as_what_it_means_when_it_leans_on_another(
    follow_ups: FollowUps, turns: list[str], text: str, meant: str
) -> None:
    assert read(follow_ups, text, *turns) == meant


@pytest.mark.parametrize(
    "text",
    [
        "What was Nike's revenue in 2023?",
        "What was Microsoft's net income?",
        "How did Microsoft's revenue change from 2020 to 2021?",
        "Does Walmart own the stores that it runs?",
        "Which company had the highest revenue?",
        "Which companies mention tariffs?",
        "Rank all companies by revenue in 2019",
        "thanks!",
        "ok, thank you very much",
    ],
)
def test_question_stays_as_it_is_when_it_says_all_itself(follow_ups: FollowUps, text: str) -> None:
    alone = follow_ups.standalone(Question(text, history=(Turn("user", APPLE),)))
    assert (alone.text, alone.history, alone.as_asked) == (text, (), "")


def test_words_asked_with_are_kept_when_a_message_is_rewritten(follow_ups: FollowUps) -> None:
    question = Question("and in 2021?", top_k=3, include_numbers=False, history=(Turn("user", APPLE),))
    alone = follow_ups.standalone(question)
    assert (alone.as_asked, alone.top_k, alone.include_numbers) == ("and in 2021?", 3, False)


def test_answers_given_are_not_read(follow_ups: FollowUps) -> None:
    told: tuple[Role, str] = ("assistant", "Intel's net income in 2018 was $21 billion [1].")
    assert read(follow_ups, "and in 2021?", told) == "and in 2021?"
    assert read(follow_ups, "and in 2021?", APPLE, told) == "What was Apple's revenue in 2021?"


def test_companies_fixed_by_hand_are_not_overridden(follow_ups: FollowUps) -> None:
    question = Question("and in 2021?", Filters(tickers=("MSFT",)), history=(Turn("user", APPLE),))
    assert follow_ups.standalone(question).text == "and in 2021?"


def test_only_the_last_sentence_of_a_long_message_is_read(follow_ups: FollowUps) -> None:
    long = f"{'I have been reading about Boeing and its debt. ' * 20} {APPLE}"
    assert read(follow_ups, "and in 2021?", long) == "What was Apple's revenue in 2021?"


def test_long_question_stands_for_itself(follow_ups: FollowUps) -> None:
    text = "and " + "what about its debt, " * 40
    assert read(follow_ups, text, APPLE) == text


@settings(deadline=None, max_examples=150)
@given(
    turns=st.lists(
        st.one_of(
            st.text(max_size=120),
            st.sampled_from(
                ["?", "!!!", "and", "why?", "2022", "vs", "'s", "by segment", "Apple", "its", APPLE, TARIFFS]
            ),
        ),
        max_size=8,
    ),
    text=st.one_of(
        st.text(max_size=80), st.sampled_from(["and in 2021?", "why?", "and theirs?", "Nike's", "the first?"])
    ),
)
def test_no_history_breaks_a_question(follow_ups: FollowUps, turns: list[str], text: str) -> None:
    alone = follow_ups.standalone(Question(text, history=tuple(Turn("user", turn) for turn in turns)))
    assert alone.history == ()
    assert alone.text.strip() or not text.strip()
