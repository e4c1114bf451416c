"""Headings that the chain in filing order leaves out: items out of order, and items printed again for a registrant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from finrag_ml_tg1.filings.items.headings import ItemHeading

__all__ = ["with_strays"]

_MIN_REPEATED_CHARS = 1_000


def with_strays(chain: Sequence[ItemHeading], candidates: Sequence[ItemHeading]) -> list[ItemHeading]:
    """Return the chain with unmistakable headings it leaves out put in, in text order.

    Unmistakable is a number with its own title that stands out in print. Such a heading is taken for an item of which
    the chain has none; and, in filings of several registrants, for items named again in a second sequence: at least two
    in filing order, with text below each, that go back behind the item they stand in.
    """
    plain = [
        heading
        for heading in candidates
        if heading.basis == "heading" and heading.is_titled and heading.stands_out and not heading.in_contents
    ]
    named = {order for heading in chain for order in heading.orders}
    missing: dict[int, ItemHeading] = {}
    for heading in plain:
        if heading.order not in named:
            missing.setdefault(heading.order, heading)
    starts = {heading.char_start for heading in chain}
    added = [heading for heading in missing.values() if heading.char_start not in starts]
    ordered = sorted([*chain, *added], key=lambda heading: heading.char_start)
    repeated = [heading for heading in _repeated(ordered, plain) if heading.char_start not in starts]
    return sorted({heading.char_start: heading for heading in (*repeated, *ordered)}.values(), key=_place)


def _place(heading: ItemHeading) -> int:
    return heading.char_start


def _repeated(ordered: Sequence[ItemHeading], plain: Sequence[ItemHeading]) -> Iterator[ItemHeading]:
    starts = [heading.char_start for heading in ordered]
    sequences: dict[int, list[ItemHeading]] = {}
    for heading in plain:
        place = bisect_right(starts, heading.char_start) - 1
        is_own = place >= 0 and heading.order == ordered[place].order
        if place >= 0 and (place in sequences or not is_own):
            sequences.setdefault(place, []).append(heading)
    for place, sequence in sequences.items():
        end = starts[place + 1] if place + 1 < len(starts) else None
        texts = [right.char_start - left.char_start for left, right in pairwise(sequence)]
        if end is not None:
            texts.append(end - sequence[-1].char_start)
        ascends = len(sequence) > 1 and sequence[0].order < sequence[1].order
        if ascends and sequence[0].order < ordered[place].order and min(texts) >= _MIN_REPEATED_CHARS:
            yield from sequence
