"""Text to sentences with their offsets, for prose as filings write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters

__all__ = ["sentence_spans"]

# All start with the class of characters that a boundary starts with, by which the others are passed over.
_BOUNDARY = re.compile(
    r"[\s\"”’)\]](?:"
    r"(?<=[.!?][\"”’)\]])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9•])|(?<=[.!?]\s)\s*(?=[\"“‘(\[]?[A-Z0-9•])"
    r"|(?<=\n)\n+|(?<=\s)(?<!\s\s)\s*(?=[•●▪]))"
)
_LIST_MARKS = re.compile(r"[•●▪■◦·\s]*")
# Beside single letters ("U.S.", "J. Smith").
_ABBREVIATIONS = frozenset(
    "inc corp co ltd no nos vs etc st mr ms mrs dr jr sr approx dept fig sec art al cir jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)
_LONGEST_ABBREVIATION = 6
# "Note 16. Segment Reporting" is a title, "in Item 8. Our backlog" are two sentences.
_NUMBERED = re.compile(r"\b(?:notes?|items?|exhibit)\s+\d{1,2}[a-z]?\.$", re.IGNORECASE)
# "outside of the U.S. As of" are two sentences, "U.S. Bank" is a name.
_ENDS_AS_WELL = re.compile(r"\b(?:u\.s|u\.k)\.$", re.IGNORECASE)
_OPENS_SENTENCE = re.compile(
    r"[\"“(]?(?:a|all|an|as|at|both|during|for|if|in|it|no|on|our|see|such|the|these|this|to|we|when)\b", re.IGNORECASE
)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence, in order, without the white space between them.

    Blank lines always end a sentence; a full stop after an abbreviation or an initial does not.
    """
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        is_blank_line = "\n\n" in boundary.group()
        ends_quote = boundary.group().startswith(('"', "”", "’"))
        if not is_blank_line and not ends_quote and _goes_on(text, start, boundary):
            continue
        end = boundary.start() + len(boundary.group()) - len(boundary.group().lstrip('"”’)]'))
        yield from _trimmed(text, start, end)
        start = boundary.end()
    yield from _trimmed(text, start, len(text.rstrip()))


def _goes_on(text: str, start: int, boundary: re.Match[str]) -> bool:
    """Whether the full stop before a boundary ends a title's number or a short form, and no sentence."""
    before = text[max(start, boundary.start() - 16) : boundary.start()]
    if not before.endswith("."):
        return False
    is_numbered = any(map(str.isdigit, before[-3:-1])) and _NUMBERED.search(before) is not None
    is_short_form = _is_abbreviation(before[:-1])
    if not (is_numbered or is_short_form):
        return False
    opens = _OPENS_SENTENCE.match(text, boundary.end()) is not None
    return not opens or (is_short_form and _ENDS_AS_WELL.search(before) is None)


def _is_abbreviation(before: str) -> bool:
    """Whether the last word of what stands before a full stop is a short form."""
    rest = before.rstrip(ascii_letters)
    length = len(before) - len(rest)
    if not 0 < length <= _LONGEST_ABBREVIATION or rest[-1:].isalnum() or rest.endswith("_"):
        return False
    return length == 1 or before[-length:].lower() in _ABBREVIATIONS


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without a list mark in front; nothing when no words are left."""
    marks = _LIST_MARKS.match(text, start, end)
    first = marks.end() if marks else start
    words = text[first:end].rstrip()
    if words:
        yield first, first + len(words)
