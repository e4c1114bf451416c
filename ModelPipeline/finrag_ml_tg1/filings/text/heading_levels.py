"""How deep each heading stands: from its words for parts, items and notes, else from how it is printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from finrag_ml_tg1.filings.text.pieces import Piece
from finrag_ml_tg1.filings.text.styles import Style

__all__ = ["MAX_LEVEL", "heading_levels"]

MAX_LEVEL = 6

_PART = re.compile(r"part\s+(?:i{1,3}|iv)\b[\s.,:;–—-]*(?:$|financial information|other information)", re.IGNORECASE)
_ITEM = re.compile(r"(?:part\s+[iv]+\W+)?items?\s*\d{1,2}[abc]?\b", re.IGNORECASE)
_NOTE = re.compile(r"notes?\s+\d{1,2}[a-z]?\b", re.IGNORECASE)
_LEVEL_BELOW_ITEMS = 3
_MAX_LARGE_CHARS = 120


def heading_levels(pieces: Sequence[Piece]) -> list[int]:
    """Return each piece's level, 0 for what is no heading; a short line in larger print than the rest is one too.

    1 a part, 2 an item, 3 a note or the most prominent other headings; each look that is less prominent is a level
    deeper, down to `MAX_LEVEL`. The elements h1 to h6 give their own level where a document uses several of them.
    """
    usual_size = _usual_size(pieces)
    is_heading = [piece.kind == "heading" or _is_larger(piece, usual_size) for piece in pieces]
    headings = [piece for piece, heads in zip(pieces, is_heading, strict=True) if heads]
    looks = {_prominence(piece) for piece in headings if not _worded_level(piece.text.text)}
    ranks = {look: rank for rank, look in enumerate(sorted(looks, reverse=True))}
    uses_elements = len({piece.level for piece in headings if piece.level}) > 1
    levels = []
    for piece, heads in zip(pieces, is_heading, strict=True):
        if not heads:
            levels.append(0)
            continue
        level = _worded_level(piece.text.text) or (piece.level if uses_elements else 0)
        levels.append(level or min(MAX_LEVEL, _LEVEL_BELOW_ITEMS + ranks[_prominence(piece)]))
    return levels


def _usual_size(pieces: Sequence[Piece]) -> float:
    """The size most of the prose is printed in; 0 when the document does not say."""
    chars: Counter[float] = Counter()
    for piece in pieces:
        if piece.kind != "table":
            chars[piece.style.size] += len(piece.text.text)
    return chars.most_common(1)[0][0] if chars else 0.0


def _is_larger(piece: Piece, usual_size: float) -> bool:
    text = piece.text.text
    return (
        piece.kind == "paragraph"
        and 0 < usual_size <= piece.style.size - 1
        and len(text) <= _MAX_LARGE_CHARS
        and any(char.isalpha() for char in text)
        and not text.endswith((".", ",", ";"))
    )


def _worded_level(text: str) -> int:
    if _PART.match(text):
        return 1
    if _ITEM.match(text):
        return 2
    return _LEVEL_BELOW_ITEMS if _NOTE.match(text) else 0


def _prominence(piece: Piece) -> tuple[float, bool, bool, bool, bool]:
    style: Style = piece.style
    text = piece.text.text
    is_capitals = text.upper() == text
    return (round(style.size), is_capitals, style.bold, style.underlined, not style.italic)
