"""The blocks of a filing by the item they belong to."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.text.canonical import Block

__all__ = ["blocks_by_item"]


def blocks_by_item(filing: Filing) -> Iterator[tuple[str, list[int]]]:
    """Yield runs of indices of blocks that belong to one item; "" for blocks in none.

    Where items share a stretch, it is the one that was found with more confidence, else the first.
    """
    run: list[int] = []
    current = ""
    for index, block in enumerate(filing.document.blocks):
        covering = [span for span in filing.items if _covers(span, block)]
        item = max(covering, key=lambda span: span.confidence).item if covering else ""
        if item != current and run:
            yield current, run
            run = []
        current = item
        run.append(index)
    if run:
        yield current, run


def _covers(span: ItemSpan, block: Block) -> bool:
    return span.char_start <= block.char_start and block.char_end <= span.char_end
