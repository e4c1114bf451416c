"""The lines that may head an item: by its number, by its title, or because the table of contents links to them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.filings.items.contents import contents_starts
from finrag_ml_tg1.filings.items.lines import Line, read_lines
from finrag_ml_tg1.filings.items.numbers import PART_CAPTION, NumberedLine, read_numbered_line, without_page
from finrag_ml_tg1.filings.items.spans import ItemBasis
from finrag_ml_tg1.filings.items.titles import MAX_TITLE_CHARS, titles_of_others, worded_orders
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument
from finrag_ml_tg1.filings.text.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["ItemHeading", "item_headings"]

_CROSS_REFERENCE = re.compile(r"(?:of|in|to|above|below|for|and|or|as|is|was|see)\b|[,;)”\"’]")
_REFERS = re.compile(
    r"\b(?:of|in|to) (?:this|the|our)\b.{0,30}\b(?:report|form)\b|\b(?:above|below|herein)\b|[”\"]", re.I
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_SMALL_WORDS = frozenset(("with", "from", "about", "upon", "under", "that"))
_SENTENCE_END = re.compile(r"[.:](?:\s|$)|\s?[–—]\s?| - ")
_MAX_HEADING_CHARS = 260
_MAX_LINE_CHARS = 400
_NUMBER_REWARD = 1.0
_TITLE_REWARD = 0.6
_PRINT_REWARD = 0.4
_ROW_PENALTY = 0.2
_OTHER_PART_PENALTY = 0.8
_CONTENTS_LINE_PENALTY = 1.5
_LINK_REWARD = 1.2
_UNNUMBERED_PENALTY = 0.5
# Items 10 to 14 often share a place; one that more items lead to is no item's.
_MAX_SHARING_ITEMS = 6


@dataclass(frozen=True, slots=True)
class ItemHeading:
    """A line that may head items: their places in the form, where it starts, how much it looks the part.

    `order` is the first item's place, `orders` are those of all; `head_end` is where the heading's own line ends;
    `in_contents` tells of a table of contents' line.
    """

    order: int
    orders: tuple[int, ...]
    char_start: int
    head_end: int
    reward: float
    basis: ItemBasis
    is_titled: bool
    in_contents: bool = False
    stands_out: bool = False


def item_headings(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> list[ItemHeading]:
    """Return the candidates in text order; one line may be a candidate for several items.

    Lines that a title alone makes candidates are left out for items whose number the filing, which numbers others,
    prints nowhere: "Risk Factors" was a part of Item 1 before it became an item.
    """
    lines = list(read_lines(document))
    numbered = [(line, named) for line in lines if (named := read_numbered_line(line.text)) is not None]
    contents = contents_starts(numbered, specs, links)
    printed = list(_printed(lines, {line.char_start: named for line, named in numbered}, contents, specs))
    linked = list(_linked(document, specs, links))
    known = {order for heading in (*printed, *linked) for order in heading.orders}
    others = titles_of_others(numbered, specs)
    titled = [
        heading
        for heading in _worded(lines, {line.char_start for line, _ in numbered}, specs)
        if (not known or heading.order in known) and heading.order not in others
    ]
    return sorted([*printed, *linked, *titled], key=lambda heading: (heading.char_start, heading.order))


def _printed(
    lines: Sequence[Line], numbered: dict[int, NumberedLine], contents: frozenset[int], specs: Sequence[ItemSpec]
) -> Iterator[ItemHeading]:
    part = ""
    for line in lines:
        caption = PART_CAPTION.fullmatch(line.text)
        if caption:
            part = {"1": "I", "2": "II"}.get(caption["part"], caption["part"].upper())
        named = numbered.get(line.char_start)
        if named is None or named.is_continued:
            continue
        part = named.part or part
        for heading in _numbered(line, named, specs):
            reward = heading.reward
            own_part, _, _ = specs[heading.order].identifier.rpartition("-")
            if part and own_part in ("I", "II") and own_part != part:
                reward -= _OTHER_PART_PENALTY
            in_contents = line.char_start in contents
            reward -= _CONTENTS_LINE_PENALTY * in_contents
            yield replace(heading, reward=reward, in_contents=in_contents)


def _numbered(line: Line, named: NumberedLine, specs: Sequence[ItemSpec]) -> Iterator[ItemHeading]:
    for start, spec in enumerate(specs):
        if spec.number != named.runs[0][0]:
            continue
        orders = named.orders(specs, start)
        is_titled = spec.wording.match(named.title.lstrip(", ") or line.next_text) is not None
        if not orders or not _may_head(line, named.title, is_titled=is_titled):
            continue
        reward = _NUMBER_REWARD + (len(orders) - 1)
        reward += _TITLE_REWARD if is_titled else -_TITLE_REWARD / 2 if named.title else 0.0
        reward += _PRINT_REWARD * line.stands_out - _ROW_PENALTY * (line.table is not None)
        head_end = line.char_start + (
            line.head_chars if line.stands_out else min(len(line.text), line.char_end - line.char_start)
        )
        yield ItemHeading(
            start, orders, line.char_start, head_end, reward, "heading", is_titled, stands_out=line.stands_out
        )


def _may_head(line: Line, title: str, *, is_titled: bool) -> bool:
    """Whether a line that begins with an item's number is no cross reference at the beginning of a sentence."""
    if _CROSS_REFERENCE.match(title) and not (is_titled and line.stands_out):
        return False
    if title[:1].islower() and not is_titled:
        return False
    if line.stands_out or (len(title) <= _MAX_HEADING_CHARS and line.char_end - line.char_start <= _MAX_LINE_CHARS):
        return not (is_titled and not line.stands_out and _REFERS.search(title))
    return is_titled and _begins_with_title(title)


