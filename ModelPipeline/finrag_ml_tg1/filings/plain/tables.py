"""Which lines of a preformatted text are a table, its columns made of spaces."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.filings.plain.columns import edge_of
from finrag_ml_tg1.filings.plain.lines import Line

__all__ = ["find_tables"]

_MAX_WORD_CELLS = 3
_MAX_JUSTIFIED_GAP = 3
_MAX_HEADER_OVERHANG = 12
_MAX_LINES_BETWEEN = 6
_MAX_BLANKS_BETWEEN = 2
_MAX_HEADER_LINES = 16
_MAX_LABELS_ABOVE = 3
_MAX_LABEL_CHARS = 50
_PROSE_CHARS = 55
_LIST_MARK = re.compile(
    r"[•·●▪*o-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|items?\s+\d{1,2}[a-c]?[.:]?|part\s+[ivx]+[.:]?", re.I
)
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*(?:[FSA]-)?\d{1,3}\s*[-–—]?", re.IGNORECASE)


def find_tables(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return the first line of each table and the line after its last, in order.

    A line with a label and numbers is a row; rows that share an edge of their numbers are a table, with the headers
    above. Between `<TABLE>` tags two columns of any kind are enough, but prose stays prose.
    """
    found: list[tuple[int, int]] = []
    begin = 0
    while begin < len(lines):
        end = begin + 1
        first = lines[begin]
        while end < len(lines) and (lines[end].page, lines[end].table) == (first.page, first.table):
            end += 1
        found.extend(_tables_between(lines, begin, end))
        begin = end
    return found


def _tables_between(lines: Sequence[Line], begin: int, end: int) -> Iterator[tuple[int, int]]:
    tagged = lines[begin].table > 0
    group: list[int] = []
    free = begin
    for index in range(begin, end + 1):
        if index < end and not _is_row(lines[index], tagged=tagged):
            continue
        if group and (index == end or not _may_join(lines[group[-1] + 1 : index], tagged=tagged)):
            if tagged or _is_aligned([lines[row] for row in group]):
                yield _header_start(lines, free, group[0]), group[-1] + 1
                free = group[-1] + 1
            group = []
        group.append(index)


def _is_row(line: Line, *, tagged: bool) -> bool:
    if len(line.cells) < 2 or _is_justified_prose(line):
        return False
    cells = line.cells
    if _LIST_MARK.fullmatch(line.text[cells[0].start : cells[0].end]):
        cells = cells[1:]
    if tagged or len(cells) < 2:
        return len(cells) > 1
    words = sum(not cell.is_value for cell in cells)
    return cells[-1].is_value if words < 2 else any(cell.is_value for cell in cells[1:]) and words <= _MAX_WORD_CELLS


def _is_justified_prose(line: Line) -> bool:
    """Prose set to both margins has gaps of two and three spaces between its words."""
    gaps = [after.start - before.end for before, after in zip(line.cells, line.cells[1:], strict=False)]
    words = sum(not cell.is_value for cell in line.cells)
    return words > _MAX_WORD_CELLS and max(gaps) <= _MAX_JUSTIFIED_GAP and ".." not in line.text


def _is_prose(line: Line) -> bool:
    is_long = len(line.cells) == 1 and len(line.text) - line.indent >= _PROSE_CHARS
    return (is_long and any(char.islower() for char in line.text)) or (
        len(line.cells) > 1 and _is_justified_prose(line)
    )


def _may_join(between: Sequence[Line], *, tagged: bool) -> bool:
    """Return whether rows with these lines between them belong to one table."""
    if any(_is_prose(line) and _is_prose(after) for line, after in itertools.pairwise(between)):
        return False
    if tagged:
        return True
    blanks = 0
    for line in between:
        blanks = blanks + 1 if line.is_blank else 0
        if blanks > _MAX_BLANKS_BETWEEN:
            return False
    return sum(bool(line.cells) for line in between) <= _MAX_LINES_BETWEEN


def _is_aligned(rows: Sequence[Line]) -> bool:
    edges = Counter(edge_of(row, cell) for row in rows for cell in row.cells if cell.is_value)
    wide = sum(
        ".." in row.text
        or ". ." in row.text
        or any(b.start - a.end > 2 for a, b in zip(row.cells, row.cells[1:], strict=False))
        for row in rows
    )
    has_digits = sum(any(char.isdigit() for char in row.text) for row in rows) > 1
    return has_digits and 2 * wide >= len(rows) and any(edges[edge] + edges[edge + 1] > 1 for edge in edges)


def _header_start(lines: Sequence[Line], free: int, first: int) -> int:
    """Return where a table begins whose first row is known: headers and labels above it belong to it."""
    row = lines[first].cells[1:]
    left = min(cell.start for cell in [cell for cell in row if cell.is_value] or row)
    start = index = first
    labels: list[int] = []
    has_blank = has_header = False
    while index > max(free, first - _MAX_HEADER_LINES):
        index -= 1
        line = lines[index]
        if line.is_blank:
            if (has_blank or labels) and has_header:
                break
            has_blank, labels = True, []
        elif line.is_ruler:
            continue
        elif _is_over_columns(line, left):
            start, has_header, labels, has_blank = index, True, [], False
        elif (
            not line.cells[0].is_value
            and len(line.cells) == 1
            and not has_blank
            and len(line.text) - line.indent <= _MAX_LABEL_CHARS
        ):
            labels.append(index)
            if len(labels) > _MAX_LABELS_ABOVE:
                return start
            if index == free or not lines[index - 1].cells:
                start = index
        else:
            break
    return start


def _is_over_columns(line: Line, left: int) -> bool:
    if len(line.cells) > 1:
        return not _is_justified_prose(line)
    is_beside = line.indent >= left - _MAX_HEADER_OVERHANG
    return (
        is_beside and not _PAGE_NUMBER.fullmatch(line.text.strip()) and len(line.text) - line.indent <= _MAX_LABEL_CHARS
    )
