"""Where the signatures of a filing begin: no item reaches beyond, though statements and exhibits may be appended."""

from __future__ import annotations

import re

from finrag_ml_tg1.filings.text.canonical import CanonicalDocument

__all__ = ["signatures_start"]

_CAPTION = re.compile(r"s\s?i\s?g\s?n\s?a\s?t\s?u\s?r\s?e\s?s?(?:\s+pages?)?\W*", re.IGNORECASE)
# Form 10-K, General Instruction D, and Form 10-Q, General Instruction G: what the signatories sign.
_SIGNED = re.compile(
    r"pursuant\s+to\s+the\s+requirements?\s+of\s+(?:the\s+securities\s+exchange\s+act|section)"
    r"|in\s+accordance\s+with\s+section\s+13|caused\s+this\s+(?:annual\s+)?report\s+to\s+be\s+signed"
    r"|duly\s+caused\s+this",
    re.IGNORECASE,
)
_SIGNED_WITHIN_BLOCKS = 4
_SIGNED_WITHIN_CHARS = 600


def signatures_start(document: CanonicalDocument, after: int) -> int | None:
    """Return where the first signatures after an offset begin, with their caption; None when there are none."""
    caption: tuple[int, int] | None = None
    for number, block in enumerate(document.blocks):
        if block.char_start < after or block.kind == "furniture":
            continue
        text = document.text[block.char_start : min(block.char_end, block.char_start + _SIGNED_WITHIN_CHARS)]
        if _CAPTION.fullmatch(text):
            caption = (number, block.char_start)
        elif _SIGNED.search(text):
            is_captioned = caption is not None and number - caption[0] <= _SIGNED_WITHIN_BLOCKS
            return caption[1] if caption is not None and is_captioned else block.char_start
    return caption[1] if caption is not None else None
