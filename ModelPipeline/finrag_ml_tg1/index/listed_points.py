"""A list that a sentence introduces, as one stretch: "Our sources of liquidity include:" and the points under it."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["list_spans"]

_FEWEST_POINTS = 2
_MAX_WORDS = 90
_BLOCK = re.compile(r"[^\n](?:[^\n]|\n(?!\n))*")
_POINT = re.compile(r"[•●▪■◦·–—*]\s*\S|\(?(?:[ivx]{1,4}|[a-z]|\d{1,2})[.)]\s")
_LAST_SENTENCE = re.compile(r"(?:.*[.!?]\s+)?(?=[A-Z“\"])", re.DOTALL)


def list_spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield where each sentence that ends in a colon starts, where it ends, and the last point under it ends.

    Points that would make it longer than 90 words are left out; a list of one point is none.
    """
    if ":" not in text:
        return
    blocks = list(_BLOCK.finditer(text))
    for place, block in enumerate(blocks):
        if not block.group().rstrip().endswith(":") or _POINT.match(block.group()):
            continue
        opening = _LAST_SENTENCE.match(block.group())
        start = block.start() + (opening.end() if opening else 0)
        ends = list(_ends_of_points(text, start, blocks[place + 1 :]))
        if len(ends) >= _FEWEST_POINTS:
            yield start, block.end(), ends[-1]


def _ends_of_points(text: str, start: int, blocks: list[re.Match[str]]) -> Iterator[int]:
    for block in blocks:
        end = block.start() + len(block.group().rstrip())
        if not _POINT.match(block.group()) or len(text[start:end].split()) > _MAX_WORDS:
            return
        yield end
