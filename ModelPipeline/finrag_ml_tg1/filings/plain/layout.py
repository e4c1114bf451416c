"""Preformatted text to paragraphs, headings, lists, tables and drawn lines.

Lines of 70 to 80 characters are joined to paragraphs again; a hyphen at a line's end stays as it is printed, for
nobody can tell it from one of the word's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from finrag_ml_tg1.filings.plain.headlines import ITEM_HEADING, LIST_MARK, is_capitals, is_title
from finrag_ml_tg1.filings.plain.lines import MAX_LAID_OUT_CHARS, Line, read_lines
from finrag_ml_tg1.filings.plain.rows import read_rows
from finrag_ml_tg1.filings.plain.tables import find_tables
from finrag_ml_tg1.filings.text.grid import GridRow
from finrag_ml_tg1.filings.text.styles import Style

__all__ = ["PlainPart", "PlainTable", "read_plain_text"]

_USUAL_WIDTH = 72
_MIN_WIDTH, _MAX_WIDTH = 50, 140
# A line that leaves more room than this for the next word was ended on purpose.
_ROOM = 10
_CENTRED_INDENT = 6
_CENTRED_DRIFT = 3
# A centred line shorter than this share of the width was not wrapped.
_FULL_SHARE = 0.7
_MAX_HEADING_CHARS = 220
_MAX_TITLE_CHARS = 80
_BULLET = re.compile(r"(?:[•·●▪*]|o|--?|\((?:\d{1,2}|[a-z]|[ivx]{1,4})\))\s", re.I)
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*(?:[FSA]-)?\d{1,3}\s*[-–—]?", re.I)
_SENTENCE_END = (".", ":", ";", "?", "!", '."', ".)", ".'")
_OPEN_END = re.compile(r"(?:[,&-]|\b(?:and|or|of|for|to|in|the|on|from|with|by))$", re.I)


@dataclass(frozen=True, slots=True)
class PlainTable:
    """The rows of a table, and how many are headers where a tag tells it."""

    rows: list[GridRow]
    header_rows: int | None


@dataclass(frozen=True, slots=True)
class PlainPart:
    """A stretch of the text, `start` to `end`, with what it is; `page` counts the page breaks before it."""

    kind: Literal["heading", "paragraph", "list", "table", "furniture"]
    start: int
    end: int
    page: int
    underlined: bool = False
    table: PlainTable | None = None


def read_plain_text(raw: str, style_at: Callable[[int], Style]) -> Iterator[PlainPart]:
    """Yield the parts of a text in order; every character that shows is in exactly one of them."""
    lines = list(read_lines(raw))
    width = _usual_width(lines)
    done = 0
    for start, end in find_tables(lines):
        yield from _prose(lines[done:start], width)
        rows, header_rows = read_rows(raw, lines[start:end], style_at)
        place = lines[start].start, lines[end - 1].end, lines[start].page
        yield PlainPart("table", *place, table=PlainTable(rows, header_rows))
        done = end
    yield from _prose(lines[done:], width)


def _usual_width(lines: Sequence[Line]) -> int:
    """The column that nine tenths of the lines of prose end before."""
    ends = sorted(
        len(line.text) for line in lines if len(line.cells) == 1 and _MIN_WIDTH < len(line.text) <= _MAX_WIDTH
    )
    return ends[len(ends) * 9 // 10] if len(ends) >= 10 else _USUAL_WIDTH


def _prose(lines: Sequence[Line], width: int) -> Iterator[PlainPart]:
    blocks = [
        list(group)
        for (_, _, is_blank), group in groupby(lines, key=lambda line: (line.page, line.is_ruler, line.is_blank))
        if not is_blank
    ]
    for index, block in enumerate(blocks):
        if block[0].is_ruler:
            yield PlainPart("furniture", block[0].start, block[-1].end, block[0].page)
            continue
        follower = blocks[index + 1][0] if index + 1 < len(blocks) else None
        paragraphs = list(_paragraphs(block, width))
        for number, paragraph in enumerate(paragraphs):
            below = follower if number + 1 == len(paragraphs) else None
            yield _part(paragraph, below, width, stands_alone=len(paragraphs) == 1)


def _paragraphs(block: Sequence[Line], width: int) -> Iterator[list[Line]]:
    # Text with a wide right margin, such as a quotation, is wrapped at a width of its own.
    wrapped_at = min(width, max(len(line.text) for line in block)) if len(block) > 2 else width
    margin = min(line.indent for line in block)
    paragraph: list[Line] = []
    for index, line in enumerate(block):
        follower = block[index + 1] if index + 1 < len(block) else None
        if paragraph and (
            _are_apart(paragraph[-1], line, width, wrapped_at, opening=paragraph[0])
            or _is_indented(paragraph, line, follower, margin)
        ):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _are_apart(above: Line, line: Line, width: int, wrapped_at: int, *, opening: Line) -> bool:
    """Return whether two lines are not of one paragraph, by their words and length; `opening` is its first line."""
    if max(len(above.text), len(line.text)) > _MAX_WIDTH:
        return True
    text, words = above.text, line.text.strip()
    ends_sentence = text.endswith(_SENTENCE_END)
    has_room = len(text) + len(words.split(" ", 1)[0]) + _ROOM < wrapped_at
    is_open = _OPEN_END.search(text[-8:]) is not None
    above_capitals = is_capitals(text) and is_capitals(opening.text)
    if is_capitals(words) != above_capitals and (ends_sentence or not is_open):
        return above_capitals or ends_sentence or has_room
    if ITEM_HEADING.match(words) or LIST_MARK.match(words):
        return ends_sentence or has_room or is_capitals(text)
    if ITEM_HEADING.match(opening.text.strip()) and not is_title(words) and not is_open:
        return is_title(ITEM_HEADING.sub("", text.strip(), count=1)) or has_room
    if _is_centred(above, width) and _is_centred(line, width):
        return words.startswith("(") or (not is_open and len(text.strip()) <= _FULL_SHARE * width)
    return has_room and not is_open


def _is_indented(before: Sequence[Line], line: Line, follower: Line | None, margin: int) -> bool:
    """Return whether a line begins a paragraph by its indent, after the end of a sentence."""
    above = before[-1]
    stands_in = line.indent >= above.indent + 2 and (follower is None or follower.indent < line.indent)
    stands_back = line.indent < above.indent and len(before) > 1
    return above.text.endswith(_SENTENCE_END) and (stands_back or (stands_in and line.indent >= margin + 2))


def _is_centred(line: Line, width: int) -> bool:
    return line.indent >= _CENTRED_INDENT and abs(line.indent + len(line.text) - width) <= 2 * _CENTRED_DRIFT


def _part(lines: Sequence[Line], below: Line | None, width: int, *, stands_alone: bool) -> PlainPart:
    words = " ".join(line.text.strip()[:MAX_LAID_OUT_CHARS] for line in lines[:4])
    underlined = below is not None and _is_underline(lines[-1], below)
    kind: Literal["heading", "paragraph", "list"] = "paragraph"
    if len(lines) <= 4 and _is_heading(words, lines, width, underlined=underlined, stands_alone=stands_alone):
        kind = "heading"
    elif _BULLET.match(words):
        kind = "list"
    return PlainPart(kind, lines[0].start, lines[-1].end, lines[0].page, underlined=kind == "heading" and underlined)


def _is_underline(line: Line, ruler: Line) -> bool:
    is_below = ruler.is_ruler and ruler.start - line.end <= 2
    return is_below and abs(ruler.indent - line.indent) <= 3 and len(ruler.text) <= len(line.text) + 3


def _is_heading(words: str, lines: Sequence[Line], width: int, *, underlined: bool, stands_alone: bool) -> bool:
    if len(words) > _MAX_HEADING_CHARS or not any(char.isalpha() for char in words):
        return False
    if is_capitals(words) or underlined:
        return True
    if ITEM_HEADING.match(words):
        return len(lines) <= 3 and not words.endswith(_SENTENCE_END[1:]) and ". " not in words[12:].rstrip(". ")
    if len(lines) > 1 or len(words) > _MAX_TITLE_CHARS or words.endswith((".", ",", ";", ":")):
        return False
    if words.startswith("(") or _PAGE_NUMBER.fullmatch(words):
        return False
    return stands_alone and words[0].isupper() and is_title(words)
