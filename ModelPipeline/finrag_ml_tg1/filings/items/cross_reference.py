"""Filings that order their text in their own way and tell in an index which pages answer which item of the form.

Form 10-K, General Instruction G and Exchange Act Rule 12b-13 require item captions; filers that integrate their annual
report give instead a table of items against page numbers, which is read here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from finrag_ml_tg1.filings.canonical import CanonicalDocument
from finrag_ml_tg1.filings.items.headings import item_number, title_offsets
from finrag_ml_tg1.filings.items.pages import PrintedPages
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["read_cross_reference_index"]

_PAGES = re.compile(r"(?<![\w.$])(\d{1,3})(?:\s*[-–—]\s*(\d{1,3}))?(?![\w.%])")
_NOT_PAGES = re.compile(r"\((?:[a-z]|\d{1,2})\)|\b(?:19|20)\d\d\b|\bform 10-\w+", re.IGNORECASE)
_MIN_ENTRIES = 8
_PAGE_CONFIDENCE = 0.8
_SHARED_CONFIDENCE = 0.5
_INDEX_CONFIDENCE = 0.9
_MAX_TAKEN_SHARE = 0.2


@dataclass(slots=True)
class _Entry:
    """A line of the index, with the lines below it that name no other item."""

    spec: ItemSpec
    char_start: int
    char_end: int
    pages: list[tuple[int, int]] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A stretch that an item's entry names; its title may stand from `title_from` on, a page before its own pages."""

    item: str
    char_start: int
    char_end: int
    title_from: int


def read_cross_reference_index(
    document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]
) -> tuple[ItemSpan, ...]:
    """Return the items' spans as the filing's own index tells them, in text order; empty when there is no such index.

    Where the index gives a stretch to several items, the one whose title was printed last before it has it, else the
    one that was given the longest run of pages. An item left without a stretch of its own shares another's, with less
    confidence; one that the index gives no pages has the index's own line as span.
    """
    entries = _entries(document, specs, links)
    pages = PrintedPages(document)
    claims = [claim for entry in entries for claim in _claims(entry, document, pages, is_ranged=_is_ranged(entries))]
    if not claims:
        return ()
    if not _is_ranged(entries):
        claims = _ended_by_followers(claims, min(entry.char_start for entry in entries))
    titles = {entry.spec.identifier: title_offsets(document, entry.spec) for entry in entries}
    owned = _owned_stretches(claims, titles)
    spans = [ItemSpan(item, start, end, _PAGE_CONFIDENCE, "pages") for item, start, end in owned]
    shared = [claim for claim in claims if claim.item not in {span.item for span in spans}]
    spans.extend(
        ItemSpan(claim.item, claim.char_start, claim.char_end, _SHARED_CONFIDENCE, "pages") for claim in shared
    )
    located = {span.item for span in spans}
    spans.extend(
        ItemSpan(entry.spec.identifier, entry.char_start, entry.char_end, _INDEX_CONFIDENCE, "index")
        for entry in entries
        if entry.spec.identifier not in located
    )
    return tuple(sorted(spans, key=lambda span: (span.char_start, span.char_end)))


