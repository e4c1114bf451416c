"""Where an item's text ends: before the page numbers, running feet and captions of parts that follow it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from finrag_ml_tg1.filings.items.numbers import PART_CAPTION
from finrag_ml_tg1.filings.text.canonical import Block, CanonicalDocument

__all__ = ["BlockEdges"]

_MAX_CAPTION_CHARS = 80


class BlockEdges:
    """Narrows stretches of the text to the blocks that say something."""

    def __init__(self, document: CanonicalDocument) -> None:
        self._document = document
        self._starts = [block.char_start for block in document.blocks]
        self._ends = [block.char_end for block in document.blocks]

    def narrowed(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch without furniture and captions of parts at its edges; empty, at `start`, if that is all.

        An edge inside a block, as of a table's row, stays but for white space.
        """
        blocks = self._document.blocks
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end) - 1
        while first <= last and blocks[first].char_start >= start and self._says_nothing(blocks[first]):
            first += 1
        while last >= first and blocks[last].char_end <= end and self._says_nothing(blocks[last]):
            last -= 1
        if first > last:
            return start, start
        start, end = max(start, blocks[first].char_start), min(end, blocks[last].char_end)
        while end > start and self._document.text[end - 1].isspace():
            end -= 1
        return start, end

    def _says_nothing(self, block: Block) -> bool:
        if block.kind == "furniture":
            return True
        text = self._document.text_of(block) if block.char_end - block.char_start <= _MAX_CAPTION_CHARS else ""
        return PART_CAPTION.fullmatch(text.replace(" | ", " ")) is not None
