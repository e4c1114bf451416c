"""What a language model writes, without addresses: links, images, HTML and raw URLs lose what could be followed.

Filing text may tell a model to link somewhere. An answer cites by number alone, so no address in it is of use.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["HELD_CHARACTERS", "InertReader", "bracket_end"]

HELD_CHARACTERS = 40
"""So many characters after an opening sign are waited for; then it is taken for a plain character."""

_URL_STARTS = ("https://", "http://", "ftp://", "www.", "mailto:", "xmpp:")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?:[\s/][^<>]*)?>")
_URL_CLOSERS = frozenset("<>\"'`)]|*\\")
_ESCAPABLE = frozenset("\\[]<>!`*_()")
_URL_PUNCTUATION = frozenset(".,;:!?")
# What Markdown takes for a link's address: no spaces, or in angle brackets, or followed by a quoted title.
_ADDRESS = re.compile(
    r"\(\s*(?:[^\s()<>]|\([^\s()<>]*\))*\s*\)|\(\s*<[^<>\n]*>\s*\)|\(\s*[^\s()]*\s+[\"'][^\"'\n]*[\"']\s*\)"
)
_UNFINISHED_ADDRESS = re.compile(r"\(\s*\S*")


def bracket_end(text: str, start: int, closers: str = "]") -> int | None:
    """Return where the bracket opened at `start` closes, -1 when it never does near by, None while it cannot be told.

    A line's end or another opening bracket ends the search.
    """
    for place in range(start + 1, min(len(text), start + HELD_CHARACTERS)):
        if text[place] in closers:
            return place
        if text[place] in "\n[【":
            return -1
    return -1 if len(text) - start >= HELD_CHARACTERS else None


class InertReader:
    """Reads Markdown in pieces and gives it back inert; how it is cut into pieces changes nothing.

    Link and image texts stay and their addresses go, HTML tags go, raw URLs go; other Markdown is left. Brackets around
    words of which `keeps_brackets` is true stay. Words that a tag parted stay apart. What is left may still form a link
    or a tag where something between was taken out: `LinkBreaker` comes last.
    """

    def __init__(self, keeps_brackets: Callable[[str], bool]) -> None:
        self._keeps_brackets = keeps_brackets
        self._held = ""
        self._before = ""
        self._last = ""
        self._is_parted = False
        self._skips_url = False
        self._skips_address = False

    def feed(self, piece: str) -> str:
        """Return what is known to be inert by now."""
        self._held += piece
        return self._read(at_end=False)

    def end(self) -> str:
        """Return the rest."""
        return self._read(at_end=True)

    def _read(self, *, at_end: bool) -> str:
        text = self._held + "\n" if at_end else self._held
        last = len(self._held)
        written: list[str] = []
        place = 0
        while place < last:
            step = self._step(text, place, at_end=at_end)
            if step is None:
                break
            length, words = step
            written.append(self._apart(words))
            place += length
            self._before = text[place - 1]
        self._held = self._held[place:]
        return "".join(written)

    def _apart(self, words: str) -> str:
        """The words, after a space where a tag alone stood between them and the word before."""
        if not words:
            return ""
        is_glued = self._is_parted and self._last.isalnum() and words[0].isalnum()
        self._is_parted = False
        self._last = words[-1]
        return f" {words}" if is_glued else words

    def _step(self, text: str, place: int, *, at_end: bool) -> tuple[int, str] | None:
        """How many characters are read from a place and what is written for them; None to wait for more."""
        char = text[place]
        if self._skips_url:
            return self._in_url(text, place)
        if self._skips_address:
            self._skips_address = not (char == ")" or char.isspace())
            return 1, char if char.isspace() else ""
        if char in "\\!]" and place + 1 == len(text):
            return None
        step: tuple[int, str] | None
        match char:
            case "\\":
                step = (2, text[place : place + 2]) if text[place + 1] in _ESCAPABLE else (1, char)
            case "]":
                is_link = text[place + 1] == "("
                step = self._address(text, place + 1, "]", 1, at_end=at_end) if is_link else (1, char)
            case "[" | "!":
                step = self._link(text, place, at_end=at_end)
            case "<":
                step = self._tag(text, place, at_end=at_end)
            case _:
                step = self._word(text, place)
        return step

    def _word(self, text: str, place: int) -> tuple[int, str] | None:
        """One character, or the start of a URL, which begins where a word does."""
        if self._before.isalnum() or text[place] not in "hHfFwWmMxX":
            return 1, text[place]
        start = _url_start(text, place)
        if start is None:
            return None
        self._skips_url = start > 0
        return (start, "") if start else (1, text[place])

    def _in_url(self, text: str, place: int) -> tuple[int, str] | None:
        """A URL ends at a space or a closing sign; a full stop that ends the sentence is not part of it."""
        char = text[place]
        following = place
        while following < len(text) and text[following] in _URL_PUNCTUATION and following - place < HELD_CHARACTERS:
            following += 1
        if following == len(text):
            return None
        if text[following].isspace() or text[following] in _URL_CLOSERS:
            self._skips_url = False
            if following == place and char == ">":
                return 1, ""
            return (following - place, text[place:following]) if following > place else (0, "")
        return max(1, following - place), ""

    def _link(self, text: str, place: int, *, at_end: bool) -> tuple[int, str] | None:
        """A bracket with an address loses both, but a citation mark keeps its brackets."""
        is_image = text[place] == "!"
        opened = place + is_image
        closed = bracket_end(text, opened) if text[opened] == "[" else -1
        if closed is None and not at_end:
            return None
        if closed is None or closed < 0:
            return 1, text[place]
        if closed + 1 == len(text):
            return None
        if text[closed + 1] != "(":
            return 1, text[place]
        words = text[opened + 1 : closed]
        if self._keeps_brackets(words):
            return 1, text[place]
        reader = InertReader(self._keeps_brackets)
        words = reader.feed(words) + reader.end()
        return self._address(text, closed + 1, words, closed + 1 - place, at_end=at_end, unlinked=text[place])

    def _address(
        self, text: str, opened: int, words: str, length: int, *, at_end: bool, unlinked: str = ""
    ) -> tuple[int, str] | None:
        """Write the words before a parenthesis, and leave that out when it holds an address.

        `unlinked` is written, and it alone is read, when it turns out that the bracket is no link.
        """
        address = _ADDRESS.match(text, opened, opened + HELD_CHARACTERS)
        if address:
            return address.end() - opened + length, words
        if len(text) - opened < HELD_CHARACTERS and not at_end:
            return None
        unfinished = _UNFINISHED_ADDRESS.match(text, opened, opened + HELD_CHARACTERS)
        is_long = unfinished is not None and unfinished.end() == opened + HELD_CHARACTERS
        if is_long or text.startswith("(<", opened):
            self._skips_address = True
            return length + 1, words
        return (1, unlinked) if unlinked else (length, words)

    def _tag(self, text: str, place: int, *, at_end: bool) -> tuple[int, str] | None:
        start = _url_start(text, place + 1)
        if start:
            self._skips_url = True
            return 1 + start, ""
        is_near = len(text) - place < HELD_CHARACTERS and not at_end
        if is_near and (start is None or place + 1 == len(text)):
            return None
        if not (text[place + 1].isalpha() or text[place + 1] in "/!?"):
            return 1, "<"
        tag = _TAG.match(text, place, place + HELD_CHARACTERS)
        if tag:
            self._is_parted = True
            return tag.end() - place, " " if tag[1].lower() == "br" else ""
        near = text[place + 1 : place + HELD_CHARACTERS]
        return None if is_near and not ("<" in near or ">" in near) else (1, "<")


def _url_start(text: str, place: int) -> int | None:
    """Length of what opens a URL at a place, 0 when none does, None while it may still become one."""
    near = text[place : place + len(_URL_STARTS[0])].lower()
    for start in _URL_STARTS:
        if near.startswith(start):
            return len(start)
    is_open = place + len(near) == len(text) and any(start.startswith(near) for start in _URL_STARTS)
    return None if is_open else 0