def _entries(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> list[_Entry]:
    """The lines of the last table, or run of tables, that names most items."""
    best: list[_Entry] = []
    run: list[_Entry] = []
    for block in document.blocks:
        if block.kind == "furniture":
            continue
        if block.kind != "table" or block.table is None:
            if block.char_end - block.char_start > 200:
                run = []
            continue
        for row in block.table.rows:
            _read_line(document, block.char_start + row.char_start, block.char_start + row.char_end, specs, run)
        if len(run) >= max(len(best), _MIN_ENTRIES):
            best = run
    for entry in best:
        entry.targets = [link.target for link in links if entry.char_start <= link.char_start < entry.char_end]
    return best


def _read_line(
    document: CanonicalDocument, start: int, end: int, specs: Sequence[ItemSpec], entries: list[_Entry]
) -> None:
    text = document.text[start:end]
    named = item_number(text)
    if named is not None:
        taken = {entry.spec.identifier for entry in entries}
        spec = next((spec for spec in specs if spec.number == named[0] and spec.identifier not in taken), None)
        if spec is not None:
            cells = text.split(" | ")
            entries.append(_Entry(spec, start, end, _page_ranges(" | ".join(cells[1:])) if len(cells) > 1 else []))
            return
    elif entries and re.match(r"signatures?\b", text, re.IGNORECASE) is None and " | " in text:
        entries[-1].pages.extend(_page_ranges(text.rpartition(" | ")[2]))
        entries[-1].char_end = end


def _page_ranges(text: str) -> list[tuple[int, int]]:
    last = _NOT_PAGES.sub(" ", text.rpartition(" | ")[2] if " | " in text else text)
    return [(int(first), int(end or first)) for first, end in _PAGES.findall(last)]


def _is_ranged(entries: Sequence[_Entry]) -> bool:
    """Whether the index gives pages from-to; where it never does, a page is where an item begins."""
    return any(last > first for entry in entries for first, last in entry.pages)


def _claims(entry: _Entry, document: CanonicalDocument, pages: PrintedPages, *, is_ranged: bool) -> Iterator[_Claim]:
    titles = title_offsets(document, entry.spec)
    for number, (first, last) in enumerate(entry.pages):
        whole = pages.span(first, last)
        if whole is None:
            if not is_ranged and number < len(entry.targets):
                target = entry.targets[number]
                yield _Claim(entry.spec.identifier, target, len(document.text), target)
            continue
        first_page = pages.span(first, first) or (whole[0], whole[0])
        page_before = pages.span(first - 1, first - 1) or first_page
        begins = [offset for offset in (*titles, *entry.targets) if first_page[0] <= offset < first_page[1]]
        yield _Claim(entry.spec.identifier, min(begins, default=first_page[0]), whole[1], page_before[0])


def _ended_by_followers(claims: Sequence[_Claim], index_start: int) -> list[_Claim]:
    """Where only beginnings are known, an item ends where the next one begins, at the latest at the index."""
    starts = sorted({claim.char_start for claim in claims} | {index_start})
    ended = []
    for claim in claims:
        following = [start for start in starts if start > claim.char_start]
        ended.append(replace(claim, char_end=following[0] if following else claim.char_end))
    return ended


def _owned_stretches(claims: Sequence[_Claim], titles: dict[str, list[int]]) -> list[tuple[str, int, int]]:
    """Divide the claimed text: every stretch has one owner.

    An item that would own nothing is given its first stretch where that takes little from the owner.
    """
    edges = {edge for claim in claims for edge in (claim.char_start, claim.char_end)}
    ordered = sorted(edges.union(*(titles[claim.item] for claim in claims)))
    owners: dict[tuple[int, int], str] = {}
    for start, end in pairwise(ordered):
        claimants = [claim for claim in claims if claim.char_start <= start and end <= claim.char_end]
        if claimants:
            owners[start, end] = _owner(start, claimants, titles)
    owned = Counter[str]()
    for (start, end), owner in owners.items():
        owned[owner] += end - start
    for claim in claims:
        if claim.item in owners.values():
            continue
        inside = [stretch for stretch in owners if claim.char_start <= stretch[0] and stretch[1] <= claim.char_end]
        if all(end - start <= _MAX_TAKEN_SHARE * owned[owners[start, end]] for start, end in inside):
            owners.update(dict.fromkeys(inside, claim.item))
    return list(_joined(owners))


def _joined(owners: dict[tuple[int, int], str]) -> Iterator[tuple[str, int, int]]:
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


def _owner(start: int, claimants: Sequence[_Claim], titles: dict[str, list[int]]) -> str:
    def rank(claim: _Claim) -> tuple[int, int]:
        before = [offset for offset in titles[claim.item] if claim.title_from <= offset <= start]
        return (max(before, default=-1), claim.char_end - claim.char_start)

    return max(claimants, key=rank).item
