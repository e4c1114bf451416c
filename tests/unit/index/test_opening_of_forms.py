"""A text in which no word starts as the forms of a term do does not hold the term."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.lexical import opening_of_forms, split_terms
from tests.sample_index import SAMPLES

# Forms whose stem changes more than the ending that is cut off.
FORMS = "dying lying tying skies skis idly gently early only singly happiness hoping bled troubled valency generically"


@pytest.mark.parametrize("word", FORMS.split())
def test_a_word_starts_as_its_stem_does_when_the_stem_is_another_word(word: str) -> None:
    (term,) = split_terms(word, keep_stop_words=True)
    assert word.startswith(opening_of_forms(term))


def test_every_word_of_the_samples_starts_as_its_stem_does() -> None:
    words = {word for path in SAMPLES.rglob("*.htm*") for word in path.read_text(errors="replace").lower().split()}
    assert words
    for word in words:
        for term in split_terms(word, keep_stop_words=True):
            assert opening_of_forms(term) in word


@settings(deadline=None)
@given(
    st.text("abcdefghilmnoprstuvy", min_size=1, max_size=9),
    st.sampled_from(["", "s", "ing", "ed", "ies", "ational", "fulness", "ization", "ously", "ative", "ement", "ly"]),
)
def test_a_made_up_word_starts_as_its_stem_does(root: str, ending: str) -> None:
    word = root + ending
    for term in split_terms(word, keep_stop_words=True):
        assert opening_of_forms(term) in word
