"""The notes to the financial statements: where each begins and ends, and its title.

The notes are the headings that count on from 1 or A; where a filer does not number them, the stretches that inline XBRL
tags whole (EDGAR Filer Manual §6.6.24, level 1). The last note ends where its tag ends, else where its item does.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from lxml import html

from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.text.canonical import Block, CanonicalDocument
from finrag_ml_tg1.filings.xbrl.text_blocks import read_text_blocks

__all__ = ["NoteSpan", "TaggedNotes", "find_notes"]

_TITLE = re.compile(
    r"(?:notes?\s+\(?(?P<worded>\d{1,2}|[A-Z])\b\)?|\(?(?P<number>\d{1,2}|[A-Z])\)?(?=\s*[.:)–—|-]))\s*[.:)–—|-]*\s*(?P<title>\S.*)",
    re.IGNORECASE,
)
_NUMBER_ALONE = re.compile(r"notes?\s+(?P<number>\d{1,2}|[A-Z])(?P<worded>)\s*[.:–—|-]*", re.IGNORECASE)
_PART_OF_NOTE = re.compile(r"(?:Policy|Table|Tables|Details)TextBlock$")
# What may follow the notes in their item without a tag or an item's heading.
_AFTER_NOTES = re.compile(
    r"(?:reports? of independent|independent (?:registered|auditor|accountant)|report of management|management.s report"
    r"|(?:financial statement )?schedules?\b|signatures?\b|exhibit index|(?:index to )?exhibits?\b)",
    re.IGNORECASE,
)
_CONTINUED = re.compile(r"\(?\bcontinued\b\)?", re.IGNORECASE)
_MAX_TITLE_CHARS = 160
_MAX_HEADING_CHARS = 220
_MIN_NOTES = 3
_MAX_STEP = 2
_MAX_GAP_CHARS = 200
_ITEM_LEVEL = 2


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
    document: CanonicalDocument,
    tagged: Sequence[tuple[int, int]],
    within: Sequence[tuple[int, int]],
    items: Sequence[ItemSpan],
) -> tuple[NoteSpan, ...]:
    """Return the notes in text order, without overlaps.

    Headings that count on from 1 or A, of the first of the stretches `within` that has some; where there are none, the
    tagged blocks (their stretches are `tagged`) that stand under a heading or begin with one. The last note does not
    reach into what follows the notes.
    """
    inside = _outermost([span for span in tagged if any(start <= span[0] and span[1] <= end for start, end in within)])
    counts = (_longest_count(list(_numbered_headings(document, *stretch))) for stretch in within)
    found = next((count for count in counts if len(count) >= _MIN_NOTES), [])
    if not found:
        return tuple(_titled(document, inside))
    notes = list(_counted(document, found, inside, items))
    if found[0].number == _MAX_STEP:
        # The first has lost its number: some filers let the browser count.
        notes[:0] = _titled(document, [span for span in inside if span[1] <= notes[0].char_start])
    return tuple(notes)


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


@dataclass(frozen=True, slots=True)
class _NumberedHeading:
    number: int
    char_start: int
    title: str


def _counted(
    document: CanonicalDocument,
    found: Sequence[_NumberedHeading],
    tagged: Sequence[tuple[int, int]],
    items: Sequence[ItemSpan],
) -> Iterator[NoteSpan]:
    """Each note up to the next; the last up to the end of its tag, else to what follows the notes."""
    for heading, following in pairwise(found):
        yield NoteSpan(heading.title, heading.char_start, following.char_start)
    last = found[-1]
    yield NoteSpan(last.title, last.char_start, _end_of_last(document, last, tagged, items))


def _end_of_last(
    document: CanonicalDocument,
    last: _NumberedHeading,
    tagged: Sequence[tuple[int, int]],
    items: Sequence[ItemSpan],
) -> int:
    reach = last.char_start + len(last.title)
    for start, end in tagged:
        # The tag may begin with the number, with the title, or with the text below.
        if start <= reach + _MAX_GAP_CHARS and end > reach:
            return end
    ends = [span.char_end for span in items if span.char_start <= last.char_start < span.char_end]
    ends += [span.char_start for span in items if span.char_start > last.char_start]
    limit = min(ends, default=len(document.text))
    for block in document.blocks:
        if not last.char_start < block.char_start < limit:
            continue
        if block.kind == "heading" and (block.level <= _ITEM_LEVEL or _AFTER_NOTES.match(document.text_of(block))):
            return _end_before(document, block)
    return limit


def _end_before(document: CanonicalDocument, following: Block) -> int:
    return max(block.char_end for block in document.blocks if block.char_end <= following.char_start)


def _numbered_headings(document: CanonicalDocument, start: int, end: int) -> Iterator[_NumberedHeading]:
    blocks = [block for block in document.blocks if start <= block.char_start < end and block.kind != "furniture"]
    for block, follower in zip_longest(blocks, blocks[1:]):
        if block.kind not in ("heading", "table") and not block.run_in:
            continue
        heading = _heading_of(document, block)
        alone = _NUMBER_ALONE.fullmatch(heading)
        match = alone or _TITLE.fullmatch(heading)
        if match and len(heading) <= _MAX_HEADING_CHARS and not _CONTINUED.search(heading):
            number = match["number"] or match["worded"]
            title = f"{heading} {_heading_of(document, follower)}" if alone and follower is not None else heading
            value = int(number) if number.isdigit() else ord(number.upper()) - ord("A") + 1
            yield _NumberedHeading(value, block.char_start, title[:_MAX_TITLE_CHARS])


def _longest_count(headings: Sequence[_NumberedHeading]) -> list[_NumberedHeading]:
    """The longest run that counts 1, 2, 3 … in text order, at most one number left out at a time."""
    # By number, the nearest heading below the one considered; and of each heading, the one its run goes on with.
    nearest: dict[int, int] = {}
    following: dict[int, int | None] = {}
    length: dict[int, int] = {}
    first: int | None = None
    for index in range(len(headings) - 1, -1, -1):
        number = headings[index].number
        further = [nearest[number + step] for step in range(1, _MAX_STEP + 1) if number + step in nearest]
        following[index] = min(further, default=None)
        length[index] = 1 + (length[min(further)] if further else 0)
        nearest[number] = index
        if number <= _MAX_STEP and (first is None or length[index] > length[first]):
            first = index
    run = []
    while first is not None:
        run.append(headings[first])
        first = following[first]
    return run
