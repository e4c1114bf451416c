"""The walk through a document's elements: what is shown, in order, as pieces that become the blocks of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from lxml import html

from finrag_ml_tg1.filings.plain.layout import PlainPart, read_plain_text
from finrag_ml_tg1.filings.plain.markup import MILESTONES, PAGE_END, milestone, without_milestones
from finrag_ml_tg1.filings.text.elements import TracedElements
from finrag_ml_tg1.filings.text.grid import GridRow, read_grid
from finrag_ml_tg1.filings.text.marked_text import MARK, MarkedText, collapse_marked, join_marked
from finrag_ml_tg1.filings.text.styles import PLAIN, Style, breaks_page, style_of
from finrag_ml_tg1.filings.text.tables import TableText, is_layout_table, render_table
from finrag_ml_tg1.filings.text.text_runs import TextRuns, run_in, usual_style
from finrag_ml_tg1.filings.text.visibility import BLOCK_TAGS, is_hidden, visible_text

__all__ = ["Piece", "PieceKind", "read_pieces"]

PieceKind = Literal["heading", "paragraph", "list", "table", "furniture"]

_HEADING_LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_PARAGRAPH_BREAK = re.compile(rf"\n[ \t\r\f\v\u00a0\u2002-\u200a\u202f\u3000\n{MARK}]*\n")
_LIST_MARK = re.compile(r"[•·●▪■◦○➢✓]\s*\S")
_SIGNS = re.compile(f"[{MARK}{''.join(MILESTONES)}]")
_PAGE_BREAKS = re.compile(f"[\f{PAGE_END}]")
_MAX_HEADING_CHARS = 220
_MAX_DEPTH = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """A block before it has an offset; one of the kind "furniture" is a line drawn in preformatted text.

    `style` is the look of its words, `run_in` the number of characters that stand out in bold before a paragraph's
    own words begin, `page` the number of page breaks before it.
    """

    kind: PieceKind
    text: MarkedText
    style: Style
    page: int
    level: int = 0
    run_in: int = 0
    table: TableText | None = None


def read_pieces(element: html.HtmlElement, traced: TracedElements) -> list[Piece]:
    """Return what an element shows, in document order; white space is collapsed, nothing else is changed."""
    reader = _PieceReader(traced)
    reader.read(element)
    return reader.pieces


class _PieceReader:
    def __init__(self, traced: TracedElements) -> None:
        self.pieces: list[Piece] = []
        self._traced = traced
        self._runs = TextRuns()
        self._is_plain = False
        self._level = 0
        self._in_list = False
        self._page = 0
        # Marks of elements that show nothing stand where the next text begins.
        self._marks = 0

    def read(self, element: html.HtmlElement) -> None:
        self._visit(element, PLAIN, depth=0)
        self._flush()
        if self._marks:
            last = self.pieces.pop() if self.pieces else Piece("paragraph", MarkedText(""), PLAIN, 0)
            self.pieces.append(replace(last, text=last.text.with_marks_after(self._marks)))

    def _visit(self, element: html.HtmlElement, inherited: Style, *, depth: int) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if is_hidden(element):
            return
        if depth > _MAX_DEPTH:
            self._add(f" {visible_text(element)} ", inherited)
            return
        if tag == "br":
            self._runs.append("\n", inherited)
            return
        if self._is_plain and (sign := milestone(element)):
            self._runs.append(sign, inherited)
            return
        page_ends = breaks_page(element)
        if page_ends:
            self._flush()
            self._page += 1
        if tag == "table" and self._read_table(element, inherited):
            return
        style = style_of(element, inherited)
        is_block = tag in BLOCK_TAGS
        was_plain = self._is_plain
        if is_block:
            self._begin_block(tag)
        self._add_mark(self._traced.mark(element, "start"), style)
        if element.text:
            self._add(element.text, style)
        for child in element:
            self._visit(child, style, depth=depth + 1)
            if child.tail:
                self._add(child.tail, style)
        self._add_mark(self._traced.mark(element, "end"), style)
        if is_block:
            self._flush()
            self._level, self._in_list, self._is_plain = 0, False, was_plain

    def _begin_block(self, tag: str) -> None:
        self._flush()
        self._level = _HEADING_LEVELS.get(tag, 0)
        self._in_list = self._in_list or tag == "li"
        self._is_plain = self._is_plain or tag == "pre"

    def _add(self, text: str, style: Style) -> None:
        text = _SIGNS.sub("", text)
        self._runs.append(text if self._is_plain else text.replace("\n", " "), style)

    def _add_mark(self, mark: str, style: Style) -> None:
        if mark:
            self._runs.append(mark, style)

    def _flush(self) -> None:
        """Turn the text read so far into pieces: paragraphs end at doubled line breaks; a single one is a space."""
        runs, self._runs = self._runs, TextRuns()
        raw = runs.text()
        if self._is_plain:
            self._add_plain(raw, runs)
            return
        for start, end in _paragraph_spans(raw):
            text = collapse_marked(raw[start:end])
            if text.text:
                self._add_paragraph(text, runs.between(start, end))
            else:
                self._marks += len(text.marks)

    def _add_plain(self, raw: str, runs: TextRuns) -> None:
        """Add preformatted text, which tells by its lines and spaces what others tell by elements."""
        first_page = self._page
        done = 0
        for part in read_plain_text(raw, runs.style_at):
            self._marks += raw.count(MARK, done, part.start)
            self._page = first_page + part.page
            self._add_plain_part(part, raw, runs)
            done = part.end
        self._marks += raw.count(MARK, done)
        self._page = first_page + len(_PAGE_BREAKS.findall(raw))

    def _add_plain_part(self, part: PlainPart, raw: str, runs: TextRuns) -> None:
        if part.table is not None:
            text, table = render_table(part.table.rows)
            if part.table.header_rows is not None:
                table = replace(table, header_rows=part.table.header_rows)
            self._append("table", text, PLAIN, table=table)
            return
        text = collapse_marked(without_milestones(raw[part.start : part.end]))
        between = runs.between(part.start, part.end)
        style = usual_style(between)
        kind: PieceKind = part.kind
        if kind == "paragraph" and style.bold and len(text.text) <= _MAX_HEADING_CHARS:
            kind = "heading"
        style = style._replace(underlined=style.underlined or part.underlined)
        self._append(kind, text, style, run_in=0 if style.bold or kind != "paragraph" else run_in(between))

    def _add_paragraph(self, text: MarkedText, runs: list[tuple[str, Style]]) -> None:
        style = usual_style(runs)
        is_heading = (self._level > 0 or style.bold or _is_capitals(text.text)) and len(text.text) <= _MAX_HEADING_CHARS
        is_listed = self._in_list or _LIST_MARK.match(text.text) is not None
        kind: PieceKind = "list" if is_listed else "heading" if is_heading else "paragraph"
        self._append(kind, text, style, run_in=0 if style.bold else run_in(runs))

    def _append(
        self, kind: PieceKind, text: MarkedText, style: Style, *, run_in: int = 0, table: TableText | None = None
    ) -> None:
        marked = text.with_marks_before(self._marks)
        self._marks = 0
        self.pieces.append(Piece(kind, marked, style, self._page, self._level, run_in, table))

    def _read_table(self, element: html.HtmlElement, inherited: Style) -> bool:
        """Add a table as one piece; False for one with a table inside, whose cells are then read as text."""
        if element.find(".//table") is not None or _holds_plain_text(element):
            return False
        rows = read_grid(element, self._traced, inherited)
        self._flush()
        if is_layout_table(rows):
            for row in rows:
                self._add_layout_row(row)
            return True
        text, table = render_table(rows)
        self._append("table", text, PLAIN, table=table)
        return True

    def _add_layout_row(self, row: GridRow) -> None:
        text = join_marked((cell.text for cell in row.cells), " ")
        if not text.text:
            self._marks += len(text.marks)
            return
        style = row.cells[-1].style
        is_short = len(text.text) <= _MAX_HEADING_CHARS
        kind: PieceKind = "paragraph"
        if _LIST_MARK.match(text.text):
            kind = "list"
        elif is_short and (all(cell.style.bold for cell in row.cells) or _is_capitals(text.text)):
            kind = "heading"
        self._append(kind, text, style)


def _holds_plain_text(table: html.HtmlElement) -> bool:
    """Return whether a table is a frame of one cell around preformatted text."""
    return table.find(".//pre") is not None and len(list(table.iter("td", "th"))) == 1


def _paragraph_spans(raw: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _PARAGRAPH_BREAK.finditer(raw):
        yield start, match.start()
        start = match.start()
    yield start, len(raw)


def _is_capitals(text: str) -> bool:
    return len(text) > 3 and text.upper() == text and any(char.isalpha() for char in text) and not text[-1].isdigit()
