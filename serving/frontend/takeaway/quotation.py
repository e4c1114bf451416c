"""A cited passage as blocks: paragraphs and tables, with the words an answer rests on marked."""

import re
from collections.abc import Iterator, Sequence

from serving.frontend.markup.table_rows import CELL_BREAK, is_amount
from serving.frontend.takeaway.blocks import Block, Line, Paragraph, Run, Table

__all__ = ["quote_passage"]

_YEAR = re.compile(r"(19|20)\d\d")

Range = tuple[int, int]


def quote_passage(text: str, highlights: Sequence[Range]) -> tuple[Block, ...]:
    """Return the blocks of a passage; `highlights` are [start, end) code points, outlying or empty ones are left out.

    Lines with cells parted by " | " become a table, with the lines between them that name a group of rows.
    """
    ranges = [(max(start, 0), end) for start, end in highlights]
    blocks: list[Block] = []
    for part in re.finditer(r"[^\n]+(?:\n[^\n]+)*", text):
        blocks += _quote_part(_PartReader(part[0], part.start(), ranges))
    return tuple(blocks)


class _PartReader:
    """Lines of a passage without a blank one between them."""

    def __init__(self, text: str, offset: int, ranges: Sequence[Range]) -> None:
        self._ranges = ranges
        self.lines = [(offset + match.start(), match[0]) for match in re.finditer(r"[^\n]+", text)]

    def cells(self, place: int) -> tuple[Line, ...]:
        """Return the cells of a line; one for a line of words alone."""
        offset, line = self.lines[place]
        cells, position = [], 0
        for separator in CELL_BREAK.finditer(line):
            cells.append((position, line[position : separator.start()]))
            position = separator.end()
        return tuple(self._mark(offset + start, cell) for start, cell in [*cells, (position, line[position:])])

    def line(self, place: int) -> Line:
        """Return a whole line."""
        return self._mark(*self.lines[place])

    def _mark(self, offset: int, text: str) -> Line:
        is_marked = [False] * len(text)
        for start, end in self._ranges:
            first, last = max(start - offset, 0), min(end - offset, len(text))
            if first < last:
                is_marked[first:last] = [True] * (last - first)
        return tuple(_runs(text, is_marked))


def _runs(text: str, is_marked: Sequence[bool]) -> Iterator[Run]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or is_marked[end] is not is_marked[start]:
            yield Run(text[start:end], is_marked=is_marked[start])
            start = end


def _quote_part(part: _PartReader) -> Iterator[Block]:
    rows = [place for place, (_, line) in enumerate(part.lines) if CELL_BREAK.search(line)]
    first, last = (rows[0], rows[-1] + 1) if rows else (len(part.lines), len(part.lines))
    yield from (Paragraph((part.line(place),)) for place in range(first))
    if rows:
        yield _build_table([part.cells(place) for place in range(first, last)])
    yield from (Paragraph((part.line(place),)) for place in range(last, len(part.lines)))


def _build_table(rows: list[tuple[Line, ...]]) -> Table:
    """Return the table; a first row without a value heads the columns."""
    width = max(len(row) for row in rows)
    aligned = [_align(row, width) for row in rows]
    is_headed = len(rows) > 1 and len(rows[0]) > 1 and not _has_value(rows[0])
    header, body = (aligned[0], aligned[1:]) if is_headed else ((), aligned)
    is_right = tuple(
        column > 0 and all(_is_number(row[column]) for row in body if column < len(row)) for column in range(width)
    )
    return Table(header, tuple(body), is_right)


def _align(row: tuple[Line, ...], width: int) -> tuple[Line, ...]:
    """Return a row with its cells under their columns: names of columns leave out the one of the labels, if any."""
    names_columns = len(row) > 1 and not _has_value(row)
    return ((),) * (width - len(row)) + row if names_columns else row


def _has_value(row: tuple[Line, ...]) -> bool:
    texts = ["".join(run.text for run in cell).strip() for cell in row]
    return any(is_amount(text) and not _YEAR.fullmatch(text) for text in texts if text)


def _is_number(cell: Line) -> bool:
    return is_amount("".join(run.text for run in cell))
