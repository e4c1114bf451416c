"""Citation marks as language models write them, read while the text arrives: each becomes `[n]` with a known number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from finrag_ml_tg1.answering.inert_text import InertReader, bracket_end
from finrag_ml_tg1.answering.invisible import without_invisible
from finrag_ml_tg1.answering.link_breaker import LinkBreaker
from finrag_ml_tg1.answering.thoughts import ThoughtDropper

__all__ = ["MarkReader", "used_marks"]

_NAMES = (
    r"(?:passages?|sources?|blocks?|citations?|references?|refs?\.?|documents?|docs?\.?|excerpts?|contexts?"
    r"|id|n)"
)
_NUMBER = rf"(?:{_NAMES}\s*[=:#]?\s*|[\^#]\s*)?\d{{1,3}}"
# Where in the passage: "[1, p. 4]", "[1; Item 7]", "[1 at 3]".
_LOCATOR = (
    r"(?:at\s+(?=\S)|(?:pp?|pages?|pgs?|items?|notes?|sec(?:tion)?s?|para(?:graph)?s?|lines?|parts?|tables?|rows?|columns?"
    r"|chapters?|exhibits?|figures?|footnotes?|see)\b|[§¶])"
)
_MARK = re.compile(
    rf"(?P<numbers>\s*{_NUMBER}(?:(?:\s*[,;/&+\-–—]\s*|\s*,?\s*(?:and|to)\s+|\s+){_NUMBER})*)"
    rf"(?:\s*[,;:.]?\s*{_LOCATOR}.*|\s*\.?\s*(?:†.*)?)",
    re.IGNORECASE | re.DOTALL,
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_RANGE = re.compile(r"(\d{1,3})(?:\s*[-–—]\s*|\s+to\s+)(?=\d)|(\d{1,3})", re.IGNORECASE)
_LONGEST_RANGE = 20
_LONGEST_GAP = 16
_OPENING = "[【"
_CLOSES = "]】"
_CLOSING = frozenset(".,;:!?)")
_WRITTEN_MARK = re.compile(r"\\.|\[(\d{1,3})\]", re.DOTALL)


def used_marks(markdown: str) -> list[int]:
    """Return the numbers cited in a checked answer, in order of first use."""
    marks = (match[1] for match in _WRITTEN_MARK.finditer(markdown))
    return list(dict.fromkeys(int(number) for number in marks if number))


class MarkReader:
    """Reads Markdown in pieces and gives it back inert with marks `[1][2]`; the cut into pieces changes nothing.

    Leading thoughts and characters that cannot be seen are left out. So are numbers outside `known`, which are kept in
    `unknown`, in order, and a mark that repeats the one before it. Of the text only what may still belong to a mark, a
    link or a tag is held back.
    """

    def __init__(self, known: Collection[int]) -> None:
        self._known = frozenset(known)
        self._thoughts = ThoughtDropper()
        self._inert = InertReader(_is_mark)
        self._breaker = LinkBreaker()
        self._held = ""
        self._gap = ""
        self._gap_after = ""
        self._run: list[int] = []
        self._has_left_out = False
        self._last = "\n"
        self.unknown: list[int] = []

    def feed(self, piece: str) -> str:
        """Return what of the text is settled by now."""
        self._held += self._inert.feed(self._thoughts.feed(without_invisible(piece)))
        return self._read(at_end=False)

    def end(self) -> str:
        """Return the rest; a mark that was never closed stays as it was written."""
        self._held += self._inert.feed(self._thoughts.end()) + self._inert.end()
        rest = self._read(at_end=True)
        is_dropped = self._has_left_out and "\n" not in self._gap_after
        return rest + ("" if is_dropped else self._whole_gap())

    def _read(self, *, at_end: bool) -> str:
        written: list[str] = []
        place = 0
        while place < len(self._held):
            step = self._step(place, at_end=at_end)
            if step is None:
                break
            length, words = step
            written.append(words)
            place += length
        self._held = self._held[place:]
        return self._breaker.add("".join(written))

    def _step(self, place: int, *, at_end: bool) -> tuple[int, str] | None:
        """How many characters are read from a place and what is written by then; None to wait for more."""
        text, char = self._held, self._held[place]
        if char == "\\" and place + 1 < len(text):
            return 2, self._plain(text[place : place + 2])
        if char == "\\" and not at_end:
            return None
        if char in _OPENING:
            opened = place + (text[place + 1 : place + 2] == char)
            closed = bracket_end(text, opened, _CLOSES)
            if closed is None and not at_end:
                return None
            if closed is not None and closed > 0 and _is_mark(text[opened + 1 : closed]):
                if opened > place and closed + 1 == len(text) and not at_end:
                    return None
                inside = text[opened + 1 : closed]
                closed += opened > place and text[closed + 1 : closed + 2] in tuple(_CLOSES)
                return closed + 1 - place, self._mark(inside)
        return 1, self._space(char) if char.isspace() else self._plain(char)

    def _mark(self, inside: str) -> str:
        written = _MARK.fullmatch(inside)
        numbers = list(dict.fromkeys(_numbers(written["numbers"] if written else "")))
        self.unknown += [number for number in numbers if number not in self._known and number not in self.unknown]
        is_next = bool(self._run) and "\n" not in self._gap
        said = self._run if is_next else []
        new = [number for number in numbers if number in self._known and number not in said]
        if not new:
            self._leave_out(is_next=is_next)
            return ""
        gap = "" if is_next else self._taken_gap("[")
        self._run = [*said, *new]
        self._gap = self._gap_after = ""
        self._has_left_out = False
        self._last = "]"
        return gap + "".join(f"[{number}]" for number in new)

    def _leave_out(self, *, is_next: bool) -> None:
        """Of the spaces around a mark left out, those of one side stay."""
        if is_next:
            self._gap = ""
            return
        self._gap, self._gap_after = self._whole_gap(), ""
        self._has_left_out = True

    def _space(self, char: str) -> str:
        if self._has_left_out:
            self._gap_after += char
        else:
            self._gap += char
        if len(self._gap) + len(self._gap_after) < _LONGEST_GAP:
            return ""
        gap = self._taken_gap("")
        self._run = []
        self._last = gap[-1:] or self._last
        return gap

    def _plain(self, char: str) -> str:
        is_separator = char in (",", ";") and self._run and not self._gap.strip() and not self._has_left_out
        if is_separator and "\n" not in self._gap:
            self._gap += char
            return ""
        gap = self._taken_gap(char)
        self._run = []
        self._last = char
        return gap + char

    def _taken_gap(self, following: str) -> str:
        is_dropped = self._has_left_out and following in _CLOSING and "\n" not in self._gap + self._gap_after
        gap = "" if is_dropped else self._whole_gap()
        self._gap = self._gap_after = ""
        self._has_left_out = False
        return gap

    def _whole_gap(self) -> str:
        if not self._has_left_out:
            return self._gap
        if "\n" in self._gap_after:
            return self._gap_after
        return self._gap if self._gap or self._last == "\n" else self._gap_after


def _is_mark(inside: str) -> bool:
    return bool(_MARK.fullmatch(inside)) and not _THOUSANDS.fullmatch(inside)


def _numbers(inside: str) -> Iterator[int]:
    """The numbers of a mark, ranges counted out."""
    first: int | None = None
    for match in _RANGE.finditer(inside):
        number = int(match[1] or match[2])
        if first is not None:
            yield from range(first + 1, number) if number - first <= _LONGEST_RANGE else ()
        yield number
        first = number if match[1] else None
