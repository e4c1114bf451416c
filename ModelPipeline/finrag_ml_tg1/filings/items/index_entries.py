"""The lines of a filing's cross-reference index: which item, which pages, which links, which headings by name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from finrag_ml_tg1.filings.items.numbers import read_numbered_line
from finrag_ml_tg1.filings.items.pages import PageNumber
from finrag_ml_tg1.filings.text.canonical import Block, CanonicalDocument
from finrag_ml_tg1.filings.text.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["IndexEntry", "read_index_entries"]

_PAGES = re.compile(
    r"(?<![\w.$-])(?:(?P<series>[A-Z])-)?(?P<first>\d{1,3})"
    r"(?:\s*(?:[-–—]|to|through)\s*(?:[A-Z]-)?(?P<last>\d{1,3}))?(?![\w.%])"
)
_NOT_PAGES = re.compile(
    r"\((?:[a-z]|\d{1,2})\)|\b(?:19|20)\d\d\b|\bform 10-\w+|\b(?:notes?|items?)\s+\d{1,2}[a-c]?\b", re.IGNORECASE
)
_BARE_NUMBER = re.compile(r"(1[0-6]|[1-9])([ABC]?)\.?", re.IGNORECASE)
_SIGNATURES = re.compile(r"signatures?\b", re.IGNORECASE)
_CELL_BORDER = " | "
_MIN_ENTRIES = 8
# A line longer than this ends a run of tables that make up one index.
_MAX_BETWEEN_CHARS = 200
_MAX_NAME_CHARS = 150


@dataclass(slots=True)
class IndexEntry:
    """A line of the index, with the lines below it that name no other item.

    `targets` are the offsets its links lead to, else those of the headings that it names instead of pages.
    """

    spec: ItemSpec
    char_start: int
    char_end: int
    pages: list[tuple[PageNumber, PageNumber]] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def read_index_entries(
    document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]
) -> tuple[IndexEntry, ...]:
    """Return the entries of the last table, or run of tables, that names most items; empty when none names many."""
    best: list[IndexEntry] = []
    run: list[IndexEntry] = []
    for block in document.blocks:
        if block.kind == "furniture":
            continue
        if block.kind == "table" and block.table is not None:
            _read_table(document, block, specs, run)
        elif block.char_end - block.char_start > _MAX_BETWEEN_CHARS:
            run = []
        if len(run) >= max(len(best), _MIN_ENTRIES):
            best = run
    headings = _heading_offsets(document) if any(entry.names for entry in best) else {}
    starts = [link.char_start for link in links]
    for entry in best:
        first, last = bisect_left(starts, entry.char_start), bisect_left(starts, entry.char_end)
        entry.targets = [link.target for link in links[first:last]]
        if not entry.targets and not entry.pages:
            entry.targets = [headings[name] for name in map(_folded, entry.names) if name in headings]
    return tuple(best)


def _read_table(document: CanonicalDocument, block: Block, specs: Sequence[ItemSpec], run: list[IndexEntry]) -> None:
    for row in block.table.rows if block.table is not None else ():
        start, end = block.char_start + row.char_start, block.char_start + row.char_end
        cells = document.text[start:end].split(_CELL_BORDER)
        spec = _named_item(cells, specs, {entry.spec.identifier for entry in run})
        if spec is not None:
            run.append(IndexEntry(spec, start, end))
            _read_cells(run[-1], cells[1:])
        elif run and len(cells) > 1 and _SIGNATURES.match(cells[0]) is None:
            run[-1].char_end = end
            _read_cells(run[-1], cells[1:])


def _named_item(cells: Sequence[str], specs: Sequence[ItemSpec], taken: set[str]) -> ItemSpec | None:
    """The item that a row begins with: "Item 7", or "7." in a cell of its own before the title."""
    named = read_numbered_line(" ".join(cells))
    bare = _BARE_NUMBER.fullmatch(cells[0])
    for spec in specs:
        if spec.identifier in taken:
            continue
        if named is not None and spec.number == named.runs[0][0]:
            return spec
        if bare and len(cells) > 1 and spec.number == bare[1] + bare[2].upper() and spec.wording.match(cells[1]):
            return spec
    return None


def _read_cells(entry: IndexEntry, cells: Sequence[str]) -> None:
    """The last cell's pages; where it has none, the cells after the title may name headings."""
    pages = _page_ranges(cells[-1]) if cells else []
    entry.pages.extend(pages)
    if not pages:
        is_titled = len(cells) > 1 and entry.spec.wording.match(cells[0]) is not None
        entry.names.extend(cell for cell in cells[is_titled:] if len(cell) <= _MAX_NAME_CHARS)


def _page_ranges(text: str) -> list[tuple[PageNumber, PageNumber]]:
    ranges = []
    for match in _PAGES.finditer(_NOT_PAGES.sub(" ", text)):
        series = match["series"] or ""
        ranges.append(
            (PageNumber(series, int(match["first"])), PageNumber(series, int(match["last"] or match["first"])))
        )
    return ranges


def _heading_offsets(document: CanonicalDocument) -> Mapping[str, int]:
    """Where each heading first stands, by its words."""
    offsets: dict[str, int] = {}
    for block in document.blocks:
        if block.kind == "heading":
            offsets.setdefault(_folded(document.text_of(block)), block.char_start)
    return offsets


def _folded(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()
