"""HTML tables to rows of text: a row one line, cells joined by " | ", currency and percent signs with their number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import html

from finrag_ml_tg1.filings.visibility import BLOCK_TAGS, collapse, walk_visible

__all__ = ["TableText", "is_layout_table", "read_table_rows", "render_table"]

CELL_SEPARATOR = " | "

_ROW_TAGS = frozenset(("table", "caption", "thead", "tbody", "tfoot", "tr"))
_NUMBER = re.compile(r"\(?[-–—]?[$€£¥]?\s*\(?\d[\d,]*\.?\d*\)?\s*%?\)?|[-–—]")
_YEAR = re.compile(r"(?:fy\s*)?(?:19|20)\d\d", re.IGNORECASE)
_OPENING = frozenset(("$", "€", "£", "¥", "(", "$("))
_CLOSING = frozenset((")", "%", ")%", "%)", "pts"))
_LIST_MARK = re.compile(r"[•·●▪■◦○*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]", re.IGNORECASE)
_ITEM_MARK = re.compile(r"items?\s+\d{1,2}[abc]?\b.*|part\s+[iv]+\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableText:
    """Where a rendered table's rows stand: (start, end) inside the table's text, and how many rows are headers."""

    rows: tuple[tuple[int, int], ...]
    header_rows: int


def read_table_rows(table: html.HtmlElement) -> list[list[str]]:
    """Return the visible text of each non-empty row's cells; symbols set in cells of their own join their number.

    Text outside the cells, such as a caption, is a row of its own, so that no word of the table is lost.
    """
    cells: list[list[str]] = [[]]
    rows = [cells]
    for _, tag, text in walk_visible(table):
        if tag in _ROW_TAGS:
            cells = [[]]
            rows.append(cells)
        elif tag in ("td", "th"):
            cells.append([])
        elif tag == "br" or tag in BLOCK_TAGS:
            cells[-1].append(" ")
        cells[-1].append(text)
    joined = (_join_symbols([collapse("".join(cell)).replace("|", "/") for cell in cells]) for cells in rows)
    return [cells for cells in joined if cells]


def _join_symbols(cells: list[str]) -> list[str]:
    """Drop empty cells; join "$" with what follows and ")" or "%" with what precedes."""
    joined: list[str] = []
    prefix = ""
    for cell in cells:
        if not cell:
            continue
        if cell in _OPENING:
            prefix += cell
        elif cell in _CLOSING and joined and not prefix:
            joined[-1] += cell
        else:
            joined.append(prefix + cell)
            prefix = ""
    if prefix:
        joined.append(prefix)
    return joined


def is_layout_table(rows: list[list[str]]) -> bool:
    """Return whether a table only places text: one cell a row, list marks, or an item heading with its title."""
    if not rows:
        return True
    if all(len(row) == 1 for row in rows):
        return True
    if all(len(row) <= 2 and _LIST_MARK.fullmatch(row[0]) for row in rows):
        return True
    return len(rows) <= 2 and all(len(row) <= 2 and _ITEM_MARK.fullmatch(row[0]) for row in rows)


def render_table(rows: list[list[str]]) -> tuple[str, TableText]:
    """Return the table's text and where its rows stand in it."""
    lines = [CELL_SEPARATOR.join(row) for row in rows]
    spans = []
    offset = 0
    for line in lines:
        spans.append((offset, offset + len(line)))
        offset += len(line) + 1
    return "\n".join(lines), TableText(tuple(spans), _header_rows(rows))


def _header_rows(rows: list[list[str]]) -> int:
    """Rows above the first that holds a label and a number which is no year; 0 when there is no such row."""
    for index, row in enumerate(rows[:8]):
        values = [cell for cell in row[1:] if _NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell)]
        if values:
            return index
    return 0
