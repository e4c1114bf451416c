"""Blocks to passages: what is embedded, ranked and cited.

A passage is one or a few neighbouring blocks of one item, or a table: `text == canonical[char_start:char_end]` always.
Where a table has to be split, its caption and header rows are repeated in `lead`. Head, lead and text together stay
within the encoder's window, so that nothing of a passage is invisible to the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from finrag_ml_tg1.filings.canonical import Block
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.tables import TableText
from finrag_ml_tg1.vocabulary.items import item_title
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["MAX_PASSAGE_TOKENS", "Passage", "build_passages", "indexed_text", "passage_head"]

MAX_PASSAGE_TOKENS = 254

TokenOffsets = Callable[[str], list[tuple[int, int]]]

_JOIN_TOKENS = 2
_MIN_TOKENS_UNDER_HEADING = 40
_MAX_HEADING_CHARS = 160
# Together these leave room for text in the window whatever a document holds.
_MAX_COMPANY_CHARS = 80
_MAX_LABEL_CHARS = 12
_MAX_HEADING_TOKENS = 45
_MAX_LEAD_TOKENS = 70
_MAX_CAPTION_CHARS = 200
_NOTE_HEADING = re.compile(r"note\s+\d|\(?\d{1,2}[.)]\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;:][\"”’)]*$")


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage; `position` counts from 0 in the filing, `heading` holds the nearest headings, outermost first."""

    position: int
    item: str
    kind: str
    statement: str
    heading: str
    char_start: int
    char_end: int
    lead: str
    text: str


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of the canonical text that may become a passage, with its number of word-pieces."""

    char_start: int
    char_end: int
    tokens: int


def passage_head(company: str, tickers: tuple[str, ...], form: str, fiscal_year: int, item: str, heading: str) -> str:
    """Return the line that tells a passage's filing and place: indexed with the text, never shown as filing text."""
    place = f"Item {item} {item_title(item)}" if item else "Cover"
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


