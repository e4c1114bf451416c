"""Which lines that name items belong to a table of contents, or to an index, and head no text."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from finrag_ml_tg1.filings.items.lines import Line
from finrag_ml_tg1.filings.items.numbers import NumberedLine
from finrag_ml_tg1.filings.text.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["contents_starts"]

# A table of contents has at least so many lines, and page numbers or links on at least this share of them.
_MIN_CONTENTS_ITEMS = 3
_MIN_MARKED_SHARE = 0.5
# Between lines on end may stand the caption of a part.
_MAX_BARE_CHARS = 20
_MIN_BARE_LINES = 5


def contents_starts(
    numbered: Sequence[tuple[Line, NumberedLine]], specs: Sequence[ItemSpec], links: Sequence[Link]
) -> frozenset[int]:
    """Return where the lines of tables of contents begin.

    These are short lines on end that name items, with page numbers or links; the rows of one table that name items, and
    lines with nothing between them, are such lines without those too.
    """
    targets = Counter(link.target for link in links)
    # A heading that links back to the table of contents shares its target with the others.
    leading = [link.char_start for link in links if targets[link.target] <= 2]
    stretches: dict[int, list[tuple[Line, NumberedLine]]] = defaultdict(list)
    for line, named in numbered:
        if named.orders(specs):
            stretches[line.stretch].append((line, named))
    found: set[int] = set()
    for run in stretches.values():
        marked = [line.char_start for line, _ in run if line.has_page or _holds(leading, line)]
        if len({named.runs for _, named in run}) >= _MIN_CONTENTS_ITEMS and len(marked) >= _MIN_MARKED_SHARE * len(run):
            # The first heading of the text often follows the contents directly.
            found.update(line.char_start for line, _ in run if line.char_start <= marked[-1])
        for _, rows in groupby((pair for pair in run if pair[0].table is not None), key=lambda pair: pair[0].table):
            listed = list(rows)
            if len({named.runs for _, named in listed}) >= _MIN_CONTENTS_ITEMS:
                found.update(line.char_start for line, _ in listed)
        found.update(_bare_lines(run))
    return frozenset(found)


def _bare_lines(run: Sequence[tuple[Line, NumberedLine]]) -> Iterator[int]:
    """Where lines begin that name items on end with nothing below them, which no text of items does for long."""
    bare: list[int] = []
    for (line, named), (follower, _) in pairwise(run):
        title_chars = 0 if named.title else len(line.next_text)
        if follower.char_start - line.char_end - title_chars <= _MAX_BARE_CHARS:
            bare.append(line.char_start)
            continue
        if len(bare) >= _MIN_BARE_LINES:
            yield from bare
        bare = []
    if len(bare) >= _MIN_BARE_LINES:
        yield from (*bare, run[-1][0].char_start)


def _holds(offsets: Sequence[int], line: Line) -> bool:
    place = bisect_right(offsets, line.char_start - 1)
    return place < len(offsets) and offsets[place] < line.char_end
