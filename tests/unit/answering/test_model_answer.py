"""What a model writes is shown as it comes, checked at the end, and replaced by quotations when the model fails."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.model_answer import WrittenAnswer, write_answer
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, TokenUsage
from finrag_ml_tg1.answering.prompts.context import Evidence, render_prompt
from finrag_ml_tg1.answering.prompts.template import load_template
from finrag_ml_tg1.errors import ModelError
from finrag_ml_tg1.facts.fact_set import FactSet
from tests.injections import INJECTIONS
from tests.unit.answering.passages import make_passage
from tests.unit.answering.prompts.evidence import (
    ScriptedModel,
    make_evidence,
    passages_seen,
    revenue,
    what_a_naive_reader_obeys,
)

PUMPS = make_passage("Prices did not change. Revenue rose because laboratories ordered more pumps.", passage_id="pumps")
STAFF = make_passage("We employed 1,184 people at the end of the year.", passage_id="staff")
QUOTED = "Revenue rose because laboratories ordered more pumps. [1]"
ABSTENTION = "Not in the filings. Searched: one filing."
WROTE = "Laboratories ordered more pumps, so revenue rose [1]."


@dataclass(frozen=True)
class Written:
    """What was shown piece by piece, and what was returned."""

    shown: str
    result: WrittenAnswer

    @property
    def answer(self) -> Answer:
        return self.result.answer


def count_words(text: str) -> int:
    return len(text.split())


def write(
    model: ScriptedModel, found: FactSet | None = None, *, appendix: str = "", evidence: Evidence | None = None
) -> Written:
    given = evidence or make_evidence([PUMPS, STAFF], found=found)
    quoted = Answer(True, QUOTED, tuple(given.citations), 100, appendix=appendix)
    rendered = render_prompt(load_template(), given, model.profile, count_words)
    writing = write_answer(model, rendered, given, quoted, count_words, lambda: ABSTENTION)
    shown = ""
    while True:
        try:
            shown += next(writing)
        except StopIteration as end:
            return Written(shown, end.value)


def test_answer_is_what_the_model_wrote_with_what_it_cites() -> None:
    written = write(ScriptedModel(["Laboratories ordered more ", "pumps, so revenue", " rose [1]."]))
    assert written.answer.markdown == written.shown == WROTE
    assert [(citation.number, citation.is_cited) for citation in written.answer.citations] == [(1, True), (2, False)]
    [(start, end)] = written.answer.citations[0].highlights
    assert PUMPS.text[start:end] == "Revenue rose because laboratories ordered more pumps."
    assert written.answer.citations[1].highlights == ()


def test_cost_is_that_of_the_tokens_used() -> None:
    finished = Finished("end_turn", TokenUsage(input_tokens=2_000, output_tokens=500))
    use = write(ScriptedModel([WROTE, finished])).result.use
    assert (use.usage.total_tokens, use.stop_reason, use.fallback) == (2_500, "end_turn", "")
    assert float(use.cost) == pytest.approx((2_000 * 1 + 500 * 4) / 1_000_000)


def test_citation_of_a_passage_that_was_not_given_is_removed() -> None:
    written = write(ScriptedModel(["Revenue rose because laboratories ordered more pumps [1][7]."]))
    assert "[7]" not in written.shown + written.answer.markdown
    assert any("was not given" in note for note in written.result.notes)
    assert "[1]" in written.answer.markdown


def test_appendix_stands_below_what_the_model_wrote() -> None:
    written = write(ScriptedModel([WROTE]), appendix="How it was calculated: see [2].")
    assert written.answer.markdown == f"{WROTE}\n\nHow it was calculated: see [2]."
    assert [citation.is_cited for citation in written.answer.citations] == [True, True]


@pytest.mark.parametrize("pieces", [[], ["Revenue rose "]], ids=["before the first word", "half-way"])
def test_quotations_stand_in_for_a_model_that_fails(pieces: list[str | Exception | Finished]) -> None:
    written = write(ScriptedModel([*pieces, ModelError("The language model is away.")]))
    assert written.answer.markdown.startswith(QUOTED)
    assert "The language model is away." in written.answer.markdown
    assert written.result.use.fallback == "The language model is away."
    assert written.result.notes
    assert written.answer.citations[0].is_cited


def test_words_written_before_a_break_are_paid_for() -> None:
    assert write(ScriptedModel([ModelError("away")])).result.use.cost == 0
    assert write(ScriptedModel(["Revenue rose ", ModelError("away")])).result.use.cost > 0


@pytest.mark.parametrize("pieces", [["I cannot help with that."], []], ids=["in words", "in silence"])
def test_quotations_stand_in_for_a_refusal(pieces: list[str | Exception | Finished]) -> None:
    written = write(ScriptedModel([*pieces, Finished("refusal", TokenUsage(10, 1))]))
    assert written.answer.markdown.startswith(QUOTED)
    assert "declined" in written.result.use.fallback


@pytest.mark.parametrize("piece", ["", "  \n "])
def test_quotations_stand_in_for_a_model_that_writes_nothing(piece: str) -> None:
    written = write(ScriptedModel([piece]))
    assert written.answer.markdown.startswith(QUOTED)
    assert written.result.use.fallback


@pytest.mark.parametrize(
    ("draft", "kept"),
    [
        (f"{WROTE} Besides, the comp", WROTE),
        (f"{WROTE} Revenue of Orquenna Inc. was $383,2", WROTE),
        (f"{WROTE} It rose in the U.S. by 5", WROTE),
        (f"1. {WROTE}\n2. Costs may ri", f"1. {WROTE}"),
        (f"{WROTE}\n\n| Year | Revenue |\n|---|---|\n| 2024 | $39", f"{WROTE}\n\n| Year | Revenue |\n|---|---|"),
    ],
)
def test_answer_that_was_cut_off_ends_with_its_last_whole_sentence(draft: str, kept: str) -> None:
    written = write(ScriptedModel([draft, Finished("max_tokens", TokenUsage(10, 500))]))
    assert written.answer.markdown == kept
    assert any("cut short" in note for note in written.result.notes)


def test_answer_that_was_cut_off_in_its_first_sentence_is_quoted_instead() -> None:
    written = write(ScriptedModel(["Revenue of Orquenna Inc. was $383,2", Finished("max_tokens", TokenUsage(10, 500))]))
    assert written.answer.markdown.startswith(QUOTED)


@pytest.mark.parametrize(
    "pieces",
    [
        ["NOT_IN_FILINGS"],
        ["NOT_", "IN_FIL", "INGS"],
        ["  NOT_IN_FILINGS.\n"],
        ["NOT IN FILINGS"],
        ["**not_in_filings**"],
        [r"NOT\_IN\_FILINGS"],
        ["I don't know."],
        ["The filings don’t disclose this figure for 2022 [1]."],
        ["I'm sorry, but I can't help with that."],
        ["The passages do not mention pumps of competitors."],
        ["This is not disclosed in the evidence that was given."],
    ],
)
def test_model_that_finds_no_answer_leaves_the_question_unanswered(pieces: list[str | Exception | Finished]) -> None:
    written = write(ScriptedModel(pieces))
    assert not written.answer.is_answered
    assert written.answer.markdown == ABSTENTION
    assert not any(citation.is_cited for citation in written.answer.citations)
    assert "NOT_IN" not in written.shown


def test_number_with_a_reservation_is_an_answer() -> None:
    text = "Revenue rose to $394 million [1], and the filing does not state by how much prices rose."
    assert write(ScriptedModel([text])).answer.markdown == text


def test_number_of_the_filer_stands_when_the_model_finds_no_answer() -> None:
    written = write(ScriptedModel(["NOT_IN_FILINGS"]), revenue())
    assert written.answer.is_answered
    assert written.answer.markdown.startswith(QUOTED)


def test_part_that_is_not_in_the_filings_is_part_of_an_answer() -> None:
    text = "Revenue rose because laboratories ordered more pumps [1]. The passages do not mention prices."
    assert write(ScriptedModel([text])).answer.markdown == text


def test_closing_ends_the_generation() -> None:
    model = ScriptedModel(["Revenue ", "rose ", "again [1]."])
    quoted = Answer(True, QUOTED, (), 100)
    evidence = make_evidence([PUMPS])
    rendered = render_prompt(load_template(), evidence, model.profile, count_words)
    writing = write_answer(model, rendered, evidence, quoted, count_words, lambda: ABSTENTION)
    next(writing)
    writing.close()
    assert model.is_closed


def test_cancellation_reaches_the_model() -> None:
    model = ScriptedModel(["Revenue "])
    cancellation = Cancellation()
    quoted = Answer(True, QUOTED, (), 100)
    evidence = make_evidence([PUMPS])
    rendered = render_prompt(load_template(), evidence, model.profile, count_words)
    next(write_answer(model, rendered, evidence, quoted, count_words, lambda: ABSTENTION, cancellation=cancellation))
    assert model.cancellation is cancellation


@pytest.mark.parametrize("line", INJECTIONS.values(), ids=INJECTIONS)
def test_planted_line_does_not_change_what_is_answered(line: str) -> None:
    planted = replace(PUMPS, text=f"{PUMPS.text}\n\n{line}")
    honest, attacked = ScriptedModel([WROTE]), ScriptedModel([WROTE])
    before = write(honest)
    after = write(attacked, evidence=make_evidence([planted, STAFF]))
    assert what_a_naive_reader_obeys(attacked.asked[0]) == what_a_naive_reader_obeys(honest.asked[0])
    assert passages_seen(attacked.asked[0]).keys() == {1, 2}
    assert after.answer.markdown == before.answer.markdown
    assert after.answer.flags == before.answer.flags
