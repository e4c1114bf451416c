"""The units a document states once for many tables: "Tabular amounts in millions, unless otherwise noted"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finrag_ml_tg1.filings.tabular.units import Units, units_in
from finrag_ml_tg1.filings.text.canonical import Block, CanonicalDocument

__all__ = ["default_units_by_table"]

_FOR_MANY = re.compile(
    r"\b(?:unless|as|except|except as|or as)\s+(?:otherwise|where)\s+(?:noted|stated|specified|indicated|disclosed)|"
    r"\btabular\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"\([^().]*\)")
_SENTENCE_END = re.compile(r"(?<=[a-z)][.:])\s+(?=[A-Z(])")
_MAX_LINE_CHARS = 120


def default_units_by_table(document: CanonicalDocument) -> dict[int, Units]:
    """Return, by the block of each table, the units last stated for all tables that follow, where any are."""
    found: dict[int, Units] = {}
    current: Units | None = None
    blocks = document.blocks
    for index, block in enumerate(blocks):
        if block.table is not None:
            if current:
                found[index] = current
            continue
        text = document.text_of(block)
        if "illion" not in text and "housand" not in text and "ILLION" not in text and "HOUSAND" not in text:
            continue
        current = _stated_for_many(text, is_alone=not _stands_over_table(blocks, index)) or current
    return found


def _stated_for_many(text: str, *, is_alone: bool) -> Units | None:
    """The units of a sentence that speaks of all tables, or of a line in parentheses with no table below it."""
    if is_alone and len(text) <= _MAX_LINE_CHARS and _LINE.fullmatch(text):
        return units_in(text)
    if not _FOR_MANY.search(text):
        return None
    for sentence in _SENTENCE_END.split(text):
        if _FOR_MANY.search(sentence) and (units := units_in(sentence)):
            return units
    return None


def _stands_over_table(blocks: Sequence[Block], index: int) -> bool:
    below = next((block for block in blocks[index + 1 :] if block.kind != "furniture"), None)
    return below is not None and below.table is not None
