"""Blocks to passages: what is embedded, ranked and cited.

A passage is one or a few neighbouring blocks of one item, or a table: `text == canonical[char_start:char_end]` always.
Where a table has to be split, its caption, units and header rows are repeated in `lead`. Head, lead and text together
stay within the encoder's window, so that nothing of a passage is invisible to the search.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.passages.heading_path import names_a_place, without_continued
from finrag_ml_tg1.filings.passages.item_blocks import blocks_by_item
from finrag_ml_tg1.filings.passages.packing import packed, tokens_of
from finrag_ml_tg1.filings.passages.place import MAX_HEADING_CHARS, PassagePlace
from finrag_ml_tg1.filings.passages.token_windows import TextSpan, TokenOffsets, TokenWindows
from finrag_ml_tg1.filings.tabular.model import TableReading
from finrag_ml_tg1.filings.text.canonical import Block
from finrag_ml_tg1.filings.text.heading_levels import MAX_LEVEL
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["Passage", "build_passages"]

_MIN_TOKENS_UNDER_HEADING = 40
# What leads to a table, and what is said of it below, stands with it up to these lengths.
_MAX_INTRODUCTION_TOKENS = 60
_MAX_REMARK_TOKENS = 30
_STATEMENT_LEVEL = 3
_MAX_HEADING_TOKENS = 35
_MAX_LEAD_TOKENS = 70


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage; `position` counts from 0 in the filing, `heading` holds the nearest headings, outermost first.

    `page_num` is the page it stands on, None where the filing is not kept as pages.
    """

    position: int
    item: str
    kind: str
    statement: str
    note: str
    heading: str
    char_start: int
    char_end: int
    lead: str
    text: str
    page_num: int | None = None


def build_passages(filing: Filing, token_offsets: TokenOffsets) -> list[Passage]:
    """Return the filing's passages in text order; `token_offsets` gives the character offsets of word-pieces.

    Every passage stays inside one item, and on one page where pages have numbers; page furniture is in none, but for a
    ruler between a heading and its text.
    """
    builder = _Builder(filing, token_offsets)
    for item, blocks in blocks_by_item(filing):
        builder.read_item(item, blocks)
    return builder.passages


