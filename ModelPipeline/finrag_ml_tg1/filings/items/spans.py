"""What was found of an item, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ItemBasis", "ItemSpan"]

ItemBasis = Literal["heading", "title", "contents", "pages", "index", "appended"]


@dataclass(frozen=True, slots=True)
class ItemSpan:
    """A stretch of the canonical text that belongs to an item, heading included.

    It begins and ends with a word of the item: page furniture and the captions of parts at its edges are no part of it.
    `basis` tells by what it was found: a numbered heading, a heading with the item's title alone, a link of the table
    of contents, the pages a cross-reference index names, only the line of that index (which says that the item is not
    here), or its title in what is printed after the last item, such as financial statements after the signatures.
    `confidence` is from 0 to 1. An item may have several spans.
    """

    item: str
    char_start: int
    char_end: int
    confidence: float
    basis: ItemBasis
