"""HTML tables to rows of text: a row one line, cells joined by " | ", currency and percent signs with their number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import html

__all__ = ["TableText", "is_layout_table", "read_table_rows", "render_table"]

CELL_SEPARATOR = " | "

_NUMBER = re.compile(r"\(?[-–—]?[$€£¥]?\s*\(?\d[\d,]*\.?\d*\)?\s*%?\)?|[-–—]")
_YEAR = re.compile(r"(?:fy\s*)?(?:19|20)\d\d", re.IGNORECASE)
_OPENING = frozenset(("$", "€", "£", "¥", "(", "$(", "-"))
_CLOSING = frozenset((")", "%", ")%", "%)", "pts"))
_LIST_MARK = re.compile(r"[•·●▪■◦○*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]", re.IGNORECASE)
_ITEM_MARK = re.compile(r"items?\s+\d{1,2}[abc]?\b.*|part\s+[iv]+\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableText:
    """Where a rendered table's rows stand: (start, end) inside the table's text, and how many rows are headers."""

    rows: tuple[tuple[int, int], ...]
    header_rows: int


def read_table_rows(table: html.HtmlElement) -> list[list[str]]:
    """Return the visible text of each non-empty row's cells; symbols set in cells of their own join their number."""
    rows = []
    for row in table.iter("tr"):
        cells = [_cell_text(cell) for cell in row if cell.tag in ("td", "th")]
        cells = _join_symbols(cells)
        if any(cells):
            rows.append(cells)
    return rows


def _cell_text(cell: html.HtmlElement) -> str:
    parts = []
    for element in cell.iter():
        style = element.get("style") or ""
        if "display:none" in style.replace(" ", ""):
            continue
        if element.tag == "br" or (element is not cell and element.tag in ("p", "div", "li")):
            parts.append(" ")
        if element.text:
            parts.append(element.text)
        if element is not cell and element.tail:
            parts.append(element.tail)
    text = "".join(parts).replace("\u200b", "").replace("|", "/")
    return " ".join(text.split())


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
