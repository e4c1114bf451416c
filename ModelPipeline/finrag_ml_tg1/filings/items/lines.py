"""The lines of a filing that may name items: its blocks, the rows of its tables, and what stands next to each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from finrag_ml_tg1.filings.text.canonical import Block, CanonicalDocument

__all__ = ["Line", "read_lines"]

_HEAD_CHARS = 400
_MAX_CONTENTS_CHARS = 250
# "Items 10, 11 and 12." without a title.
_MAX_NUMBER_CHARS = 22
_PAGE_NUMBER = re.compile(r"[–—-]?\s*(?:page\s*)?(?:[A-Z]-)?\d{1,3}\s*[–—-]?|[ivx]{1,5}", re.IGNORECASE)
_ENDS_IN_PAGE = re.compile(r"(?:[\s|.…_]|page)\s*(?:[A-Z]-)?(?:\d{1,3}|[ivx]{1,5})\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """The beginning of a block's or a table row's text, and how it stands; `table` is the offset of the row's table.

    `stretch` numbers the runs of short lines, which long paragraphs divide: a table of contents lies within one.
    `has_page` tells that a page number ends the line or is printed after it; `head_chars` counts what stands out.
    """

    text: str
    char_start: int
    char_end: int
    next_text: str
    stretch: int
    stands_out: bool
    head_chars: int
    table: int | None
    has_page: bool


def read_lines(document: CanonicalDocument) -> Iterator[Line]:
    """Yield the lines in text order, page furniture left out."""
    stretch = 0
    shown = [index for index, block in enumerate(document.blocks) if block.kind != "furniture"]
    for index, following in zip_longest(shown, shown[1:]):
        block = document.blocks[index]
        follower = document.blocks[following] if following is not None else None
        if block.kind == "table" and block.table is not None:
            for line in _rows(document, block, stretch):
                yield line
                stretch = line.stretch + (line.char_end - line.char_start > _MAX_CONTENTS_CHARS)
            continue
        text = document.text[block.char_start : min(block.char_end, block.char_start + _HEAD_CHARS)]
        is_long = block.char_end - block.char_start > _MAX_CONTENTS_CHARS
        stretch += is_long
        yield Line(
            text=text,
            char_start=block.char_start,
            char_end=block.char_end,
            next_text=_beginning(document, follower),
            stretch=stretch,
            stands_out=block.kind == "heading" or block.run_in > 0,
            head_chars=block.run_in or min(block.char_end - block.char_start, _HEAD_CHARS),
            table=None,
            has_page=not is_long and (_ends_in_page(text) or _page_follows(document, index)),
        )
        stretch += is_long


def _rows(document: CanonicalDocument, block: Block, stretch: int) -> Iterator[Line]:
    rows = block.table.rows if block.table is not None else ()
    for number, (row, below) in enumerate(zip_longest(rows, rows[1:])):
        start, end = block.char_start + row.char_start, block.char_start + row.char_end
        text = document.text[start : min(end, start + _HEAD_CHARS)].replace(" | ", " ")
        is_long = end - start > _MAX_CONTENTS_CHARS
        stretch += is_long
        yield Line(
            text=text,
            char_start=start if number else block.char_start,
            char_end=end,
            next_text=document.text[block.char_start + below.char_start : block.char_start + below.char_end].replace(
                " | ", " "
            )[:_HEAD_CHARS]
            if below
            else "",
            stretch=stretch,
            stands_out=row.is_bold,
            head_chars=len(text),
            table=block.char_start,
            has_page=_ends_in_page(text),
        )
        stretch += is_long


def _beginning(document: CanonicalDocument, block: Block | None) -> str:
    return document.text[block.char_start : min(block.char_end, block.char_start + _HEAD_CHARS)] if block else ""


def _ends_in_page(text: str) -> bool:
    return len(text) < _HEAD_CHARS and _ENDS_IN_PAGE.search(text) is not None


def _page_follows(document: CanonicalDocument, index: int) -> bool:
    """Whether a page number is the next block, or the one after the title of a line that is only a number."""
    block = document.blocks[index]
    has_title = block.char_end - block.char_start > _MAX_NUMBER_CHARS
    for follower in document.blocks[index + 1 : index + (2 if has_title else 3)]:
        text = document.text[follower.char_start : min(follower.char_end, follower.char_start + _HEAD_CHARS)]
        if _PAGE_NUMBER.fullmatch(text):
            return True
    return False
