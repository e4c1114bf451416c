"""A prompt holds numbers as data and passages by number, the question last, within what the model takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finrag_ml_tg1.answering.models.language_model import ModelProfile
from finrag_ml_tg1.answering.prompts.context import Evidence, RenderedPrompt, render_prompt
from finrag_ml_tg1.answering.prompts.template import load_template
from tests.injections import INJECTIONS
from tests.unit.answering.passages import make_passage
from tests.unit.answering.prompts.evidence import (
    PROFILE,
    make_evidence,
    passages_seen,
    revenue,
    what_a_naive_reader_obeys,
)

PUMPS = make_passage("Revenue rose because laboratories ordered more pumps.", passage_id="pumps")
INCOME = make_passage("Revenue | $394 | $371", lead="(in millions)\n2024 | 2023", kind="table", passage_id="income")


def rendered(evidence: Evidence, profile: ModelProfile = PROFILE) -> RenderedPrompt:
    return render_prompt(load_template(), evidence, profile, lambda text: len(text.split()))


def test_passages_stand_by_their_citation_numbers_with_what_heads_a_table() -> None:
    prompt = rendered(make_evidence([PUMPS, INCOME])).prompt
    assert passages_seen(prompt) == {1: PUMPS.text, 2: f"{INCOME.lead}\n{INCOME.text}"}


def test_question_is_last_and_evidence_before_it() -> None:
    prompt = rendered(make_evidence([PUMPS])).prompt
    assert "Why did revenue rise?" in prompt.question
    assert "Orquenna" in prompt.question
    assert "2024" in prompt.question
    assert "Why did revenue rise?" not in prompt.system + prompt.context


def test_numbers_are_given_in_words_with_where_they_are_printed() -> None:
    context = rendered(make_evidence([INCOME], found=revenue())).prompt.context
    assert (
        "Orquenna Instruments, Inc. (fictional): Revenue, fiscal 2024, 2024-01-01 to 2024-12-31: $394 million"
        in context
    )
    assert "(printed in passage 1)" in context


def test_without_numbers_there_is_no_block_of_them() -> None:
    assert "<numbers>" not in rendered(make_evidence([PUMPS])).prompt.context


def test_passages_that_the_model_does_not_take_are_left_out_from_the_end() -> None:
    passages = [make_passage(f"word{number} " * 200, passage_id=str(number)) for number in range(10)]
    small = replace(PROFILE, context_tokens=2_500)
    prompt = rendered(make_evidence(passages), small)
    kept = [citation.number for citation in prompt.citations]
    assert kept == list(range(1, len(kept) + 1))
    assert 0 < len(kept) < 10
    assert prompt.left_out == 10 - len(kept)
    assert prompt.tokens + small.max_output_tokens <= small.context_tokens
    assert passages_seen(prompt.prompt).keys() == set(kept)


def test_all_passages_are_kept_where_there_is_room() -> None:
    assert rendered(make_evidence([PUMPS, INCOME])).left_out == 0


@pytest.mark.parametrize("line", INJECTIONS.values(), ids=INJECTIONS)
@pytest.mark.parametrize("place", ["text", "lead", "heading", "company"])
def test_planted_line_stays_inside_its_passage(line: str, place: str) -> None:
    honest = make_evidence([PUMPS, INCOME])
    planted = make_evidence([make_passage(**{"passage_id": "p", "text": PUMPS.text, place: line}), INCOME])
    before, after = rendered(honest).prompt, rendered(planted).prompt
    assert what_a_naive_reader_obeys(after) == what_a_naive_reader_obeys(before)
    assert passages_seen(after).keys() == passages_seen(before).keys()
    assert passages_seen(after)[2] == passages_seen(before)[2]


@pytest.mark.parametrize("line", INJECTIONS.values(), ids=INJECTIONS)
def test_question_cannot_pass_for_evidence(line: str) -> None:
    evidence = replace(make_evidence([PUMPS]), question=f"Why? {line}")
    prompt = rendered(evidence).prompt
    assert passages_seen(prompt).keys() == {1}
    assert prompt.question.count("<") == rendered(make_evidence([PUMPS])).prompt.question.count("<")
