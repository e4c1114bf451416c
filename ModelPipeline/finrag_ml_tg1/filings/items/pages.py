"""Which printed page a stretch of the text stood on: the numbers printed at page edges, against the page breaks."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter

from finrag_ml_tg1.filings.canonical import CanonicalDocument

__all__ = ["PrintedPages"]

_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?![\d.,]*\d)")
_MIN_AGREEING_PAGES = 5
_MIN_AGREEING_SHARE = 0.4


class PrintedPages:
    """Turns printed page numbers into stretches of the text."""

    def __init__(self, document: CanonicalDocument) -> None:
        self._starts: dict[int, int] = {}
        self._end = len(document.text)
        votes: Counter[int] = Counter()
        for block in document.blocks:
            self._starts.setdefault(block.page, block.char_start)
            if block.kind == "furniture":
                numbers = {int(number) for number in _NUMBER.findall(document.text_of(block))}
                votes.update({number - block.page for number in numbers})
        # The same number stands for every page by so many pages that came before the first numbered one.
        self._shift: int | None = None
        for shift, count in votes.most_common(1):
            if count >= max(_MIN_AGREEING_PAGES, _MIN_AGREEING_SHARE * len(self._starts)):
                self._shift = shift

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Return the stretch from the beginning of a printed page to the end of another; None when there is none."""
        if self._shift is None or last < first:
            return None
        pages = sorted(self._starts)
        begin = bisect_left(pages, first - self._shift)
        end = bisect_left(pages, last - self._shift + 1)
        if begin == end:
            return None
        return self._starts[pages[begin]], self._starts[pages[end]] if end < len(pages) else self._end
