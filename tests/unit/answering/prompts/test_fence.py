"""Text of filings stays data: nothing in it can close a tag, cite a passage, or hide."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.answering.prompts.fence import fenced
from tests.injections import INJECTIONS


def is_inert(text: str) -> bool:
    hidden = [sign for sign in text if unicodedata.category(sign).startswith("C") and sign not in "\n\t"]
    return not hidden and not set("<>[]【】＜＞") & set(text) and "NOT_IN_FILINGS" not in text.upper()


@pytest.mark.parametrize("line", INJECTIONS.values(), ids=INJECTIONS)
def test_planted_line_is_made_inert(line: str) -> None:
    assert is_inert(fenced(line))
    assert '"' not in fenced(line, on_one_line=True)
    assert len(fenced(line, on_one_line=True).splitlines()) <= 1


@settings(deadline=None)
@given(st.text())
def test_any_text_is_made_inert(text: str) -> None:
    assert is_inert(fenced(text))
    assert is_inert(fenced(text, on_one_line=True))


@settings(deadline=None)
@given(st.text())
def test_fencing_twice_changes_nothing(text: str) -> None:
    assert fenced(fenced(text)) == fenced(text)


def test_words_and_figures_stay_as_they_are() -> None:
    text = "Revenue fell 3.2% to $(1,234) million — “as expected” – at Müller & Co.\n\n2024 | 2023"
    assert fenced(text) == text
