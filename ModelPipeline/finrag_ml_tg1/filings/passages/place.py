"""Where in a filing a passage stands, as its head tells it, and how much text that leaves room for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from finrag_ml_tg1.filings.cover.reading import Cover
from finrag_ml_tg1.filings.passages.head import MAX_PASSAGE_TOKENS, passage_head
from finrag_ml_tg1.filings.passages.heading_path import HeadingPath
from finrag_ml_tg1.filings.passages.token_windows import TokenWindows

__all__ = ["MAX_HEADING_CHARS", "PassagePlace"]

MAX_HEADING_CHARS = 160
_MAX_NOTE_TOKENS = 20
_JOIN_TOKENS = 2


@dataclass(frozen=True, slots=True)
class PassagePlace:
    """An item, a note to the statements, and the headings open there."""

    cover: Cover
    windows: TokenWindows
    item: str = ""
    note: str = ""
    path: HeadingPath = field(default_factory=HeadingPath)

    def in_item(self, item: str) -> PassagePlace:
        """Return the beginning of an item."""
        return replace(self, item=item, path=HeadingPath())

    def in_note(self, note: str) -> PassagePlace:
        """Return the beginning of a note, or what follows one where the note is ""."""
        return replace(self, note=note, path=HeadingPath())

    def under(self, level: int, heading: str, *, follows_heading: bool) -> PassagePlace:
        """Return the place under one more heading."""
        return replace(self, path=self.path.under(level, heading, follows_heading=follows_heading))

    @property
    def heading(self) -> str:
        """The note and the nearest headings, outermost first; no heading that the note's title already says."""
        note = self.windows.clipped(self.note[:MAX_HEADING_CHARS], _MAX_NOTE_TOKENS)
        nearest = [heading for heading in self.path.shown() if heading.casefold() not in self.note.casefold()]
        return " > ".join([note, *nearest] if note else nearest)

    @property
    def room(self) -> int:
        """The word-pieces of lead and text that fit under the head."""
        cover = self.cover
        head = passage_head(
            cover.company,
            cover.tickers,
            cover.form,
            fiscal_year=cover.fiscal_year,
            fiscal_period=cover.fiscal_period,
            item=self.item,
            heading=self.heading,
        )
        return MAX_PASSAGE_TOKENS - self.windows.tokens(head) - _JOIN_TOKENS
