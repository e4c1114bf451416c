"""Which of the candidate headings are the items' own.

An item's name stands several times in a filing: in the table of contents, over its own text, in page heads and in
cross references. The chain of candidates in filing order that names most items, with their titles and with the most
text below each, is taken (dynamic programming over candidates).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from finrag_ml_tg1.filings.items.headings import ItemHeading

__all__ = ["best_chain"]

_LONG_TEXT_CHARS = 4_000


def best_chain(candidates: Sequence[ItemHeading], text_end: int) -> list[ItemHeading]:
    """Return the ordered chain of greatest reward; text below a heading counts up to a bound, so none swallows all.

    `candidates` are in text order. Linear in their number but for those that stand within one long text of each other.
    """
    if not candidates:
        return []
    best = [0.0] * len(candidates)
    previous: list[int | None] = [None] * len(candidates)
    orders = max(candidate.order for candidate in candidates) + 1
    # The best candidate of each order so far that stands a long text or more before the one considered.
    settled: list[int | None] = [None] * orders
    first_near = 0
    for index, candidate in enumerate(candidates):
        while candidate.char_start - candidates[first_near].char_start >= _LONG_TEXT_CHARS:
            _settle(settled, candidates, best, first_near)
            first_near += 1
        for earlier in [*settled[: candidate.order], *range(first_near, index)]:
            if earlier is None or candidates[earlier].order >= candidate.order:
                continue
            score = best[earlier] + _text_reward(candidate.char_start - candidates[earlier].char_start)
            if score > best[index]:
                best[index] = score
                previous[index] = earlier
        best[index] += candidate.reward
    ends = [
        score + _text_reward(text_end - candidate.char_start) for score, candidate in zip(best, candidates, strict=True)
    ]
    cursor: int | None = max(range(len(candidates)), key=ends.__getitem__)
    chain = []
    while cursor is not None:
        chain.append(candidates[cursor])
        cursor = previous[cursor]
    return chain[::-1]


def _settle(settled: list[int | None], candidates: Sequence[ItemHeading], best: Sequence[float], index: int) -> None:
    order = candidates[index].order
    known = settled[order]
    if known is None or best[index] > best[known]:
        settled[order] = index


def _text_reward(length: int) -> float:
    """From 0 for no text to 1 for text of `_LONG_TEXT_CHARS` or more, logarithmic."""
    return min(1.0, math.log1p(max(0, length)) / math.log1p(_LONG_TEXT_CHARS))
