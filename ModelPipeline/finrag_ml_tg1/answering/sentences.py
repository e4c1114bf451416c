"""Text to sentences with their offsets, for prose as filings write it."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["sentence_spans"]

_BOUNDARY = re.compile(r"(?<=[.!?])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9•])|\n{2,}|(?<!\s)\s+(?=[•●▪])")
_LIST_MARKS = re.compile(r"[•●▪■◦·\s]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:inc|corp|co|ltd|no|nos|vs|u\.s|u\.k|e\.g|i\.e|etc|st|mr|ms|mrs|dr|jr|sr|approx|dept|fig|sec|art|al|cir"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|[a-z])|\b[A-Z](?:\.[A-Z])*)\.$",
    re.IGNORECASE,
)
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
        before = text[start : boundary.start()]
        ends_quote = boundary.group().startswith(('"', "”", "’"))
        opens = _OPENS_SENTENCE.match(text, boundary.end()) is not None
        is_title = _NUMBERED.search(before[-16:]) and not opens
        is_short_form = _ABBREVIATION.search(before[-16:]) and not (opens and _ENDS_AS_WELL.search(before[-16:]))
        if not is_blank_line and not ends_quote and (is_title or is_short_form):
            continue
        end = boundary.start() + len(boundary.group()) - len(boundary.group().lstrip('"”’)]'))
        yield from _trimmed(text, start, end)
        start = boundary.end()
    yield from _trimmed(text, start, len(text.rstrip()))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without a list mark in front; nothing when no words are left."""
    marks = _LIST_MARKS.match(text, start, end)
    first = marks.end() if marks else start
    words = text[first:end].rstrip()
    if words:
        yield first, first + len(words)
