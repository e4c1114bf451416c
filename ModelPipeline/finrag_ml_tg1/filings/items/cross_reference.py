"""Filings that order their text in their own way and tell in an index which pages answer which item of the form.

Form 10-K, General Instruction G and Exchange Act Rule 12b-13 require item captions; filers that integrate their annual
report give instead a table of items against page numbers, which is read here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from finrag_ml_tg1.filings.items.claims import Claim, owned_stretches
from finrag_ml_tg1.filings.items.index_entries import IndexEntry, read_index_entries
from finrag_ml_tg1.filings.items.pages import PrintedPages
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.items.titles import title_offsets
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument
from finrag_ml_tg1.filings.text.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["read_cross_reference_index"]

_CAPTION = re.compile(r"\bindex\b|\bcontents\b|cross.?reference", re.IGNORECASE)
_CAPTION_BLOCKS = 3
_MAX_CAPTION_CHARS = 120
_PAGE_CONFIDENCE = 0.8
_SHARED_CONFIDENCE = 0.5
_INDEX_CONFIDENCE = 0.9


def read_cross_reference_index(
    document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]
) -> tuple[ItemSpan, ...]:
    """Return the items' spans as the filing's own index tells them, in text order; empty when there is no such index.

    Where the index gives a stretch to several items, the one whose title was printed last before it has it, else the
    one that was given the longest run of pages. An item left without a stretch of its own shares another's, with less
    confidence; one that the index gives no pages has the index's own line as span.
    """
    entries = read_index_entries(document, specs, links)
    if not entries:
        return ()
    index = _index_start(document, min(entry.char_start for entry in entries)), max(entry.char_end for entry in entries)
    titles = title_offsets(document, specs)
    claims = _outside(_all_claims(entries, document, titles), index)
    if not claims:
        return ()
    sure = {claim.item for claim in claims if claim.is_sure}
    spans = [
        ItemSpan(item, start, end, _PAGE_CONFIDENCE if item in sure else _SHARED_CONFIDENCE, "pages")
        for item, start, end in owned_stretches(claims, titles)
    ]
    located = {span.item for span in spans}
    spans.extend(
        ItemSpan(claim.item, claim.char_start, claim.char_end, _SHARED_CONFIDENCE, "pages")
        for claim in claims
        if claim.item not in located
    )
    located = {span.item for span in spans}
    spans.extend(
        ItemSpan(entry.spec.identifier, entry.char_start, entry.char_end, _INDEX_CONFIDENCE, "index")
        for entry in entries
        if entry.spec.identifier not in located
    )
    return tuple(sorted(spans, key=lambda span: (span.char_start, span.char_end)))


def _all_claims(
    entries: Sequence[IndexEntry], document: CanonicalDocument, titles: dict[str, list[int]]
) -> list[Claim]:
    """Claims by pages; where the index never gives pages from-to, a page, link or name is where an item begins."""
    pages = PrintedPages(document)
    is_ranged = any(last > first for entry in entries for first, last in entry.pages)
    claims = [claim for entry in entries for claim in _claims(entry, pages, titles, is_ranged=is_ranged)]
    open_ended = [
        Claim(entry.spec.identifier, target, len(document.text), target)
        for entry in entries
        for target in ([] if is_ranged and entry.pages else entry.targets)
    ]
    if is_ranged:
        return [*claims, *_ended_by_followers(open_ended, claims)]
    begun = {claim.item for claim in claims}
    open_ended = [claim for claim in open_ended if claim.item not in begun]
    return _ended_by_followers([*(replace(claim, char_end=len(document.text)) for claim in claims), *open_ended], [])


def _claims(
    entry: IndexEntry, pages: PrintedPages, titles: dict[str, list[int]], *, is_ranged: bool
) -> Iterator[Claim]:
    for first, last in entry.pages:
        whole = pages.span(first, last)
        if whole is None:
            continue
        first_page = pages.span(first, first) or (whole[0], whole[0])
        page_before = pages.span(replace(first, number=first.number - 1), replace(first, number=first.number - 1))
        offsets = (*titles[entry.spec.identifier], *entry.targets)
        begins = [offset for offset in offsets if first_page[0] <= offset < first_page[1]]
        start = min(begins, default=first_page[0])
        is_titled = any(first_page[0] <= offset < first_page[1] for offset in titles[entry.spec.identifier])
        yield Claim(
            entry.spec.identifier, start, whole[1], (page_before or first_page)[0], is_sure=is_ranged or is_titled
        )


def _ended_by_followers(claims: Sequence[Claim], all_claims: Sequence[Claim]) -> list[Claim]:
    """Where only beginnings are known, an item ends where the next one begins."""
    starts = sorted({claim.char_start for claim in (*claims, *all_claims)})
    followers = dict(pairwise(starts))
    return [replace(claim, char_end=followers.get(claim.char_start, claim.char_end)) for claim in claims]


def _index_start(document: CanonicalDocument, first_entry: int) -> int:
    """Where the table with the first entry begins, with its caption."""
    place = bisect_right(document.blocks, first_entry, key=lambda block: block.char_start) - 1
    start = document.blocks[place].char_start
    for block in document.blocks[max(0, place - _CAPTION_BLOCKS) : place]:
        if block.char_end - block.char_start <= _MAX_CAPTION_CHARS and _CAPTION.search(document.text_of(block)):
            return block.char_start
    return start


def _outside(claims: Sequence[Claim], index: tuple[int, int]) -> list[Claim]:
    """The index itself is no item's text: of a claim that reaches over it, the longer part on either side is left."""
    outside = []
    for claim in claims:
        before = claim.char_start, min(claim.char_end, index[0])
        after = max(claim.char_start, index[1]), claim.char_end
        start, end = max(before, after, key=lambda part: part[1] - part[0])
        if start < end:
            outside.append(replace(claim, char_start=start, char_end=end))
    return outside
