"""One slip of the pen is read as the name it is near to, and only then."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.companies import CompanyNames
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.misspelled_names import misspelled_names, one_slip_apart
from finrag_ml_tg1.vocabulary.metrics import load_metrics

NAMES = st.text(string.ascii_lowercase, min_size=5, max_size=12)


@given(NAMES, st.data())
def test_each_kind_of_slip_is_one_apart(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    slips = [
        name[:place] + name[place + 1 :],
        name[:place] + letter + name[place:],
        name[:place] + letter + name[place + 1 :],
    ]
    if place + 1 < len(name):
        slips.append(name[:place] + name[place + 1] + name[place] + name[place + 2 :])
    for slip in slips:
        assume(slip != name)
        assert one_slip_apart(slip, name)


@given(NAMES, NAMES)
def test_one_slip_is_the_same_from_either_side(left: str, right: str) -> None:
    assert one_slip_apart(left, right) == one_slip_apart(right, left)


@pytest.mark.parametrize("written", ["microsoft", "mcirsooft", "icrosoft", "microsoftie", "mkrasoft"])
def test_no_slip_two_slips_and_another_first_letter_are_not(written: str) -> None:
    assert not one_slip_apart(written, "microsoft")


def read(text: str, *, words: frozenset[str] = frozenset()) -> list[str]:
    known = {"microsoft": "Microsoft", "krafthein": "", "kraftheinz": "Kraft Heinz", "corning": "Corning"}
    found = misspelled_names(text, known, lambda word: word.lower() in words, ignores_case=False)
    return [text[name.start : name.end] for name in found]


def test_names_of_one_and_of_several_words_are_found() -> None:
    assert read("How did Kraft Hienz and Micorsoft's sales grow?") == ["Kraft Hienz", "Micorsoft"]


def test_words_spelled_as_meant_are_no_slips() -> None:
    assert read("Mourning prices at Cornings", words=frozenset({"cornings", "mourning"})) == []


def test_lower_case_words_of_a_cased_question_are_no_names() -> None:
    assert read("What does the micorsoft do?") == []


def test_words_of_the_language_are_no_slips_in_the_product() -> None:
    catalog = [Company(1, "Apple Inc.", ("AAPL",), (), (2023,)), Company(2, "Block, Inc.", ("SQ",), (), (2023,))]
    names = CompanyNames(catalog, MetricNames(load_metrics()))
    words = {"ample", "square", "feet"}
    for question in ("what does it say about ample issues", "How many Square Feet are leased?", "Who is Kevin Block?"):
        assert names.find(question, lambda word: True, lambda word: word in words).companies == ()
    assert names.find("Appple revenue", lambda word: False).companies == (catalog[0],)
