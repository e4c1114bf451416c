"""Blocks to passages: what is embedded, ranked and cited.

A passage is one or a few neighbouring blocks of one item, or a table: `text == canonical[char_start:char_end]` always.
Where a table has to be split, its caption, units and header rows are repeated in `lead`. Head, lead and text together
stay within the encoder's window, so that nothing of a passage is invisible to the search.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.filings.canonical import Block
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.heading_levels import MAX_LEVEL
from finrag_ml_tg1.filings.heading_path import HeadingPath
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.tabular.model import TableReading
from finrag_ml_tg1.filings.token_windows import TextSpan, TokenOffsets, TokenWindows
from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["MAX_PASSAGE_TOKENS", "Passage", "build_passages", "indexed_text", "passage_head"]

MAX_PASSAGE_TOKENS = 254

_JOIN_TOKENS = 2
_MIN_TOKENS_UNDER_HEADING = 40
_MAX_HEADING_CHARS = 160
# Together these leave room for text in the window whatever a document holds.
_MAX_COMPANY_CHARS = 80
_MAX_LABEL_CHARS = 12
_MAX_HEADING_TOKENS = 35
_MAX_NOTE_TOKENS = 20
_MAX_LEAD_TOKENS = 70


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage; `position` counts from 0 in the filing, `heading` holds the nearest headings, outermost first."""

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


def passage_head(company: str, tickers: tuple[str, ...], form: str, fiscal_year: int, item: str, heading: str) -> str:
    """Return the line that tells a passage's filing and place: indexed with the text, never shown as filing text."""
    place = f"Item {item} {item_title(item, fiscal_year)}" if item else "Cover"
    name = company[:_MAX_COMPANY_CHARS] + (f" ({tickers[0][:_MAX_LABEL_CHARS]})" if tickers else "")
    return f"{name} {form[:_MAX_LABEL_CHARS]} FY{fiscal_year} {place[:90]}" + (f" > {heading}" if heading else "")


def indexed_text(head: str, lead: str, text: str) -> str:
    """Return what is embedded and searched for a passage: head, lead and text on lines of their own."""
    return "\n".join(part for part in (head, lead, text) if part)


def build_passages(filing: Filing, token_offsets: TokenOffsets) -> list[Passage]:
    """Return the filing's passages in text order; `token_offsets` gives the character offsets of word-pieces.

    Every passage stays inside one item; page furniture is in none.
    """
    builder = _Builder(filing, token_offsets)
    for item, blocks in _blocks_by_item(filing):
        builder.read_item(item, blocks)
    return builder.passages


def _blocks_by_item(filing: Filing) -> Iterator[tuple[str, list[int]]]:
    """Yield runs of indices of blocks that belong to one item; "" for blocks in none.

    Where items share a stretch, it is the one that was found with more confidence, else the first.
    """
    run: list[int] = []
    current = ""
    for index, block in enumerate(filing.document.blocks):
        covering = [span for span in filing.items if _covers(span, block)]
        item = max(covering, key=lambda span: span.confidence).item if covering else ""
        if item != current and run:
            yield current, run
            run = []
        current = item
        run.append(index)
    if run:
        yield current, run


def _covers(span: ItemSpan, block: Block) -> bool:
    return span.char_start <= block.char_start and block.char_end <= span.char_end


