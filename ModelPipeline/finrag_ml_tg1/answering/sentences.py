"""Text to sentences with their offsets, for prose as filings write it."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["sentence_spans"]

_BOUNDARY = re.compile(r"(?<=[.!?])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9•])|\n{2,}|\s+(?=[•●▪])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:inc|corp|co|ltd|no|nos|vs|u\.s|u\.k|e\.g|i\.e|etc|st|mr|ms|mrs|dr|jr|sr|approx|dept|fig|sec|art|al|cir"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|[a-z])|\b[A-Z](?:\.[A-Z])*)\.$",
    re.IGNORECASE,
)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence, in order, without the white space between them.

    Blank lines always end a sentence; a full stop after an abbreviation or an initial does not.
    """
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        is_blank_line = "\n\n" in boundary.group()
        before = text[start : boundary.start()]
        if not is_blank_line and _ABBREVIATION.search(before[-12:]) and not before.endswith((")", "”", '"')):
            continue
        end = boundary.start() + len(boundary.group()) - len(boundary.group().lstrip('"”’)]'))
        if text[start:end].strip():
            yield start, end
        start = boundary.end()
    if text[start:].strip():
        yield start, len(text.rstrip())
