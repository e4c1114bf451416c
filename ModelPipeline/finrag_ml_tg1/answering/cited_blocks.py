"""Which blocks what stands at a place of an answer rests on."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

from finrag_ml_tg1.answering.cited_sentences import cited_sentence_spans

__all__ = ["CitedBlocks"]

_MARK = re.compile(r"\[(\d{1,3})\]")


class CitedBlocks:
    """Which blocks each sentence cites: its own marks, else its paragraph's, else all."""

    def __init__(self, markdown: str, texts: Mapping[int, str]) -> None:
        self._starts: list[int] = []
        self._blocks: list[tuple[int, ...]] = []
        everything = tuple(texts)
        start = 0
        for line in markdown.split("\n"):
            of_line = _marks(line, texts)
            spans = [(0, len(line))] if "|" in line else [*cited_sentence_spans(line)]
            for place, (first, _) in enumerate(spans):
                end = spans[place + 1][0] if place + 1 < len(spans) else len(line)
                self._starts.append(start + first)
                self._blocks.append(_marks(line[first:end], texts) or of_line or everything)
            start += len(line) + 1
        self._everything = everything

    def at(self, start: int) -> tuple[int, ...]:
        """Return the numbers of the blocks cited for what stands at an offset."""
        place = bisect_right(self._starts, start) - 1
        return self._blocks[place] if place >= 0 else self._everything


def _marks(line: str, texts: Mapping[int, str]) -> tuple[int, ...]:
    return tuple(sorted({int(mark) for mark in _MARK.findall(line)} & set(texts)))
