"""Which lines of a page are a table, and its rows in cells: only numbers whose column is certain are numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.filings.paged.headers import column_headings, heads_columns
from finrag_ml_tg1.filings.paged.lines import PageLine, fitted
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["PageTable", "find_page_tables"]

_MIN_ROWS = 2
_MIN_COLUMNS = 2
_MAX_LINES_BETWEEN = 8
_MAX_LABEL_CHARS = 260
_MAX_LINES_ABOVE = 12
_MAX_WRAPPED = 2
_OPEN_WORDS = frozenset(
    "of and to the in for or from at by before after with than less including excluding attributable per on".split()
)


@dataclass(frozen=True, slots=True)
class PageTable:
    """Lines [start, stop) of a page as rows of cells; a row of one cell is a label."""

    start: int
    stop: int
    rows: tuple[tuple[str, ...], ...]


def find_page_tables(lines: Sequence[PageLine]) -> list[PageTable]:
    """Return the tables of a page, top to bottom."""
    tables: list[PageTable] = []
    for group in _groups(lines):
        free = tables[-1].stop if tables else 0
        table = _table(lines, group, free)
        if table is not None:
            tables.append(table)
    return tables


def _groups(lines: Sequence[PageLine]) -> Iterator[list[int]]:
    """The lines with numbers that belong together: little stands between them, and no sentence."""
    group: list[int] = []
    for index, line in enumerate(lines):
        if len(line.numbers) < _MIN_COLUMNS or heads_columns(line):
            continue
        if group and not _may_join(lines[group[-1] + 1 : index]):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _may_join(between: Sequence[PageLine]) -> bool:
    if sum(not line.numbers for line in between) > _MAX_LINES_BETWEEN:
        return False
    return not any(line.text.endswith(".") or len(line.text) > _MAX_LABEL_CHARS for line in between)


def _table(lines: Sequence[PageLine], group: Sequence[int], free: int) -> PageTable | None:
    columns = Counter(len(lines[index].numbers) for index in group).most_common(1)[0][0]
    fitting = [index for index in group if fitted(lines[index], columns)]
    if len(fitting) < _MIN_ROWS:
        return None
    first, last = fitting[0], fitting[-1]
    above = _lines_above(lines, first, free)
    headed = column_headings([line.text for line in above], columns)
    rows: list[tuple[str, ...]] = []
    start = first
    if headed is not None:
        from_line, to_line, headings = headed
        start = first - len(above) + from_line
        rows.append(headings if headings[0] else ("", *headings[1:]))
        rows.extend((line.text,) for line in above[to_line:])
    rows.extend(_body(lines[first : last + 1], columns))
    return PageTable(start, last + 1, tuple(rows))


def _lines_above(lines: Sequence[PageLine], first: int, free: int) -> Sequence[PageLine]:
    """What may be the header of a table whose first row is known: short lines, below the title and any sentence."""
    start = first
    while start > max(free, first - _MAX_LINES_ABOVE):
        line = lines[start - 1]
        if len(line.text) > _MAX_LABEL_CHARS or line.text.endswith(".") or statement_of_title(line.text) != "none":
            break
        start -= 1
    return lines[start:first]


def _body(lines: Sequence[PageLine], columns: int) -> Iterator[tuple[str, ...]]:
    """The rows; a label that was broken over lines is put together where its numbers stand."""
    waiting: list[str] = []
    for line in lines:
        fit = fitted(line, columns)
        if fit is None:
            waiting.append(line.text)
            continue
        label, numbers = fit
        continued = _continued(waiting, label)
        yield from ((text,) for text in waiting[: len(waiting) - continued])
        yield (" ".join([*waiting[len(waiting) - continued :], label]).strip(), *numbers)
        waiting = []
    yield from ((text,) for text in waiting)


def _continued(waiting: Sequence[str], label: str) -> int:
    """How many of the lines above begin this label: it has no words of its own, or goes on in the middle."""
    if not waiting or waiting[-1].endswith(":"):
        return 0
    count = 0
    while count < min(_MAX_WRAPPED, len(waiting)):
        is_open = not any(char.isalpha() for char in label) or label[:1].islower() or _is_open(waiting[-1 - count])
        if not is_open or waiting[-1 - count].endswith(":"):
            break
        label = waiting[-1 - count]
        count += 1
    return count


def _is_open(text: str) -> bool:
    last = text.rsplit(" ", 1)[-1].lower()
    return text.endswith((",", "-", "—", "/")) or last in _OPEN_WORDS
