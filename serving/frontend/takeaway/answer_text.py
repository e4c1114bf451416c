"""The text of an answer, which is Markdown of a limited kind, as blocks.

It knows what the page shows of it: paragraphs, bold and slanted words, lists, quotes, tables and `[n]`. A heading
becomes a bold line, and everything else (HTML, links, images, code, mathematics) is plain text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from serving.frontend.takeaway.blocks import Block, Box, Items, Line, Paragraph, Rule, Table
from serving.frontend.takeaway.inline_text import read_line, split_lines

__all__ = ["read_answer"]

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+")
_RULE = re.compile(r" {0,3}(-{3,}|\*{3,}|_{3,})[ \t]*")
_QUOTE = re.compile(r" {0,3}> ?")
_ITEM = re.compile(r" *(?:([-+*])|(\d{1,9})([.)]))(?: {1,4}|\t|$)")
_DELIMITER = re.compile(r":?-+:?")
_CELL_BREAK = re.compile(r"(?<!\\)\|")
# Deeper quotes and lists are plain text: a filing could nest thousands.
_MOST_LEVELS = 6

Anchors = Mapping[int, str]


def read_answer(text: str, anchors: Anchors) -> tuple[Block, ...]:
    """Return the blocks of an answer; `[n]` links to `anchors[n]` where there is one."""
    return tuple(_read_blocks(re.sub(r"\r\n?", "\n", text).split("\n"), anchors, level=0))


def _read_blocks(lines: Sequence[str], anchors: Anchors, level: int) -> Iterator[Block]:
    place = 0
    while place < len(lines):
        line = lines[place]
        end = place + 1
        if _HEADING.match(line):
            words = _HEADING.sub("", line, count=1).rstrip(" \t#").strip("* ")
            if words:
                yield Paragraph((read_line(f"**{words}**", anchors),))
        elif _RULE.fullmatch(line):
            yield Rule()
        elif _starts_table(lines, place):
            end = _find(lines, place + 2, lambda at: not lines[at].strip() or _starts_block(lines, at))
            yield _read_table(lines[place:end], anchors)
        elif level < _MOST_LEVELS and _QUOTE.match(line):
            end = _find(lines, place, lambda at: not _QUOTE.match(lines[at]))
            inside = [_QUOTE.sub("", each, count=1) for each in lines[place:end]]
            yield Box("quote", tuple(_read_blocks(inside, anchors, level + 1)))
        elif level < _MOST_LEVELS and _ITEM.match(line):
            end, found = _read_items(lines, place, anchors, level)
            yield found
        elif line.strip():
            end = _find(
                lines, end, lambda at: not lines[at].strip() or (level < _MOST_LEVELS and _starts_block(lines, at))
            )
            yield Paragraph(_read_paragraph(lines[place:end], anchors))
        place = end


def _find(lines: Sequence[str], start: int, is_end: Callable[[int], bool]) -> int:
    """Return the first place from `start` that is an end, else the number of lines."""
    return next((at for at in range(start, len(lines)) if is_end(at)), len(lines))


def _starts_block(lines: Sequence[str], place: int) -> bool:
    """Whether a line ends the paragraph above it; a number does so as 1 alone: others may open a line of prose."""
    line = lines[place]
    if _HEADING.match(line) or _RULE.fullmatch(line) or _QUOTE.match(line) or _starts_table(lines, place):
        return True
    item = _ITEM.match(line)
    return item is not None and item.end() < len(line) and item[2] in {None, "1"}


def _read_paragraph(lines: Sequence[str], anchors: Anchors) -> tuple[Line, ...]:
    """Return the lines of a paragraph; those that end with two spaces break there."""
    text = "".join(line.strip() + ("\n" if line.endswith("  ") else " ") for line in lines)
    return split_lines(read_line(text.rstrip(), anchors))


def _starts_table(lines: Sequence[str], place: int) -> bool:
    if place + 1 >= len(lines) or "|" not in lines[place] or "|" not in lines[place + 1]:
        return False
    delimiters = _split_cells(lines[place + 1])
    return all(map(_DELIMITER.fullmatch, delimiters)) and len(delimiters) == len(_split_cells(lines[place]))


def _read_table(lines: Sequence[str], anchors: Anchors) -> Table:
    header, delimiters, *rows = [_split_cells(line) for line in lines]
    return Table(
        header=tuple(read_line(cell, anchors) for cell in header),
        rows=tuple(tuple(read_line(cell, anchors) for cell in row) for row in rows),
        is_right=tuple(delimiter.endswith(":") and not delimiter.startswith(":") for delimiter in delimiters),
    )


def _split_cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in _CELL_BREAK.split(line.strip())]
    if len(cells) > 1 and not cells[0]:
        del cells[0]
    if len(cells) > 1 and not cells[-1]:
        del cells[-1]
    return cells


def _read_items(lines: Sequence[str], place: int, anchors: Anchors, level: int) -> tuple[int, Items]:
    """Return where the list ends and the list; what is indented as far as an item's words belongs to it."""
    items: list[tuple[Block, ...]] = []
    first = _ITEM.match(lines[place])
    match = first
    while first and match and (match[1], match[3]) == (first[1], first[3]):
        indent, start = match.end(), place
        place = _find(lines, start + 1, partial(_ends_item, lines, indent))
        inside = [lines[start][indent:], *(line[min(indent, _indent(line)) :] for line in lines[start + 1 : place])]
        items.append(tuple(_read_blocks(inside, anchors, level + 1)))
        match = _ITEM.match(lines[place]) if place < len(lines) else None
    return place, Items(tuple(items), int(first[2]) if first and first[2] else None)


def _ends_item(lines: Sequence[str], indent: int, place: int) -> bool:
    line = lines[place]
    if not line.strip() or _indent(line) >= indent:
        return False
    return not lines[place - 1].strip() or _starts_block(lines, place) or _ITEM.match(line) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
