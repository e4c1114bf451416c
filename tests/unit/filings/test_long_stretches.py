"""Stretches of megabytes are cut as short ones are, piece after piece; headings without end do not pile up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.passages import token_windows
from finrag_ml_tg1.filings.passages.heading_path import HeadingPath
from finrag_ml_tg1.filings.passages.token_windows import TokenWindows


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def test_paragraph_of_a_megabyte_is_cut_into_pieces_that_hold_all_of_it() -> None:
    text = "We sell plain examples to 1,204 customers. Some are returned; " * 16_000
    longest = 0

    def counted(part: str) -> list[tuple[int, int]]:
        nonlocal longest
        longest = max(longest, len(part))
        return words(part)

    pieces = list(TokenWindows(text, counted).pieces(0, len(text), 100, first_room=30))

    assert longest < 100_000
    assert pieces[0].tokens <= 30
    assert all(piece.tokens <= 100 for piece in pieces)
    assert "".join(text[piece.char_start : piece.char_end] for piece in pieces).replace(" ", "") == text.replace(
        " ", ""
    )
    assert sum(piece.tokens > 50 for piece in pieces) > 0.98 * len(pieces), "no scraps at the seams"


@given(st.text("ab .;\n\u00a0", max_size=400), st.integers(1, 9), st.integers(10, 60))
def test_stretch_cut_in_turns_holds_every_word_once(text: str, room: int, turn: int) -> None:
    text = f"a{text}b"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(token_windows, "_MAX_STRETCH_CHARS", turn)
        pieces = list(TokenWindows(text, words).pieces(0, len(text), room))
    shown = "".join(text[piece.char_start : piece.char_end] for piece in pieces)
    assert "".join(shown.split()) == "".join(text.split())
    assert all(piece.tokens <= room for piece in pieces)


def test_headings_that_follow_each_other_without_end_do_not_pile_up() -> None:
    path = HeadingPath()
    for number in range(5_000):
        path = path.under(3, f"Heading {number}", follows_heading=True)
    assert len(path.headings) < 20
    assert path.shown() == ["Heading 4998", "Heading 4999"]
