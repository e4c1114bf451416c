"""The notes to the financial statements: where each begins and ends, and its title.

Inline XBRL tags a note whole (EDGAR Filer Manual §6.6.24, level 1); without tags, the notes are the headings that count
on from 1 or A.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from lxml import html

from finrag_ml_tg1.filings.canonical import Block, CanonicalDocument
from finrag_ml_tg1.filings.xbrl.text_blocks import read_text_blocks

__all__ = ["NoteSpan", "TaggedNotes", "find_notes"]

_TITLE = re.compile(
    r"(?:notes?\s+\(?(?P<worded>\d{1,2}|[A-Z])\b\)?|\(?(?P<number>\d{1,2}|[A-Z])\)?(?=\s*[.:)–—|-]))\s*[.:)–—|-]*\s*(?P<title>\S.*)",
    re.IGNORECASE,
)
_NUMBER_ALONE = re.compile(r"notes?\s+(?P<number>\d{1,2}|[A-Z])(?P<worded>)\s*[.:–—|-]*", re.IGNORECASE)
_PART_OF_NOTE = re.compile(r"(?:Policy|Policies|Table|Tables|Details)TextBlock$")
_CONTINUED = re.compile(r"\(?\bcontinued\b\)?", re.IGNORECASE)
_MAX_TITLE_CHARS = 160
_MIN_NOTES = 3
_MAX_STEP = 2


@dataclass(frozen=True, slots=True)
class NoteSpan:
    """A note: its title as printed, and its stretch of the canonical text."""

    title: str
    char_start: int
    char_end: int


class TaggedNotes:
    """The text blocks that tag whole notes; `elements` have to be traced through the reading of the text."""

    def __init__(self, root: html.HtmlElement) -> None:
        blocks = [block for block in read_text_blocks(root).blocks if _PART_OF_NOTE.search(block.concept) is None]
        self._sizes = [len(block.elements) for block in blocks]
        self.elements: list[html.HtmlElement] = [element for block in blocks for element in block.elements]

    def placed(self, spans: Sequence[tuple[int, int] | None]) -> list[tuple[int, int]]:
        """Return the stretch of each block, its continuations included; `spans` are those of `elements`."""
        stretches = []
        offset = 0
        for size in self._sizes:
            shown = [span for span in spans[offset : offset + size] if span is not None]
            offset += size
            if shown:
                stretches.append((min(start for start, _ in shown), max(end for _, end in shown)))
        return stretches


def find_notes(
    document: CanonicalDocument, tagged: Sequence[tuple[int, int]], within: Sequence[tuple[int, int]]
) -> tuple[NoteSpan, ...]:
    """Return the notes in text order, without overlaps, from the stretches `within` that may hold them.

    Headings that count on from 1 or A, of the stretch that has most; where there are none, the tagged blocks (their
    stretches are `tagged`) that stand under a heading or begin with one.
    """
    counted = max((list(_counted(document, start, end)) for start, end in within), key=len, default=[])
    if len(counted) >= _MIN_NOTES:
        return tuple(counted)
    inside = [span for span in tagged if any(start <= span[0] and span[1] <= end for start, end in within)]
    return tuple(_titled(document, _outermost(inside)))


def _outermost(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < end and (not kept or start >= kept[-1][1]):
            kept.append((start, end))
    return kept


def _titled(document: CanonicalDocument, spans: Sequence[tuple[int, int]]) -> Iterator[NoteSpan]:
    """The stretches that begin with a heading, or stand directly under one that then belongs to them."""
    blocks = [block for block in document.blocks if block.kind != "furniture"]
    starts = [block.char_start for block in blocks]
    for start, end in spans:
        first = bisect_left(starts, start)
        for block in blocks[first : first + 1] + blocks[max(0, first - 1) : first]:
            if block.kind == "heading" or block.run_in:
                title = _heading_of(document, block)[:_MAX_TITLE_CHARS]
                yield NoteSpan(title, min(start, block.char_start), end)
                break


def _heading_of(document: CanonicalDocument, block: Block) -> str:
    text = document.text_of(block).replace(" | ", " ")
    return text[: block.run_in] if block.run_in else text.partition("\n")[0]


def _counted(document: CanonicalDocument, start: int, end: int) -> Iterator[NoteSpan]:
    found = _longest_count(list(_numbered_headings(document, start, end)))
    ends = [following for _, following, _ in found[1:]] + [end]
    for (_, begin, title), finish in zip(found, ends, strict=False):
        yield NoteSpan(title[:_MAX_TITLE_CHARS], begin, finish)


def _numbered_headings(document: CanonicalDocument, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield (number, offset, heading) of headings that begin with a number or letter."""
    blocks = [block for block in document.blocks if start <= block.char_start < end and block.kind != "furniture"]
    for block, follower in zip_longest(blocks, blocks[1:]):
        if block.kind not in ("heading", "table") and not block.run_in:
            continue
        heading = _heading_of(document, block)
        alone = _NUMBER_ALONE.fullmatch(heading)
        match = alone or _TITLE.fullmatch(heading)
        if match and len(heading) <= _MAX_TITLE_CHARS and not _CONTINUED.search(heading):
            number = match["number"] or match["worded"]
            title = f"{heading} {_heading_of(document, follower)}" if alone and follower is not None else heading
            yield int(number) if number.isdigit() else ord(number.upper()) - ord("A") + 1, block.char_start, title


def _longest_count(headings: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The longest run that counts 1, 2, 3 … in text order, at most one number left out at a time."""
    best: list[tuple[int, int, str]] = []
    for first, heading in enumerate(headings):
        if heading[0] > _MAX_STEP:
            continue
        run = [heading]
        for following in headings[first + 1 :]:
            if 1 <= following[0] - run[-1][0] <= _MAX_STEP:
                run.append(following)
        if len(run) >= len(best):
            best = run
    return best
