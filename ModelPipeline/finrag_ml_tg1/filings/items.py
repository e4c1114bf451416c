"""Which stretch of the canonical text is which item.

An item's name stands several times in a filing: in the table of contents, over its own text, in page heads and in
cross references. All of them are candidates; the chain of candidates in filing order that names most items, with
their titles and with the most text below each, is taken (dynamic programming over candidates).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from finrag_ml_tg1.filings.canonical import Block, CanonicalDocument
from finrag_ml_tg1.vocabulary.items import ItemSpec, items_of_form

__all__ = ["ItemSpan", "find_items"]

_ITEM_HEADING = re.compile(
    r"(?:part\s+(?P<part>i{1,3}|iv)\b[\s.,:;–—-]*)?"
    r"items?\s*(?P<number>1[0-6]|[1-9])\s?(?P<letter>[ABC](?![a-z]))?[\s.:;–—-]*"
    r"(?:(?:and|&|,)\s*(?:items?\s*)?(?P<second>1[0-6]|[1-9])(?P<second_letter>[ABC](?![a-z]))?[\s.:;–—-]+)?"
    r"(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SIGNATURES = re.compile(r"signatures?", re.IGNORECASE)
_CROSS_REFERENCE = re.compile(r"^(?:of|in|to|above|below|for|and|or|as|is|was|see)\b|^[,;)”\"]")
_MAX_HEADING_CHARS = 260
_TITLE_REWARD = 0.6
_HEADING_REWARD = 0.4
_UNNUMBERED_PENALTY = 0.5
_LONG_TEXT_CHARS = 4_000
# "Items 1 and 2" passes over 1A, 1B and 1C.
_MAX_SUBITEMS = 4


@dataclass(frozen=True, slots=True)
class ItemSpan:
    """An item's identifier and its stretch of the canonical text, heading included."""

    item: str
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A block that may head an item: the item's place in the form, where it starts, how much it looks the part."""

    order: int
    identifiers: tuple[str, ...]
    char_start: int
    reward: float


def find_items(document: CanonicalDocument, form: str) -> tuple[ItemSpan, ...]:
    """Return the items found, in text order, without overlaps; empty when the document names none.

    A heading over two items ("Items 1 and 2") yields a span for each with the same stretch of text.
    """
    specs = items_of_form(form)
    candidates = list(_candidates(document, specs))
    text_end = _signatures_start(document)
    chain = _best_chain(candidates, text_end)
    headed = {candidate.identifiers[0] for candidate in chain}
    spans: list[ItemSpan] = []
    for candidate, follower in zip_longest(chain, chain[1:]):
        end = follower.char_start if follower else max(text_end, candidate.char_start)
        named = candidate.identifiers[:1] + tuple(also for also in candidate.identifiers[1:] if also not in headed)
        spans.extend(ItemSpan(identifier, candidate.char_start, end) for identifier in named)
    return tuple(spans)


def _candidates(document: CanonicalDocument, specs: Sequence[ItemSpec]) -> Iterator[_Candidate]:
    blocks = [block for block in document.blocks if block.kind != "furniture"]
    for block, follower in zip_longest(blocks, blocks[1:]):
        if block.kind == "table" or block.char_end - block.char_start > 4 * _MAX_HEADING_CHARS:
            continue
        text = document.text_of(block)
        match = _ITEM_HEADING.match(text)
        if match:
            yield from _numbered(match, block, document.text_of(follower) if follower else "", specs)
        elif len(text) <= _MAX_HEADING_CHARS:
            yield from _unnumbered(text, block, specs)


def _numbered(match: re.Match[str], block: Block, next_text: str, specs: Sequence[ItemSpec]) -> Iterator[_Candidate]:
    title = match["title"].strip()
    if _CROSS_REFERENCE.match(title) or (len(title) > _MAX_HEADING_CHARS and block.kind != "heading"):
        return
    number = match["number"] + (match["letter"] or "").upper()
    second = (match["second"] or "") + (match["second_letter"] or "").upper()
    for order, spec in enumerate(specs):
        if spec.number != number:
            continue
        reward = 1.0
        if spec.wording.match(title or next_text):
            reward += _TITLE_REWARD
        elif title:
            reward -= _TITLE_REWARD / 2
        if block.kind == "heading":
            reward += _HEADING_REWARD
        also = [
            other.identifier
            for other in specs[order + 1 : order + 1 + _MAX_SUBITEMS]
            if second and other.number == second
        ]
        yield _Candidate(order, (spec.identifier, *also), block.char_start, reward + len(also))


def _unnumbered(text: str, block: Block, specs: Sequence[ItemSpec]) -> Iterator[_Candidate]:
    for order, spec in enumerate(specs):
        match = spec.wording.match(text)
        if match and len(text) - match.end() <= len(text) // 3 + len(spec.title) // 2:
            reward = 1.0 - _UNNUMBERED_PENALTY if block.kind == "heading" else 0.5 - _UNNUMBERED_PENALTY
            yield _Candidate(order, (spec.identifier,), block.char_start, reward)


def _signatures_start(document: CanonicalDocument) -> int:
    """Where the signatures begin in the last third of the text, else its end."""
    length = len(document.text)
    for block in document.blocks:
        if block.char_start > 0.66 * length and _SIGNATURES.fullmatch(document.text_of(block)):
            return block.char_start
    return length


def _best_chain(candidates: list[_Candidate], text_end: int) -> list[_Candidate]:
    """Return the ordered chain of greatest reward; text below a heading counts up to a bound, so none swallows all."""
    best = [0.0] * len(candidates)
    previous: list[int | None] = [None] * len(candidates)
    for index, candidate in enumerate(candidates):
        for earlier_index in range(index):
            earlier = candidates[earlier_index]
            if earlier.order >= candidate.order:
                continue
            score = best[earlier_index] + _text_reward(candidate.char_start - earlier.char_start)
            if score > best[index]:
                best[index] = score
                previous[index] = earlier_index
        best[index] += candidate.reward
    if not candidates:
        return []
    ends = [
        score + _text_reward(text_end - candidate.char_start) for score, candidate in zip(best, candidates, strict=True)
    ]
    cursor: int | None = max(range(len(candidates)), key=ends.__getitem__)
    chain = []
    while cursor is not None:
        chain.append(candidates[cursor])
        cursor = previous[cursor]
    return chain[::-1]


def _text_reward(length: int) -> float:
    """From 0 for no text to 1 for text of `_LONG_TEXT_CHARS` or more, logarithmic."""
    return min(1.0, math.log1p(max(0, length)) / math.log1p(_LONG_TEXT_CHARS))