def _blocks_by_item(filing: Filing) -> Iterator[tuple[str, list[Block]]]:
    """Yield runs of blocks that belong to one item; "" before the first item and after the last.

    Where items share a stretch, it is the one that was found with more confidence, else the first.
    """
    run: list[Block] = []
    current = ""
    for block in filing.document.blocks:
        covering = [span for span in filing.items if _covers(span, block)]
        item = max(covering, key=lambda span: span.confidence).item if covering else ""
        if item != current and run:
            yield current, run
            run = []
        current = item
        run.append(block)
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
        self._offsets = token_offsets
        self._item = ""
        self._headings: list[str] = []
        self._pending: list[_Span] = []
        self._pending_headings = 0
        self._room = MAX_PASSAGE_TOKENS

    def read_item(self, item: str, blocks: list[Block]) -> None:
        self._item = item
        self._place_under([])
        for index, block in enumerate(blocks):
            before = blocks[index - 1] if index else None
            if block.kind == "heading":
                self._add_heading(block, is_item_heading=index == 0 and item != "")
            elif block.kind in ("paragraph", "list"):
                self._add_prose(block)
            elif block.kind == "table":
                self._add_table(block, before)
            else:
                self._flush()
        self._flush()

    def _add_heading(self, block: Block, *, is_item_heading: bool) -> None:
        """Start a passage with the heading, after headings that stand directly above it."""
        follows_heading = bool(self._pending) and self._pending_headings == len(self._pending)
        if not follows_heading:
            self._flush()
        if not is_item_heading:
            headings = self._headings_with(self._filing.document.text_of(block), follows_heading=follows_heading)
            if self._pending_tokens() + self._span(block.char_start, block.char_end).tokens > self._room_under(
                headings
            ):
                self._flush()
            self._place_under(headings)
        self._add_prose(block)
        self._pending_headings = len(self._pending)

    def _headings_with(self, text: str, *, follows_heading: bool) -> list[str]:
        """Keep two headings: one directly under another refines it, otherwise it takes the place of the last."""
        text = self._clipped(text[:_MAX_HEADING_CHARS], _MAX_HEADING_TOKENS)
        if _NOTE_HEADING.match(text):
            return [text]
        if follows_heading or (len(self._headings) == 1 and _NOTE_HEADING.match(self._headings[0])):
            return [*self._headings[-1:], text]
        return [*self._headings[:-1], text]

    def _place_under(self, headings: list[str]) -> None:
        self._headings = headings
        self._room = self._room_under(headings)

    def _room_under(self, headings: list[str]) -> int:
        """The word-pieces of lead and text that fit under these headings."""
        cover = self._filing.cover
        head = passage_head(
            cover.company, cover.tickers, cover.form, cover.fiscal_year, self._item, " > ".join(headings)
        )
        return MAX_PASSAGE_TOKENS - self._tokens(head) - _JOIN_TOKENS

    def _pending_tokens(self) -> int:
        return sum(span.tokens for span in self._pending)

    def _tokens(self, text: str) -> int:
        return len(self._offsets(text))

    def _span(self, start: int, end: int) -> _Span:
        return _Span(start, end, self._tokens(self._text[start:end]))

    def _add_prose(self, block: Block) -> None:
        """Add a paragraph; under headings that begin a passage it is cut so that they are not left standing alone."""
        left = self._room - self._pending_tokens()
        is_headed = bool(self._pending) and self._pending_headings == len(self._pending)
        first_room = left if is_headed and left >= _MIN_TOKENS_UNDER_HEADING else self._room
        for span in self._pieces(block.char_start, block.char_end, self._room, first_room=first_room):
            if self._pending and self._pending_tokens() + span.tokens > self._room:
                self._flush()
            self._pending.append(span)

    def _pieces(self, start: int, end: int, room: int, *, first_room: int | None = None) -> Iterator[_Span]:
        """Split a stretch at sentence ends, else between words, into spans of at most `room` word-pieces.

        The first has at most `first_room` where that is given. Characters of no word-piece stay with the piece before.
        """
        offsets = self._offsets(self._text[start:end])
        limit = first_room or room
        if len(offsets) <= limit:
            yield _Span(start, end, len(offsets))
            return
        starts = [start, *(start + token_start for token_start, _ in offsets[1:]), end]
        first = 0
        while first < len(offsets):
            last = min(first + limit, len(offsets))
            if last < len(offsets):
                last = self._break_before(start, offsets, first, last)
            piece = self._stripped_span(starts[first], starts[last])
            while piece.tokens > limit and last > first + 1:
                # Cut inside a word, whose parts may have more word-pieces than the word.
                last -= 1
                piece = self._stripped_span(starts[first], starts[last])
            yield piece
            first, limit = last, room

    def _stripped_span(self, start: int, end: int) -> _Span:
        return self._span(start, start + len(self._text[start:end].rstrip()))

    def _break_before(self, start: int, offsets: list[tuple[int, int]], first: int, last: int) -> int:
        """The latest sentence end in the second half of the window, else the latest space, else the window's end."""
        word_break = last
        for index in range(last, first + (last - first) // 2, -1):
            left, right = start + offsets[index - 1][1], start + offsets[index][0]
            if left == right:
                continue
            if word_break == last and index != last:
                word_break = index
            if _SENTENCE_END.search(self._text[max(start, left - 3) : left]):
                return index
        return word_break

    def _flush(self) -> None:
        if self._pending:
            self._emit("prose", self._pending[0].char_start, self._pending[-1].char_end, lead="")
            self._pending.clear()
        self._pending_headings = 0

    def _emit(self, kind: str, start: int, end: int, *, lead: str) -> None:
        statement = "none"
        if kind == "table":
            statement = next(
                (
                    name
                    for title in (lead.split("\n", maxsplit=1)[0], *reversed(self._headings))
                    if (name := statement_of_title(title)) != "none"
                ),
                "none",
            )
        heading = " > ".join(self._headings)
        text = self._text[start:end]
        self.passages.append(Passage(len(self.passages), self._item, kind, statement, heading, start, end, lead, text))

    def _add_table(self, block: Block, before: Block | None) -> None:
        """Pack rows into passages; the first begins with the headings above, the others repeat caption and header."""
        pending: list[_Span] = []
        if self._pending_headings == len(self._pending):
            pending, self._pending, self._pending_headings = self._pending, [], 0
        self._flush()
        table = block.table or TableText((), 0)
        rows = [(block.char_start + row.char_start, block.char_start + row.char_end) for row in table.rows]
        caption = self._caption(before)
        header = [self._text[start:end] for start, end in rows[: table.header_rows]]
        max_lead = min(_MAX_LEAD_TOKENS, self._room // 2)
        repeated = self._clipped("\n".join(part for part in (caption, *header) if part), max_lead)
        lead = self._clipped(caption, max_lead)
        room = self._room - self._tokens(repeated)
        for start, end in rows:
            for span in self._pieces(start, end, room):
                if sum(part.tokens for part in pending) + span.tokens > room and pending:
                    self._emit("table", pending[0].char_start, pending[-1].char_end, lead=lead)
                    lead, pending = repeated, []
                pending.append(span)
        self._emit("table", pending[0].char_start, pending[-1].char_end, lead=lead)

    def _caption(self, before: Block | None) -> str:
        """The short paragraph above a table, which says what it shows and in which units."""
        if before is None or before.kind != "paragraph" or before.char_end - before.char_start > _MAX_CAPTION_CHARS:
            return ""
        return self._filing.document.text_of(before)

    def _clipped(self, text: str, max_tokens: int) -> str:
        offsets = self._offsets(text)
        return text if len(offsets) <= max_tokens else text[: offsets[max_tokens - 1][1]]
