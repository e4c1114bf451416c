"""The blocks that may head an item: by its number, by its title, or because the table of contents links to them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from finrag_ml_tg1.filings.canonical import Block, CanonicalDocument
from finrag_ml_tg1.filings.items.spans import ItemBasis
from finrag_ml_tg1.filings.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["ItemHeading", "item_headings", "item_number", "title_offsets"]

_NUMBERED = re.compile(
    r"(?:part\s+(?P<part>i{1,3}|iv)\b[\s.,:;–—-]*)?"
    r"items?\s*(?P<number>1[0-6]|[1-9])\s?\(?(?P<letter>[ABC](?![a-z]))?\)?[\s.:;–—-]*"
    r"(?:(?:and|&|,)\s*(?:items?\s*)?(?P<second>1[0-6]|[1-9])(?P<second_letter>[ABC](?![a-z]))?[\s.:;–—-]+)?"
    r"(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CROSS_REFERENCE = re.compile(r"^(?:of|in|to|above|below|for|and|or|as|is|was|see)\b|^[,;)”\"]")
_PAGE_REFERENCE = re.compile(r"[\s|.]*\bpages?\b.*$|[\s|.]*\d{1,3}(?:\s*[-–,]\s*\d{1,3})*\s*$", re.IGNORECASE)
_MAX_HEADING_CHARS = 260
_MAX_RUN_ON_CHARS = 4 * _MAX_HEADING_CHARS
_TITLE_REWARD = 0.6
_HEADING_REWARD = 0.4
_CONTENTS_REWARD = 1.2
_UNNUMBERED_PENALTY = 0.5
# "Items 1 and 2" passes over 1A, 1B and 1C.
_MAX_SUBITEMS = 4


@dataclass(frozen=True, slots=True)
class ItemHeading:
    """A block that may head an item: the item's place in the form, where it starts, how much it looks the part."""

    order: int
    identifiers: tuple[str, ...]
    char_start: int
    reward: float
    basis: ItemBasis
    is_titled: bool


def item_headings(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> list[ItemHeading]:
    """Return the candidates in text order; one block may be a candidate for several items."""
    found = [*_printed(document, specs), *_linked(document, specs, links)]
    return sorted(found, key=lambda candidate: (candidate.char_start, candidate.order))


def item_number(text: str) -> tuple[str, str] | None:
    """Return (number, title) of a line such as "Item 7A. | Disclosures … | 31", page references left out."""
    match = _NUMBERED.match(text)
    if match is None:
        return None
    title = _PAGE_REFERENCE.sub("", match["title"].replace("|", " ")).strip()
    return match["number"] + (match["letter"] or "").upper(), title


def title_offsets(document: CanonicalDocument, spec: ItemSpec) -> list[int]:
    """Return where headings, also those a paragraph begins with, are worded as the item's title."""
    offsets = []
    for block in document.blocks:
        if block.kind == "heading" or block.run_in:
            end = block.char_start + block.run_in if block.run_in else block.char_end
            if _is_worded(document.text[block.char_start : end], spec):
                offsets.append(block.char_start)
    return offsets


def _printed(document: CanonicalDocument, specs: Sequence[ItemSpec]) -> Iterator[ItemHeading]:
    blocks = [block for block in document.blocks if block.kind != "furniture"]
    for block, follower in zip_longest(blocks, blocks[1:]):
        if block.kind == "table":
            continue
        if block.char_end - block.char_start > _MAX_RUN_ON_CHARS and not block.run_in:
            continue
        text = document.text_of(block)
        match = _NUMBERED.match(text)
        if match:
            yield from _numbered(match, block, document.text_of(follower) if follower else "", specs)
        else:
            yield from _worded(text[: block.run_in] if block.run_in else text, block, specs)


def _numbered(match: re.Match[str], block: Block, next_text: str, specs: Sequence[ItemSpec]) -> Iterator[ItemHeading]:
    title = match["title"].strip()
    if _CROSS_REFERENCE.match(title) or (
        len(title) > _MAX_HEADING_CHARS and block.kind != "heading" and not block.run_in
    ):
        return
    number = match["number"] + (match["letter"] or "").upper()
    second = (match["second"] or "") + (match["second_letter"] or "").upper()
    for order, spec in enumerate(specs):
        if spec.number != number:
            continue
        reward = 1.0
        is_titled = spec.wording.match(title or next_text) is not None
        if is_titled:
            reward += _TITLE_REWARD
        elif title:
            reward -= _TITLE_REWARD / 2
        if block.kind == "heading" or block.run_in:
            reward += _HEADING_REWARD
        also = [
            other.identifier
            for other in specs[order + 1 : order + 1 + _MAX_SUBITEMS]
            if second and other.number == second
        ]
        identifiers = (spec.identifier, *also)
        yield ItemHeading(order, identifiers, block.char_start, reward + len(also), "heading", is_titled)


def _worded(text: str, block: Block, specs: Sequence[ItemSpec]) -> Iterator[ItemHeading]:
    if len(text) > _MAX_HEADING_CHARS:
        return
    for order, spec in enumerate(specs):
        if _is_worded(text, spec):
            reward = (1.0 if block.kind == "heading" or block.run_in else 0.5) - _UNNUMBERED_PENALTY
            yield ItemHeading(order, (spec.identifier,), block.char_start, reward, "title", is_titled=True)


def _is_worded(text: str, spec: ItemSpec) -> bool:
    """Whether the text is the item's title and little more."""
    match = spec.wording.match(text)
    return match is not None and len(text) - match.end() <= len(text) // 3 + len(spec.title) // 2


def _linked(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> Iterator[ItemHeading]:
    """Where a line of the table of contents that names an item leads to."""
    lines = _Lines(document)
    starts = [block.char_start for block in document.blocks]
    seen: set[tuple[int, int]] = set()
    for link in links:
        named = item_number(lines.around(link.char_start))
        if named is None:
            continue
        target = starts[max(0, bisect_right(starts, link.target) - 1)]
        for order, spec in enumerate(specs):
            is_titled = spec.wording.match(named[1]) is not None
            if spec.number == named[0] and (is_titled or not named[1]) and (order, target) not in seen:
                seen.add((order, target))
                yield ItemHeading(order, (spec.identifier,), target, _CONTENTS_REWARD, "contents", is_titled)


class _Lines:
    """The lines of a text: a table's row, or a block."""

    def __init__(self, document: CanonicalDocument) -> None:
        self._text = document.text

    def around(self, offset: int) -> str:
        start = self._text.rfind("\n", 0, offset) + 1
        end = self._text.find("\n", offset)
        return self._text[start : end if end >= 0 else len(self._text)]
