"""The lines of preformatted text, and what a line can be told by: its indent, its cells, whether it is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.filings.plain.markup import DATA_START, MILESTONES, PAGE_END, TABLE_END, TABLE_START
from finrag_ml_tg1.filings.text.marked_text import MARK

__all__ = ["MAX_LAID_OUT_CHARS", "Line", "LineCell", "is_value", "read_lines", "split_at_values"]

_TAB_STOPS = 8
# Longer lines are not laid out by hand: they are paragraphs in one line, or no text at all.
MAX_LAID_OUT_CHARS = 400
_NOT_SHOWN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad" + MARK + "".join(MILESTONES)))
_BREAK = re.compile(f"(\r\n|[\r\n\f{PAGE_END}])")
_RULER_SIGNS = " -=_~*+|–—"
_DRAWN = re.compile(r"-{3}|={3}|_{3}|~{3}|\*{3}|–{3}|—{3}|- - -|\* +\* +\*")
_STRETCH = re.compile(r"[^\s|]+(?: [^\s|]+)*")
_LEADER = re.compile(r"\s*(?:\.{3,}|(?:\. ){2,}\.?)[. ]*")
_MAX_VALUE_CHARS = 30
_VALUE = re.compile(
    r"[-+–]?[($€£¥]*[-+–]?[\d,]*\.?\d+(?:-?\d{1,2}/\d{1,2})?[)%x*]*(?:\(\w{1,2}\)|\*+)?|-{1,3}|[–—]|-0-|n/?[am]|n\.[am]\.",
    re.IGNORECASE,
)
_OPENING = frozenset(("$", "€", "£", "¥", "(", "$(", "($"))
_CLOSING = frozenset((")", "%", ")%", "%)"))
_FRACTION = re.compile(r"\d{1,2}/\d{1,2}%?")
_MAX_CELLS = 40
_MAX_SYMBOL_GAP = 10


@dataclass(frozen=True, slots=True)
class LineCell:
    """A stretch of a line between gaps of two spaces and more; `parts` are a number and its symbols, set apart."""

    parts: tuple[tuple[int, int], ...]
    is_value: bool

    @property
    def start(self) -> int:
        """Return the first character's place in the line."""
        return self.parts[0][0]

    @property
    def end(self) -> int:
        """Return the place after the last character."""
        return self.parts[-1][1]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as printed, tabs as spaces; `start` and `end` tell its place in the text it was read from.

    `cells` is empty for a blank line. `offsets` gives the place of each character, counted from `start`, where tabs
    and marks have moved them. `page` counts the page breaks before the line, `table` is the number of the
    table whose tags it stands between, 0 for none.
    """

    text: str
    start: int
    end: int
    page: int
    table: int
    starts_data: bool
    cells: tuple[LineCell, ...]
    offsets: tuple[int, ...] | None

    @property
    def is_blank(self) -> bool:
        """Return whether the line shows nothing."""
        return not self.text

    @property
    def is_ruler(self) -> bool:
        """Return whether the line is drawn, with hyphens and the like, rather than written."""
        return bool(self.text) and not self.cells

    @property
    def indent(self) -> int:
        """Return how many spaces stand before the first character."""
        return len(self.text) - len(self.text.lstrip())

    def place(self, column: int) -> int:
        """Return where the character in a column stands in the text that the line was read from."""
        return self.start + (column if self.offsets is None else self.offsets[column])


def is_value(token: str) -> bool:
    """Return whether a word is a number as tables print it, or one of the signs for none."""
    return len(token) <= _MAX_VALUE_CHARS and _VALUE.fullmatch(token) is not None


def read_lines(raw: str) -> Iterator[Line]:
    """Yield the lines of a text, blank ones as well."""
    page = 0
    table = tables = 0
    start = 0
    pieces = _BREAK.split(raw)
    for index in range(0, len(pieces), 2):
        source = pieces[index]
        separator = pieces[index + 1] if index + 1 < len(pieces) else ""
        if TABLE_START in source:
            table = tables = tables + 1
        yield _line(source, start, page, table)
        if TABLE_END in source and source.rfind(TABLE_END) > source.rfind(TABLE_START):
            table = 0
        if separator in ("\f", PAGE_END):
            page += 1
        start += len(source) + len(separator)


def _line(source: str, start: int, page: int, table: int) -> Line:
    end = start + len(source)
    text, offsets = source.rstrip(), None
    if "\t" in text or not text.isascii():
        text, offsets = _as_printed(text)
    starts_data = DATA_START in source
    cells: tuple[LineCell, ...] = ()
    if text and not _is_drawn(text):
        cells = tuple(_with_symbols_joined(text, _cells(text)))
        if not cells:  # nothing but leader dots
            cells = (LineCell(((len(text) - len(text.lstrip()), len(text)),), is_value=False),)
    return Line(text, start, end, page, table, starts_data, cells, offsets)


def _is_drawn(text: str) -> bool:
    return not text.strip(_RULER_SIGNS) and (_DRAWN.search(text) is not None or "|" in text)


def _as_printed(source: str) -> tuple[str, tuple[int, ...] | None]:
    """The line with tabs as spaces and without what shows nothing, and where its characters stand in the source."""
    if len(source) > MAX_LAID_OUT_CHARS:
        return source.translate(_NOT_SHOWN).strip(), None
    shown: list[str] = []
    offsets: list[int] = []
    for offset, char in enumerate(source):
        if ord(char) in _NOT_SHOWN:
            continue
        width = _TAB_STOPS - len(shown) % _TAB_STOPS if char == "\t" else 1
        shown.extend(" " * width if char.isspace() else char)
        offsets.extend([offset] * width)
    text = "".join(shown).rstrip()
    return text, tuple(offsets[: len(text)])


def _cells(text: str) -> Iterator[LineCell]:
    first = len(text) - len(text.lstrip())
    is_laid_out = "  " in text[first:] or ".." in text or ". ." in text or "|" in text
    if len(text) > MAX_LAID_OUT_CHARS or not is_laid_out:
        yield _one_cell(text, first, len(text))
        return
    for count, stretch in enumerate(_STRETCH.finditer(text)):
        start = stretch.start()
        if count == _MAX_CELLS:
            yield _one_cell(text, start, len(text))
            return
        for leader in _LEADER.finditer(stretch.group()):
            if leader.start() + stretch.start() > start:
                yield from _stretch_cells(text, start, leader.start() + stretch.start())
            start = leader.end() + stretch.start()
        if start < stretch.end():
            yield from _stretch_cells(text, start, stretch.end())


def _with_symbols_joined(text: str, cells: Iterator[LineCell]) -> Iterator[LineCell]:
    """Join "$" with the number to its right, "%" and ")" with the one to their left."""
    before: LineCell | None = None
    for cell in cells:
        joins = before is not None and cell.start - before.end <= _MAX_SYMBOL_GAP
        if before and joins and ((_is_opening(text, before) and cell.is_value) or _is_closing(text, cell, before)):
            before = LineCell((*before.parts, *cell.parts), is_value=True)
            continue
        if before:
            yield before
        before = cell
    if before:
        yield before


def _is_opening(text: str, cell: LineCell) -> bool:
    return text[cell.start : cell.end] in _OPENING


def _is_closing(text: str, cell: LineCell, before: LineCell) -> bool:
    return before.is_value and text[cell.start : cell.end] in _CLOSING


def _one_cell(text: str, start: int, end: int) -> LineCell:
    return LineCell(((start, end),), is_value(text[start:end]))


def _stretch_cells(text: str, start: int, end: int) -> Iterator[LineCell]:
    """A stretch of words is one cell; one of numbers alone is as many as there are numbers."""
    tokens = [(start + match.start(), start + match.end()) for match in re.finditer(r"\S+", text[start:end])]
    words = [text[a:b] for a, b in tokens]
    first = len(tokens)
    while first and (is_value(words[first - 1]) or words[first - 1] in _OPENING or words[first - 1] in _CLOSING):
        first -= 1
    symbols = [index for index in range(first, len(tokens)) if words[index] in _OPENING or words[index][0] == "$"]
    if first:
        first = symbols[0] if symbols else len(tokens)
        if first:
            yield LineCell(((start, tokens[first - 1][1]),), is_value=False)
    yield from split_at_values(text, tokens[first:])


def split_at_values(text: str, tokens: list[tuple[int, int]]) -> Iterator[LineCell]:
    """Yield a cell for each number among words that are numbers and symbols, given as places in the line."""
    parts: list[tuple[int, int]] = []
    for start, end in tokens:
        word = text[start:end]
        is_complete = bool(parts) and text[parts[-1][0] : parts[-1][1]] not in _OPENING
        if is_complete and _FRACTION.fullmatch(word):
            parts[-1] = (parts[-1][0], end)
            continue
        if is_complete and word not in _CLOSING:
            yield LineCell(tuple(parts), is_value=True)
            parts = []
        parts.append((start, end))
    if parts:
        yield LineCell(tuple(parts), is_value=text[parts[-1][0] : parts[-1][1]] not in _OPENING)