class _Builder:
    """Packs blocks into passages; prose until the window is full or the heading changes, tables by rows."""

    def __init__(self, filing: Filing, token_offsets: TokenOffsets) -> None:
        self.passages: list[Passage] = []
        self._filing = filing
        self._text = filing.document.text
        self._windows = TokenWindows(filing.document.text, token_offsets)
        self._note_starts = [note.char_start for note in filing.notes]
        self._item = ""
        self._item_heading = ""
        self._note = ""
        self._path = HeadingPath()
        self._pending: list[TextSpan] = []
        self._pending_headings = 0
        self._room = MAX_PASSAGE_TOKENS

    def read_item(self, item: str, indices: list[int]) -> None:
        self._item = item
        self._item_heading = self._filing.document.text_of(self._filing.document.blocks[indices[0]])
        self._place_under(HeadingPath())
        for index in indices:
            block = self._filing.document.blocks[index]
            self._enter_note(block)
            if block.kind == "heading":
                self._add_heading(block, is_item_heading=index == indices[0] and item != "")
            elif block.kind == "table":
                self._add_table(index, block)
            elif block.kind == "furniture":
                self._flush()
            else:
                self._add_paragraph(block)
        self._flush()

    def _enter_note(self, block: Block) -> None:
        """Begin or leave a note to the financial statements, so that no passage is of two."""
        index = bisect_right(self._note_starts, block.char_start) - 1
        note = self._filing.notes[index] if index >= 0 else None
        title = note.title if note is not None and block.char_start < note.char_end else ""
        if title != self._note:
            self._flush()
            self._note = title
            self._place_under(HeadingPath())

    def _add_heading(self, block: Block, *, is_item_heading: bool) -> None:
        """Start a passage with the heading, after headings that stand directly above it."""
        follows_heading = bool(self._pending) and self._pending_headings == len(self._pending)
        if not follows_heading:
            self._flush()
        if not is_item_heading:
            path = self._path.under(block.level, self._heading_text(block), follows_heading=follows_heading)
            tokens = self._windows.span(block.char_start, block.char_end).tokens
            if self._pending_tokens() + tokens > self._room_under(path):
                self._flush()
            self._place_under(path)
        self._add_prose(block)
        self._pending_headings = len(self._pending)

    def _add_paragraph(self, block: Block) -> None:
        """Add a paragraph; one that begins with its own heading begins a passage under it."""
        if block.run_in and block.kind == "paragraph":
            self._flush()
            self._place_under(self._path.under(MAX_LEVEL + 1, self._heading_text(block), follows_heading=False))
        self._add_prose(block)

    def _heading_text(self, block: Block) -> str:
        end = block.char_start + block.run_in if block.run_in else block.char_end
        return self._windows.clipped(self._text[block.char_start : end][:_MAX_HEADING_CHARS], _MAX_HEADING_TOKENS)

    def _place_under(self, path: HeadingPath) -> None:
        self._path = path
        self._room = self._room_under(path)

    def _shown_headings(self, path: HeadingPath) -> str:
        note = self._windows.clipped(self._note[:_MAX_HEADING_CHARS], _MAX_NOTE_TOKENS)
        nearest = [heading for heading in path.shown() if heading != self._note and not self._note.endswith(heading)]
        return " > ".join([note, *nearest] if note else nearest)

    def _room_under(self, path: HeadingPath) -> int:
        """The word-pieces of lead and text that fit under these headings."""
        cover = self._filing.cover
        heading = self._shown_headings(path)
        head = passage_head(cover.company, cover.tickers, cover.form, cover.fiscal_year, self._item, heading)
        return MAX_PASSAGE_TOKENS - self._windows.tokens(head) - _JOIN_TOKENS

    def _pending_tokens(self) -> int:
        return sum(span.tokens for span in self._pending)

    def _add_prose(self, block: Block) -> None:
        """Add a paragraph; under headings that begin a passage it is cut so that they are not left standing alone."""
        left = self._room - self._pending_tokens()
        is_headed = bool(self._pending) and self._pending_headings == len(self._pending)
        first_room = left if is_headed and left >= _MIN_TOKENS_UNDER_HEADING else self._room
        for span in self._windows.pieces(block.char_start, block.char_end, self._room, first_room=first_room):
            if self._pending and self._pending_tokens() + span.tokens > self._room:
                self._flush()
            self._pending.append(span)

    def _flush(self) -> None:
        if self._pending:
            self._emit("prose", self._pending, statement="none", lead="")
            self._pending = []
        self._pending_headings = 0

    def _emit(self, kind: str, spans: list[TextSpan], *, statement: str, lead: str) -> None:
        start, end = spans[0].char_start, spans[-1].char_end
        self.passages.append(
            Passage(
                position=len(self.passages),
                item=self._item,
                kind=kind,
                statement=statement,
                note=self._note,
                heading=self._shown_headings(self._path),
                char_start=start,
                char_end=end,
                lead=lead,
                text=self._text[start:end],
            )
        )

    def _add_table(self, index: int, block: Block) -> None:
        """Pack rows into passages; the first begins with the headings above, the others repeat caption and header."""
        reading = self._filing.tables[index]
        statement = reading.statement if reading.is_primary else "none"
        table_rows = block.table.rows if block.table else ()
        rows = [(block.char_start + row.char_start, block.char_start + row.char_end) for row in table_rows]
        max_lead = min(_MAX_LEAD_TOKENS, self._room // 2)
        caption = self._caption(reading)
        header = [self._text[start:end] for start, end in rows[: reading.header_rows]]
        repeated = self._windows.clipped("\n".join([*caption, *header]), max_lead)
        room = self._room - self._windows.tokens(repeated)
        pending = self._headings_for(room)
        above = "".join(self._text[span.char_start : span.char_end] for span in pending)
        lead = self._windows.clipped("\n".join(line for line in caption if line not in above), max_lead)
        for start, end in rows:
            for span in self._windows.pieces(start, end, room):
                if sum(part.tokens for part in pending) + span.tokens > room and pending:
                    self._emit("table", pending, statement=statement, lead=lead)
                    lead, pending = repeated, []
                pending.append(span)
        self._emit("table", pending, statement=statement, lead=lead)

    def _headings_for(self, room: int) -> list[TextSpan]:
        """The headings directly above, to begin the table with where they leave room for rows; else prose before it."""
        fits = self._pending_tokens() + _MIN_TOKENS_UNDER_HEADING <= room
        headings: list[TextSpan] = []
        if fits and self._pending_headings == len(self._pending):
            headings, self._pending = self._pending, []
        self._flush()
        return headings

    def _caption(self, reading: TableReading) -> list[str]:
        """The lines that say what the table shows and in which units, without those that the head already has."""
        shown = {self._item_heading, *self._path.shown()}
        lines = [line for line in reading.caption.split("\n") if line and line not in shown]
        is_told = any(reading.units_line in line for line in lines)
        return lines if is_told or not reading.units_line else [*lines, reading.units_line]