class _Builder:
    """Packs blocks into passages; prose until the window is full or the heading changes, tables by rows."""

    def __init__(self, filing: Filing, token_offsets: TokenOffsets) -> None:
        self.passages: list[Passage] = []
        self._filing = filing
        self._text = filing.document.text
        self._windows = TokenWindows(filing.document.text, token_offsets)
        self._note_starts = [note.char_start for note in filing.notes]
        self._item_heading = ""
        self._page_num: int | None = None
        self._place = PassagePlace(filing.cover, self._windows)
        self._room = self._place.room
        self._pending: list[TextSpan] = []
        self._pending_headings = 0

    def read_item(self, item: str, indices: list[int]) -> None:
        self._item_heading = self._filing.document.text_of(self._filing.document.blocks[indices[0]])
        self._move_to(self._place.in_item(item))
        for index in indices:
            block = self._filing.document.blocks[index]
            self._enter_page(block)
            begins_note = self._enter_note(block)
            if block.kind == "heading" or (begins_note and self._is_title_in_table(index)):
                self._add_heading(block, is_item_heading=index == indices[0] and item != "")
            elif block.kind == "table":
                self._add_table(index, block)
            elif block.kind == "furniture":
                self._pass_furniture(block)
            elif self._is_statement_title(index, block):
                self._add_heading(replace(block, level=_STATEMENT_LEVEL), is_item_heading=False)
            else:
                self._add_paragraph(block)
        self._flush()

    def _enter_page(self, block: Block) -> None:
        """End the passage where a page with a number ends: a citation names one page."""
        numbers = self._filing.page_numbers
        page_num = numbers[block.page] if numbers else None
        if page_num != self._page_num:
            self._flush()
            self._page_num = page_num

    def _enter_note(self, block: Block) -> bool:
        """Begin or leave a note to the financial statements, so that no passage is of two; whether one begins."""
        index = bisect_right(self._note_starts, block.char_start) - 1
        note = self._filing.notes[index] if index >= 0 else None
        title = note.title if note is not None and block.char_start < note.char_end else ""
        if title == self._place.note:
            return False
        self._flush()
        self._move_to(self._place.in_note(title))
        return title != ""

    def _is_title_in_table(self, index: int) -> bool:
        """Whether a table is only a note's title, with the number in a cell of its own."""
        reading = self._filing.tables.get(index)
        table = self._filing.document.blocks[index].table
        return reading is not None and table is not None and len(table.rows) == 1 and not reading.columns

    def _is_statement_title(self, index: int, block: Block) -> bool:
        """Whether a line that is not printed like a heading is the title of the statement below."""
        reading = self._filing.tables.get(index + 1)
        text = self._filing.document.text_of(block)
        return reading is not None and reading.is_primary and statement_of_title(text) != "none"

    def _add_heading(self, block: Block, *, is_item_heading: bool) -> None:
        """Start a passage with the heading, after headings that stand directly above it."""
        follows_heading = self._is_headings_only()
        if not follows_heading:
            self._flush()
        text = self._heading_text(block)
        if not is_item_heading and names_a_place(text, self._filing.cover.company):
            place = self._place.under(block.level, text, follows_heading=follows_heading)
            tokens = self._windows.span(block.char_start, block.char_end).tokens
            if tokens_of(self._pending) + tokens > place.room:
                self._flush()
            self._move_to(place)
        self._add_prose(block)
        self._pending_headings = len(self._pending)

    def _pass_furniture(self, block: Block) -> None:
        """End the passage, which holds no furniture; but a ruler parts no heading from the text below it."""
        is_ruler = not any(char.isalnum() for char in self._filing.document.text_of(block))
        if is_ruler and self._is_headings_only():
            span = self._windows.span(block.char_start, block.char_end)
            if tokens_of(self._pending) + span.tokens + _MIN_TOKENS_UNDER_HEADING <= self._room:
                self._pending.append(span)
                self._pending_headings = len(self._pending)
                return
        self._flush()

    def _is_headings_only(self) -> bool:
        return bool(self._pending) and self._pending_headings == len(self._pending)

    def _add_paragraph(self, block: Block) -> None:
        """Add a paragraph; one that begins with its own heading begins a passage under it."""
        if block.run_in and block.kind == "paragraph":
            text = self._heading_text(block)
            if names_a_place(text, self._filing.cover.company):
                place = self._place.under(MAX_LEVEL + 1, text, follows_heading=False)
                if not self._is_headings_only() or tokens_of(self._pending) > place.room:
                    self._flush()
                self._move_to(place)
        self._add_prose(block)

    def _heading_text(self, block: Block) -> str:
        end = block.char_start + block.run_in if block.run_in else block.char_end
        printed = self._text[block.char_start : min(end, block.char_start + 2 * MAX_HEADING_CHARS)].replace(" | ", " ")
        return self._windows.clipped(without_continued(printed)[:MAX_HEADING_CHARS], _MAX_HEADING_TOKENS)

    def _move_to(self, place: PassagePlace) -> None:
        self._place = place
        self._room = place.room

    def _add_prose(self, block: Block) -> None:
        """Add a paragraph; under headings that begin a passage it is cut so that they are not left standing alone."""
        left = self._room - tokens_of(self._pending)
        first_room = left if self._is_headings_only() and left >= _MIN_TOKENS_UNDER_HEADING else self._room
        for span in self._windows.pieces(block.char_start, block.char_end, self._room, first_room=first_room):
            if self._pending and tokens_of(self._pending) + span.tokens > self._room:
                self._flush()
            self._pending.append(span)

    def _flush(self) -> None:
        pending, headings = self._pending, self._pending_headings
        self._pending, self._pending_headings = [], 0
        if pending and (headings or not self._add_to_passage_before(pending)):
            self._emit("prose", pending, statement="none", lead="")

    def _add_to_passage_before(self, spans: list[TextSpan]) -> bool:
        """Add a line or two, as the footnotes of a table, to the passage they follow; False where that cannot be."""
        before = self.passages[-1] if self.passages else None
        if before is None or tokens_of(spans) > _MAX_REMARK_TOKENS:
            return False
        place = self._place
        if (before.item, before.note, before.heading) != (place.item, place.note, place.heading):
            return False
        if before.page_num != self._page_num:
            return False
        start, end = before.char_end, spans[-1].char_end
        tokens = self._windows.tokens(before.lead) + self._windows.span(before.char_start, end).tokens
        if self._text[start : spans[0].char_start].strip() or tokens > self._room:
            return False
        self.passages[-1] = replace(before, char_end=end, text=self._text[before.char_start : end])
        return True

    def _emit(self, kind: str, spans: list[TextSpan], *, statement: str, lead: str) -> None:
        start, end = spans[0].char_start, spans[-1].char_end
        self.passages.append(
            Passage(
                position=len(self.passages),
                item=self._place.item,
                kind=kind,
                statement=statement,
                note=self._place.note,
                heading=self._place.heading,
                char_start=start,
                char_end=end,
                lead=lead,
                text=self._text[start:end],
                page_num=self._page_num,
            )
        )

    def _add_table(self, index: int, block: Block) -> None:
        """Pack rows into passages; the first begins with what leads to it, the others repeat caption and header."""
        reading = self._filing.tables[index]
        statement = reading.statement if reading.is_primary else "none"
        table_rows = block.table.rows if block.table else ()
        rows = [(block.char_start + row.char_start, block.char_start + row.char_end) for row in table_rows]
        max_lead = min(_MAX_LEAD_TOKENS, self._room // 2)
        header = [self._text[start:end] for start, end in rows[: reading.header_rows]]
        caption = self._caption(reading, header)
        repeated = self._windows.clipped("\n".join([*caption, *header]), max_lead)
        room = self._room - self._windows.tokens(repeated)
        above = self._introduction(room)
        words_above = "".join(self._text[span.char_start : span.char_end] for span in above)
        lead = self._windows.clipped("\n".join(line for line in caption if line not in words_above), max_lead)
        pieces = [span for start, end in rows for span in self._windows.pieces(start, end, room)]
        for number, spans in enumerate(packed([*above, *pieces], room, least=_MIN_TOKENS_UNDER_HEADING)):
            self._emit("table", spans, statement=statement, lead=repeated if number else lead)

    def _introduction(self, room: int) -> list[TextSpan]:
        """Take what leads to a table, to begin it with where that leaves room for rows; the prose before it is done.

        Headings directly above with a few lines under them, or the last lines of prose if they end in a colon.
        """
        pending, headings = self._pending, self._pending_headings
        most = room - _MIN_TOKENS_UNDER_HEADING
        if headings == len(pending) or tokens_of(pending) <= _MAX_INTRODUCTION_TOKENS:
            taken = pending
        elif self._text[pending[-1].char_end - 1] == ":" and len(pending) - 1 > headings:
            taken = pending[-1:]
            most = min(most, _MAX_INTRODUCTION_TOKENS)
        else:
            taken = []
        if tokens_of(taken) > most:
            taken = []
        self._pending = pending[: len(pending) - len(taken)]
        self._flush()
        return taken

    def _caption(self, reading: TableReading, header: Sequence[str]) -> list[str]:
        """The lines that say what the table shows and in which units, without those that the head already has."""
        shown = {self._item_heading, *self._place.path.shown()}
        lines = [line for line in reading.caption.split("\n") if line and line not in shown]
        is_told = any(reading.units_line in line for line in (*lines, *header))
        has_numbers = any(row.cells for row in reading.rows)
        return [*lines, reading.units_line] if reading.units_line and has_numbers and not is_told else lines
