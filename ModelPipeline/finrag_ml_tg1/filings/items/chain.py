"""Which of the candidate headings are the items' own.

An item's name stands several times in a filing: in the table of contents, over its own text, in page heads and in
cross references. The chain of candidates in filing order that names most items, with their titles and with the most
text below each, is taken (dynamic programming over the candidates).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from finrag_ml_tg1.filings.items.headings import ItemHeading

__all__ = ["best_chain"]

_LONG_TEXT_CHARS = 4_000


def best_chain(candidates: Sequence[ItemHeading], text_end: int) -> list[ItemHeading]:
    """Return the chain, ordered in text and form, of greatest reward; of equal ones that which begins first.

    `candidates` are in text order. The text below a heading, to the next candidate for another item, counts up to a
    bound, so that no item swallows all. Linear in their number.
    """
    below = _text_below(candidates, text_end)
    # The best chain so far that ends with an item of each place in the form: its score and last candidate.
    ends: dict[int, tuple[float, int]] = {}
    previous: list[int | None] = [None] * len(candidates)
    for _, group in groupby(range(len(candidates)), key=lambda index: candidates[index].char_start):
        reached: list[tuple[int, float, int]] = []
        for index in group:
            candidate = candidates[index]
            before = [end for order, end in ends.items() if order < candidate.order]
            score, last = max(before, key=lambda end: (end[0], -end[1]), default=(0.0, -1))
            previous[index] = last if last >= 0 else None
            reached.append((candidate.order, score + candidate.reward + _text_reward(below[index]), index))
        for order, score, index in reached:
            if order not in ends or score > ends[order][0]:
                ends[order] = (score, index)
    cursor: int | None = max(ends.values(), key=lambda end: (end[0], -end[1]))[1] if ends else None
    chain = []
    while cursor is not None:
        chain.append(candidates[cursor])
        cursor = previous[cursor]
    return chain[::-1]


def _text_below(candidates: Sequence[ItemHeading], text_end: int) -> list[int]:
    """The characters below each heading, up to the next candidate for another item.

    A title without a number ends only the text of its like: it may be a heading inside an item.
    """
    below = [0] * len(candidates)
    nearest: dict[bool, dict[int, int]] = {True: {}, False: {}}
    for _, group in groupby(range(len(candidates))[::-1], key=lambda index: candidates[index].char_start):
        members = list(group)
        for index in members:
            candidate = candidates[index]
            starts = dict(nearest[True])
            if candidate.basis == "title":
                for order, start in nearest[False].items():
                    starts[order] = min(start, starts.get(order, start))
            others = [start for order, start in starts.items() if order != candidate.order]
            end = min(others, default=max(text_end, candidate.head_end))
            if candidate.head_end <= text_end:
                end = min(end, text_end)
            below[index] = end - candidate.head_end
        for index in members:
            candidate = candidates[index]
            nearest[candidate.basis != "title"][candidate.order] = candidate.char_start
    return below


def _text_reward(length: int) -> float:
    """From 0 for no text to 1 for text of `_LONG_TEXT_CHARS` or more, logarithmic."""
    return min(1.0, math.log1p(max(0, length)) / math.log1p(_LONG_TEXT_CHARS))
