"""Which item owns a stretch of the text that a filing's index gives to several."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Claim", "owned_stretches"]

_MAX_TAKEN_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Claim:
    """A stretch that an item's entry names; its title may stand from `title_from` on, a page before its own pages.

    `is_sure` is False where an index of single pages sends the item to a page without its title: it may be a part of
    another item's text there, and end before the next item begins.
    """

    item: str
    char_start: int
    char_end: int
    title_from: int
    is_sure: bool = True


def owned_stretches(claims: Sequence[Claim], titles: Mapping[str, Sequence[int]]) -> list[tuple[str, int, int]]:
    """Return (item, start, end) of the claimed text, divided so that every stretch has one owner.

    `titles` are the offsets, in order, where each item's title is printed. An item that would own nothing is given its
    first stretch where that takes little from the owner.
    """
    edges = {edge for claim in claims for edge in (claim.char_start, claim.char_end)}
    ordered = sorted(edges.union(*(titles[claim.item] for claim in claims)))
    owners: dict[tuple[int, int], str] = {}
    waiting = sorted(claims, key=lambda claim: claim.char_start)[::-1]
    claimants: list[Claim] = []
    for start, end in pairwise(ordered):
        claimants = [claim for claim in claimants if claim.char_end > start]
        while waiting and waiting[-1].char_start <= start:
            claimants.append(waiting.pop())
        if claimants:
            owners[start, end] = _owner(start, claimants, titles)
    owned = Counter[str]()
    for (start, end), owner in owners.items():
        owned[owner] += end - start
    for claim in claims:
        if owned[claim.item]:
            continue
        inside = [stretch for stretch in owners if claim.char_start <= stretch[0] and stretch[1] <= claim.char_end]
        if all(end - start <= _MAX_TAKEN_SHARE * owned[owners[start, end]] for start, end in inside):
            owners.update(dict.fromkeys(inside, claim.item))
            owned[claim.item] += sum(end - start for start, end in inside)
    return list(_joined(owners))


def _joined(owners: Mapping[tuple[int, int], str]) -> Iterator[tuple[str, int, int]]:
    """Neighbouring stretches of one owner as one."""
    current: tuple[str, int, int] | None = None
    for (start, end), owner in owners.items():
        if current is not None and current[0] == owner and current[2] == start:
            current = (owner, current[1], end)
            continue
        if current is not None:
            yield current
        current = (owner, start, end)
    if current is not None:
        yield current


def _owner(start: int, claimants: Sequence[Claim], titles: Mapping[str, Sequence[int]]) -> str:
    def rank(claim: Claim) -> tuple[int, int]:
        offsets = titles[claim.item]
        place = bisect_right(offsets, start) - 1
        title = offsets[place] if place >= 0 and offsets[place] >= claim.title_from else -1
        return title, claim.char_end - claim.char_start

    return max(claimants, key=rank).item
