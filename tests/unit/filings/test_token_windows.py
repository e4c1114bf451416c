from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.passages.packing import packed, tokens_of
from finrag_ml_tg1.filings.passages.token_windows import TextSpan, TokenWindows


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


@given(st.text("ab .,\n", max_size=300), st.integers(1, 40), st.none() | st.integers(1, 40))
def test_pieces_hold_every_word_in_order_within_their_room(text: str, room: int, first_room: int | None) -> None:
    windows = TokenWindows(text, words)
    pieces = list(windows.pieces(0, len(text), room, first_room=first_room))
    assert all(left.char_end <= right.char_start for left, right in pairwise(pieces))
    kept = "".join("".join(text[piece.char_start : piece.char_end].split()) for piece in pieces)
    assert kept == "".join(text.split())
    for number, piece in enumerate(pieces):
        assert piece.tokens == len(words(text[piece.char_start : piece.char_end]))
        assert piece.tokens <= (room if number or first_room is None else first_room)


def test_a_long_text_is_cut_at_the_end_of_a_sentence() -> None:
    text = "One two three four. Five six seven eight nine ten eleven."
    first, *_ = TokenWindows(text, words).pieces(0, len(text), 7)
    assert text[: first.char_end] == "One two three four."


def test_clipped_text_has_at_most_so_many_word_pieces() -> None:
    windows = TokenWindows("", words)
    assert windows.clipped("one two three", 2) == "one two"
    assert windows.clipped("one two", 2) == "one two"


@given(st.lists(st.integers(1, 50), max_size=40))
def test_packed_spans_keep_their_order_and_leave_no_small_end_that_could_be_filled(sizes: list[int]) -> None:
    spans = [TextSpan(number, number + 1, size) for number, size in enumerate(sizes)]
    groups = packed(spans, 100, least=40)
    assert [span for group in groups for span in group] == spans
    assert all(group and tokens_of(group) <= 100 for group in groups)
    if len(groups) > 1 and tokens_of(groups[-1]) < 40:
        moved = tokens_of(groups[-1]) + groups[-2][-1].tokens
        assert len(groups[-2]) == 1 or moved > min(100, tokens_of(groups[-2]))
