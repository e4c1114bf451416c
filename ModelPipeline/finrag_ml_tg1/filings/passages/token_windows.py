"""Stretches of a text that fit into a number of word-pieces, cut where a reader would cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["TextSpan", "TokenOffsets", "TokenWindows"]

TokenOffsets = Callable[[str], list[tuple[int, int]]]

# Longer stretches are cut in turn: the offsets of all word-pieces of a paragraph of megabytes take gigabytes.
_MAX_STRETCH_CHARS = 50_000
_SENTENCE_END = re.compile(r"[.!?;:][\"”’)]*$")


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A stretch of the text, with its number of word-pieces."""

    char_start: int
    char_end: int
    tokens: int


class TokenWindows:
    """Measures and cuts one text; `token_offsets` gives the character offsets of word-pieces."""

    def __init__(self, text: str, token_offsets: TokenOffsets) -> None:
        self._text = text
        self._offsets = token_offsets

    def tokens(self, text: str) -> int:
        """Return the number of word-pieces of any text."""
        return len(self._offsets(text))

    def clipped(self, text: str, max_tokens: int) -> str:
        """Return any text cut to at most so many word-pieces."""
        text = text[:_MAX_STRETCH_CHARS]
        offsets = self._offsets(text)
        return text if len(offsets) <= max_tokens else text[: offsets[max_tokens - 1][1]]

    def span(self, start: int, end: int) -> TextSpan:
        """Return a stretch of the text with its word-pieces counted."""
        return TextSpan(start, end, self.tokens(self._text[start:end]))

    def pieces(self, start: int, end: int, room: int, *, first_room: int | None = None) -> Iterator[TextSpan]:
        """Split a stretch at sentence ends, else between words, into spans of at most `room` word-pieces.

        The first has at most `first_room` where that is given. Characters of no word-piece stay with the piece before.
        """
        limit = first_room or room
        while end - start > _MAX_STRETCH_CHARS:
            *found, last = self._cut(start, start + _MAX_STRETCH_CHARS, limit, room)
            yield from found or [last]
            start = last.char_start if found else start + _MAX_STRETCH_CHARS
            limit = room
        yield from self._cut(start, end, limit, room)

    def _cut(self, start: int, end: int, limit: int, room: int) -> Iterator[TextSpan]:
        """Cut a stretch as `pieces` does, the first piece to `limit` and the others to `room` word-pieces."""
        offsets = self._offsets(self._text[start:end])
        if len(offsets) <= limit:
            yield TextSpan(start, end, len(offsets))
            return
        starts = [start, *(start + token_start for token_start, _ in offsets[1:]), end]
        first = 0
        while first < len(offsets):
            last = min(first + limit, len(offsets))
            if last < len(offsets):
                last = self._break_before(start, offsets, first, last)
            piece = self._stripped(starts[first], starts[last])
            while piece.tokens > limit and last > first + 1:
                # Cut inside a word, whose parts may have more word-pieces than the word.
                last -= 1
                piece = self._stripped(starts[first], starts[last])
            yield piece
            first, limit = last, room

    def _stripped(self, start: int, end: int) -> TextSpan:
        return self.span(start, start + len(self._text[start:end].rstrip()))

    def _break_before(self, start: int, offsets: list[tuple[int, int]], first: int, last: int) -> int:
        """The latest sentence end in the second half of the window, else the latest space, else the window's end."""
        word_break = last
        for index in range(last, first + (last - first) // 2, -1):
            left, right = start + offsets[index - 1][1], start + offsets[index][0]
            if left == right:
                continue
            if word_break == last and index != last:
                word_break = index
            if _SENTENCE_END.search(self._text[max(start, left - 3) : left]):
                return index
        return word_break
