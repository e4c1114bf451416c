"""Citations that hold, and each way in which one may not."""

from __future__ import annotations

from dataclasses import replace

from finrag_ml_tg1.evaluation.answers.asking import Given, GivenCitation
from finrag_ml_tg1.evaluation.answers.citation_checks import citation_fault

SENTENCE = "Inventories rose because of the [5] new shops\nthat were opened."
TEXT = f"Before. {SENTENCE} After."
START = len("Before. ")
CITED = GivenCitation(1, TEXT, ((START, START + len(SENTENCE)),), True)
OTHER = GivenCitation(2, "Not used.", (), False)
QUOTED = "Inventories rose because of the \\[5\\] new shops that were opened. [1]"
GIVEN = Given(QUOTED, True, (CITED, OTHER))


def test_quotation_at_its_highlight_holds_whatever_its_line_breaks() -> None:
    assert citation_fault(GIVEN) == ""


def test_product_s_own_lines_are_no_quotations() -> None:
    lines = (
        "**Orquenna: Inventories, fiscal 2023: $5 million** [1]\n\n- Inventories: $5 million [1] (fiscal 2023, at …)"
    )
    assert citation_fault(replace(GIVEN, answer=lines)) == ""


def test_each_fault_is_named() -> None:
    short = replace(CITED, highlights=((START, len(TEXT) + 1),))
    faults = {
        "nothing is cited": replace(GIVEN, answer="Inventories rose."),
        "[3] stands for no cited passage": replace(GIVEN, answer=f"{QUOTED} More. [3]"),
        "[2] stands for no cited passage": replace(GIVEN, answer=f"{QUOTED} More. [2]"),
        "[2] is said to be cited and is not": replace(GIVEN, citations=(CITED, replace(OTHER, is_cited=True))),
        "[1] is highlighted outside its text": replace(GIVEN, citations=(short,)),
        "two citations have the same number": replace(GIVEN, citations=(CITED, replace(OTHER, number=1))),
    }
    assert {fault: citation_fault(given) for fault, given in faults.items()} == {fault: fault for fault in faults}


def test_sentence_changed_by_a_word_is_no_quotation() -> None:
    changed = replace(GIVEN, answer=QUOTED.replace("new", "old"))
    assert "does not say so" in citation_fault(changed)
    assert citation_fault(replace(changed, is_quoted=False)) == ""


def test_sentence_that_stands_elsewhere_in_the_text_is_not_at_its_highlight() -> None:
    elsewhere = replace(CITED, highlights=((0, 7),))
    assert "does not say so" in citation_fault(replace(GIVEN, citations=(elsewhere,)))
