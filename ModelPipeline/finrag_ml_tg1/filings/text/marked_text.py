"""Text that remembers where elements of the document begin and end in it, through every change on the way.

White space is collapsed, cells are joined, blocks are put together: a position in the HTML has no simple place in the
canonical text. So the reader puts a mark into the text where an element it was asked for begins or ends, and what
changes the text carries the marks along, in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MARK", "MarkedText", "collapse", "collapse_marked", "join_marked"]

# A noncharacter: Unicode keeps it for use inside a program. In a document it shows nothing, and is dropped.
MARK = "\ufdd0"

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad" + MARK))


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text and the offsets of the marks in it, ascending; which element a mark belongs to is known by its order."""

    text: str
    marks: tuple[int, ...] = ()

    def with_marks_before(self, count: int) -> MarkedText:
        """Return the same text with `count` more marks at its beginning."""
        return MarkedText(self.text, (0,) * count + self.marks) if count else self

    def with_marks_after(self, count: int) -> MarkedText:
        """Return the same text with `count` more marks at its end."""
        return MarkedText(self.text, self.marks + (len(self.text),) * count) if count else self


def collapse(text: str) -> str:
    """Return the text on one line: characters of no width dropped, runs of white space one space."""
    return " ".join(text.translate(_INVISIBLE).split())


def collapse_marked(raw: str) -> MarkedText:
    """Return the text collapsed, and where the marks in it came to stand."""
    if MARK not in raw:
        return MarkedText(collapse(raw))
    parts: list[str] = []
    marks: list[int] = []
    length = 0
    after_space = False
    for index, segment in enumerate(raw.split(MARK)):
        if index:
            marks.append(length)
        shown = segment.translate(_INVISIBLE)
        words = " ".join(shown.split())
        if not words:
            after_space = after_space or bool(shown)
            continue
        if length and (after_space or shown[0].isspace()):
            words = " " + words
        parts.append(words)
        length += len(words)
        after_space = shown[-1].isspace()
    return MarkedText("".join(parts), tuple(marks))


def join_marked(parts: Iterable[MarkedText], separator: str) -> MarkedText:
    """Return the parts as one text, joined by `separator`, marks included."""
    texts: list[str] = []
    marks: list[int] = []
    offset = 0
    for part in parts:
        if texts:
            offset += len(separator)
        marks.extend(offset + mark for mark in part.marks)
        texts.append(part.text)
        offset += len(part.text)
    return MarkedText(separator.join(texts), tuple(marks))
