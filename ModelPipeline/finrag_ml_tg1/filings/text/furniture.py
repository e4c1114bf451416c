"""Page numbers, running heads and feet: printed on every page, part of none of the filing's sentences."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.filings.text.pieces import Piece

__all__ = ["furniture_among"]

_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*(?:[FSA]-)?\d{1,3}\s*[-–—]?|table of contents", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_EDGE_NUMBER = re.compile(r"^\D{0,3}(\d{1,3})\b|\b(\d{1,3})\D{0,3}$")
_MAX_CHARS = 120
_MAX_SHORT_CHARS = 80
_NOTHING_TO_SAY = re.compile(r"(?:none|not applicable|n/a|omitted|\[?reserved\]?)\W*", re.IGNORECASE)
_RUNNING_HEAD_WORDS = ("form 10-", "annual report", "| ", "inc.", "corporation", "company", "page")
_REPEATS = 6
# A head or foot may be of several lines.
_EDGE_PIECES = 3
_STATEMENT_ROWS = 2


def furniture_among(pieces: Sequence[Piece]) -> frozenset[int]:
    """Return the indices of the pieces that are page furniture.

    A piece is, when it is nothing but a page number; when its words name the company, form or page and stand on many
    pages; when it stands at the edge of pages and either carries their numbers or has stood there before. The first
    of several equal lines without a page number stays: it may be the heading that the others repeat.
    """
    texts = [piece.text.text for piece in pieces]
    found = {
        index for index, piece in enumerate(pieces) if _may_be_furniture(piece) and _PAGE_NUMBER.fullmatch(texts[index])
    }
    found |= _running_words(pieces, texts)
    edges = list(_edge_pieces(pieces))
    found |= _numbered_edges(edges, pieces, texts)
    found |= _repeated_edges([index for index, _ in edges], texts)
    return frozenset(found)


def _may_be_furniture(piece: Piece) -> bool:
    is_short = len(piece.text.text) <= _MAX_CHARS
    return is_short and (piece.table is None or len(piece.table.rows) <= _STATEMENT_ROWS)


def _running_words(pieces: Sequence[Piece], texts: Sequence[str]) -> set[int]:
    """Lines that name the company, form or page and stand six times and more; "(Unaudited)" and the like do not."""
    short = [
        index for index, piece in enumerate(pieces) if piece.kind != "table" and len(texts[index]) <= _MAX_SHORT_CHARS
    ]
    repeats = Counter(_without_numbers(texts[index]) for index in short)
    return {
        index
        for index in short
        if repeats[_without_numbers(texts[index])] >= _REPEATS
        and any(word in texts[index].lower() for word in _RUNNING_HEAD_WORDS)
    }


def _edge_pieces(pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Yield (index, page) of the short pieces that stand first or last on a page that has more than those."""
    pages: dict[int, list[int]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        pages[piece.page].append(index)
    if len(pages) < _REPEATS:
        return
    for page, indices in pages.items():
        for edge in (indices[:_EDGE_PIECES], indices[::-1][:_EDGE_PIECES]):
            for index in edge:
                if not _may_be_furniture(pieces[index]):
                    break
                yield index, page


def _numbered_edges(edges: list[tuple[int, int]], pieces: Sequence[Piece], texts: Sequence[str]) -> set[int]:
    """Lines that carry a number which counts on with the pages, as "Risk Factors | 48", "Risk Factors | 49" do."""
    numbered: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for index, page in edges:
        match = _EDGE_NUMBER.search(texts[index])
        if match and _without_numbers(texts[index]) != "#":
            numbered[int(match.group(1) or match.group(2)) - page].append((page, index))
    found: set[int] = set()
    for group in numbered.values():
        pages = {page for page, _ in group}
        if len(pages) >= _REPEATS:
            found.update(index for page, index in group if {page - 1, page + 1, page - 2, page + 2} & pages)
    return found


def _repeated_edges(edges: list[int], texts: Sequence[str]) -> set[int]:
    places: dict[str, list[int]] = defaultdict(list)
    for index in sorted(set(edges)):
        if _NOTHING_TO_SAY.fullmatch(texts[index]):
            continue
        places[_without_numbers(texts[index])].append(index)
    found: set[int] = set()
    for indices in places.values():
        if len(indices) >= _REPEATS:
            found.update(indices[1:])
    return found


def _without_numbers(text: str) -> str:
    return _DIGITS.sub("#", text)
