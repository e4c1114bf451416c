"""A passage cut so that its marked words are in sight: what comes before them can be folded. Pure.

Streamlit cannot scroll to a place, so the place has to come near the top.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from serving.frontend.contract.passages import Passage
from serving.frontend.markup.table_rows import Row, count_headings, split_rows

__all__ = ["PassageParts", "find_places", "is_spread", "split_passage"]

Range = tuple[int, int]

# About six lines of a narrow window, and what stays above the marked words when the rest is folded.
_MOST_CHARS_BEFORE = 260
_CHARS_KEPT = 180
# The same for tables, whose names of rows are broken sooner than the words above them.
_MOST_LINES_BEFORE = 8
_LINES_KEPT = 3
_CHARS_A_LINE = 38
_CHARS_A_NAME = 14
_SPREAD_CHARS = 500
_SENTENCE_START = re.compile(r"(?<=[.!?;])\s+(?=\S)|\n+")
_WORD_START = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class PassageParts:
    """What is folded (None where nothing is) and what is shown, each with its own highlights."""

    folded: Passage | None
    folded_highlights: tuple[Range, ...]
    shown: Passage
    shown_highlights: tuple[Range, ...]


def find_places(text: str, highlights: Sequence[Range]) -> list[Range]:
    """Return the marked places in order; ranges with nothing but white space between them are one place."""
    places: list[Range] = []
    for start, end in sorted((max(0, start), min(end, len(text))) for start, end in highlights):
        if start >= end:
            continue
        if places and not text[places[-1][1] : start].strip():
            places[-1] = (places[-1][0], max(places[-1][1], end))
        else:
            places.append((start, end))
    return places


def is_spread(places: Sequence[Range]) -> bool:
    """Return whether the places are too far apart to be in sight together."""
    return len(places) > 1 and places[-1][0] - places[0][0] > _SPREAD_CHARS


def split_passage(passage: Passage, highlights: Sequence[Range], place: Range | None) -> PassageParts:
    """Return the passage in two, cut somewhat before `place`; in one where the place is near the top or None."""
    start = place[0] if place else 0
    parts = (_split_table if passage.kind == "table" else _split_prose)(passage, highlights, start)
    return parts or PassageParts(None, (), passage, tuple(highlights))


def _split_prose(passage: Passage, highlights: Sequence[Range], start: int) -> PassageParts | None:
    if start <= _MOST_CHARS_BEFORE:
        return None
    cut = _find_cut(passage.text, start)
    folded = replace(passage, text=passage.text[:cut])
    shown = replace(passage, lead="", text=passage.text[cut:])
    return PassageParts(folded, _shift(highlights, 0, cut), shown, _shift(highlights, cut, len(passage.text)))


def _find_cut(text: str, start: int) -> int:
    """Return the beginning of a sentence not too far before `start`, else of a word."""
    earliest = start - _CHARS_KEPT
    for pattern in (_SENTENCE_START, _WORD_START):
        found = next((match.end() for match in pattern.finditer(text, earliest, start)), None)
        if found is not None and found <= start:
            return found
    return earliest


def _split_table(passage: Passage, highlights: Sequence[Range], start: int) -> PassageParts | None:
    """Return the rows in two, both below the column headings; long words above those are folded with the first."""
    text, rows = passage.text, split_rows(passage.text)
    marked = sum(row.cells[0].offset <= start for row in rows) - 1
    heads = min(count_headings(rows), max(marked, 0))
    above = [*split_rows(passage.lead), *rows[:marked]]
    if sum(map(_count_lines, above)) <= _MOST_LINES_BEFORE:
        return None
    first = marked
    while first > heads and sum(map(_count_lines, rows[first - 1 : marked])) <= _LINES_KEPT:
        first -= 1
    cut, below_heads = rows[first].cells[0].offset, rows[heads].cells[0].offset
    headings = "\n".join([passage.lead, text[:below_heads]])
    short = "\n".join(line for line in headings.splitlines() if " | " in line or len(line) <= _CHARS_A_LINE)
    folded = replace(passage, text=text[:cut])
    shown = replace(passage, lead=short, text=text[cut:])
    return PassageParts(folded, _shift(highlights, 0, cut), shown, _shift(highlights, cut, len(text)))


def _count_lines(row: Row) -> int:
    """Return how many lines a row takes in a narrow window."""
    chars = _CHARS_A_LINE if len(row.cells) == 1 else _CHARS_A_NAME
    return -(-len(row.cells[0].text) // chars) or 1


def _shift(highlights: Sequence[Range], start: int, end: int) -> tuple[Range, ...]:
    """Return the highlights within [start, end), counted from its start."""
    clipped = [(max(first, start) - start, min(last, end) - start) for first, last in highlights]
    return tuple((first, last) for first, last in clipped if first < last)
