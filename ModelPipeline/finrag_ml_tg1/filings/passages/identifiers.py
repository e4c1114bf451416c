"""The names of passages, and which passage shows a character of the filing's text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from finrag_ml_tg1.filings.passages.building import Passage

__all__ = ["PassageIdentifiers"]


class PassageIdentifiers:
    """The passages of one filing, in the order of its text."""

    def __init__(self, accession: str, passages: Sequence[Passage]) -> None:
        self._accession = accession
        self._passages = passages
        self._starts = [passage.char_start for passage in passages]

    def of(self, passage: Passage) -> str:
        """Return the passage's name."""
        return f"{self._accession}-{passage.position:05d}"

    def at(self, offset: int | None) -> str | None:
        """Return the name of the passage that shows the character at an offset, None where none does."""
        if offset is None:
            return None
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or offset >= self._passages[index].char_end:
            return None
        return self.of(self._passages[index])
