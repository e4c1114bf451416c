"""Which printed page a stretch of the text stood on: the numbers printed at page edges, against the page breaks."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass

from finrag_ml_tg1.filings.text.canonical import CanonicalDocument

__all__ = ["PageNumber", "PrintedPages"]

_NUMBER = re.compile(r"(?<![\w.,])(?:(?P<series>[A-Z])-)?(?P<number>\d{1,3})(?![\d.,]*\d)")
_MIN_AGREEING_PAGES = 5
_MIN_AGREEING_SHARE = 0.4
# Statements are often paged F-1 and on: a series of its own, of fewer pages.
_MIN_SERIES_PAGES = 3


@dataclass(frozen=True, slots=True, order=True)
class PageNumber:
    """A printed page number; `series` is the letter before it, "" for most."""

    series: str
    number: int


class PrintedPages:
    """Turns printed page numbers into stretches of the text."""

    def __init__(self, document: CanonicalDocument) -> None:
        self._end = len(document.text)
        starts: dict[int, int] = {}
        printed: list[tuple[int, int, PageNumber]] = []
        for block in document.blocks:
            starts.setdefault(block.page, block.char_start)
            if block.kind == "furniture":
                for match in _NUMBER.finditer(document.text_of(block)):
                    number = PageNumber(match["series"] or "", int(match["number"]))
                    printed.append((block.page, block.char_end, number))
        by_breaks = _numbered_pages(starts, printed)
        self._starts = by_breaks or _pages_by_feet(printed)
        self._ordered = sorted(self._starts)
        self._offsets = sorted(self._starts.values())

    def span(self, first: PageNumber, last: PageNumber) -> tuple[int, int] | None:
        """Return the stretch from the beginning of a printed page to the end of another; None when there is none."""
        if last < first or first.series != last.series:
            return None
        place = bisect_left(self._ordered, first)
        after = bisect_left(self._ordered, PageNumber(last.series, last.number + 1))
        if place == after:
            return None
        start = self._starts[self._ordered[place]]
        last_start = max(self._starts[page] for page in self._ordered[place:after])
        following = bisect_left(self._offsets, last_start + 1)
        return start, self._offsets[following] if following < len(self._offsets) else self._end


def _numbered_pages(starts: dict[int, int], printed: list[tuple[int, int, PageNumber]]) -> dict[PageNumber, int]:
    """Where pages begin by the document's page breaks: in a series the number runs so many ahead of the breaks."""
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    for page, number in {(page, number) for page, _, number in printed}:
        votes[number.series][number.number - page] += 1
    shifts = {}
    for series, counter in votes.items():
        shift, count = counter.most_common(1)[0]
        least = _MIN_SERIES_PAGES if series else max(_MIN_AGREEING_PAGES, _MIN_AGREEING_SHARE * len(starts))
        if count >= least:
            shifts[series] = shift
    if "" not in shifts:
        return {}
    limits = {
        series: {page for page, _, number in printed if number.series == series and number.number - page == shift}
        for series, shift in shifts.items()
        if series
    }
    lettered = {page: series for series, pages in limits.items() for page in range(min(pages), max(pages) + 1)}
    numbered = {}
    for page, start in starts.items():
        series = lettered.get(page, "")
        count = page + shifts[series]
        if count > 0:
            numbered[PageNumber(series, count)] = start
    return numbered


def _pages_by_feet(printed: list[tuple[int, int, PageNumber]]) -> dict[PageNumber, int]:
    """Where pages begin without page breaks: a page number counted on from the last one ends its page."""
    runs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for _, end, number in printed:
        run = runs[number.series]
        if not run or run[-1][0] < number.number <= run[-1][0] + 2:
            run.append((number.number, end))
    pages = {}
    for series, run in runs.items():
        if len(run) < (_MIN_SERIES_PAGES if series else _MIN_AGREEING_PAGES):
            continue
        pages[PageNumber(series, run[0][0])] = 0 if not series else run[0][1]
        pages.update({PageNumber(series, number + 1): end for number, end in run})
    return pages