def _begins_with_title(text: str) -> bool:
    """Whether a paragraph's first words are a title, as in "Legal Proceedings. We are …"."""
    end = _SENTENCE_END.search(text)
    if end is None or end.start() > _MAX_HEADING_CHARS:
        return False
    words = _WORD.findall(text[: end.start()])
    return _REFERS.search(text[: end.start()]) is None and all(
        word[0].isupper() or word in _SMALL_WORDS for word in words
    )


def _worded(lines: Sequence[Line], numbered: set[int], specs: Sequence[ItemSpec]) -> Iterator[ItemHeading]:
    for line in lines:
        if line.table is not None or line.char_start in numbered or line.head_chars > MAX_TITLE_CHARS:
            continue
        for order in worded_orders(line.text[: line.head_chars], specs):
            reward = (1.0 if line.stands_out else 0.5) - _UNNUMBERED_PENALTY
            end = line.char_start + line.head_chars
            yield ItemHeading(order, (order,), line.char_start, end, reward, "title", True, stands_out=line.stands_out)


def _linked(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> Iterator[ItemHeading]:
    """Where a line of the table of contents that names an item leads to."""
    starts = [block.char_start for block in document.blocks]
    found: dict[tuple[int, int], ItemHeading] = {}
    for link, named in _numbered_links(document.text, links):
        target = starts[max(0, bisect_right(starts, link.target) - 1)]
        title = without_page(named.title)
        for start, spec in enumerate(specs):
            if spec.number != named.runs[0][0]:
                continue
            orders = named.orders(specs, start)
            is_titled = spec.wording.match(title) is not None
            if orders and (is_titled or not title):
                reward = _LINK_REWARD + (len(orders) - 1)
                heading = ItemHeading(start, orders, target, target, reward, "contents", is_titled)
                found.setdefault((start, target), heading)
    shared = Counter(target for _, target in found)
    yield from (heading for heading in found.values() if shared[heading.char_start] <= _MAX_SHARING_ITEMS)


def _numbered_links(text: str, links: Sequence[Link]) -> Iterator[tuple[Link, NumberedLine]]:
    """The links that stand in a line, of a table or a block of its own, which begins with an item's number."""
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    read: dict[int, NumberedLine | None] = {}
    for link in links:
        start = line_starts[bisect_right(line_starts, link.char_start) - 1]
        if start not in read:
            line, _, _ = text[start : start + _MAX_LINE_CHARS].partition("\n")
            read[start] = read_numbered_line(line.replace(" | ", " "))
        named = read[start]
        if named is not None:
            yield link, named
