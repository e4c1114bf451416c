"""What was found of an item, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ItemBasis", "ItemSpan"]

ItemBasis = Literal["heading", "title", "contents", "pages", "index"]


@dataclass(frozen=True, slots=True)
class ItemSpan:
    """A stretch of the canonical text that belongs to an item, heading included.

    `basis` tells by what: a numbered heading, a heading with the item's title alone, a link of the table of contents,
    the pages a cross-reference index names, or only the line of that index (which says that the item is not here).
    `confidence` is from 0 to 1. An item that a cross-reference index spreads over the filing has several spans.
    """

    item: str
    char_start: int
    char_end: int
    confidence: float
    basis: ItemBasis
