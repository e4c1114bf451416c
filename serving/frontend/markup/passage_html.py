"""A passage as HTML: escaped text, `<mark>` around the cited words, tables as tables. Pure; shows nothing itself."""

import re
from collections.abc import Iterator, Sequence
from html import escape

__all__ = ["build_passage_html"]

_CELL_BREAK = re.compile(r" \| |^\| | \|$")
_NUMBER = re.compile(r"[($€£¥\s]*[-–—+]?[\d,.]+[)%\s]*|[-–—]|")

Range = tuple[int, int]


def build_passage_html(text: str, highlights: Sequence[Range] = (), *, kind: str = "prose", lead: str = "") -> str:
    """Return safe HTML for a passage.

    `highlights` are [start, end) code point ranges into `text`; overlapping, empty or outlying ones are put right.
    `kind` "table" takes one row a line with cells parted by " | "; `lead` (caption, units, header) comes above.
    """
    ranges = _merge(highlights, len(text))
    if kind == "table":
        return _build_table(text, ranges, lead)
    return "".join(_build_paragraphs(lead, ())) + "".join(_build_paragraphs(text, ranges))


def _merge(highlights: Sequence[Range], length: int) -> list[Range]:
    """Return the ranges clipped to the text, in order, without overlap."""
    merged: list[Range] = []
    for start, end in sorted((max(0, start), min(end, length)) for start, end in highlights):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _mark(text: str, offset: int, ranges: Sequence[Range]) -> str:
    """Return escaped `text`, which begins at `offset` of the passage, with the ranges marked.

    Marked words are bold as well, so that the mark does not rest on colour.
    """
    pieces, position = [], 0
    for start, end in ranges:
        first, last = max(start - offset, 0), min(end - offset, len(text))
        if first < last:
            pieces += [escape(text[position:first]), f"<mark><b>{escape(text[first:last])}</b></mark>"]
            position = last
    return "".join([*pieces, escape(text[position:])])


def _iterate_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, line) of the lines that are not blank."""
    for match in re.finditer(r"[^\n]+", text):
        if match[0].strip():
            yield match.start(), match[0]


def _build_paragraphs(text: str, ranges: Sequence[Range]) -> Iterator[str]:
    for offset, line in _iterate_lines(text):
        yield f"<p>{_mark(line, offset, ranges)}</p>"


def _build_table(text: str, ranges: Sequence[Range], lead: str) -> str:
    captions = [line for _, line in _iterate_lines(lead) if not _CELL_BREAK.search(line)]
    headers = [_split_cells(line) for _, line in _iterate_lines(lead) if _CELL_BREAK.search(line)]
    rows = [(offset, _split_cells(line)) for offset, line in _iterate_lines(text)]
    width = max((len(cells) for cells in [*headers, *(cells for _, cells in rows)]), default=1)
    head = "".join(_build_row(0, cells, (), width, "th") for cells in headers)
    body = "".join(_build_row(offset, cells, ranges, width, "td") for offset, cells in rows)
    above = "".join(_build_paragraphs("\n".join(captions), ()))
    return f'{above}<table cellpadding="4"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _split_cells(line: str) -> list[tuple[int, str]]:
    """Return (offset in the line, cell text) of each cell."""
    cells, position = [], 0
    for separator in _CELL_BREAK.finditer(line):
        cells.append((position, line[position : separator.start()]))
        position = separator.end()
    return [*cells, (position, line[position:])]


def _build_row(line_offset: int, cells: list[tuple[int, str]], ranges: Sequence[Range], width: int, tag: str) -> str:
    if len(cells) == 1:
        words = _mark(cells[0][1], line_offset, ranges)
        return f'<tr><td colspan="{width}" align="left">{words}</td></tr>'
    return "<tr>" + "".join(_build_cell(line_offset, cell, ranges, tag) for cell in enumerate(cells)) + "</tr>"


def _build_cell(line_offset: int, cell: tuple[int, tuple[int, str]], ranges: Sequence[Range], tag: str) -> str:
    column, (offset, text) = cell
    words = _mark(text, line_offset + offset, ranges)
    if not column:
        return f'<{tag} align="left">{words}</{tag}>'
    layout = 'align="right" nowrap' if _NUMBER.fullmatch(text) else f'align="{"right" if tag == "th" else "left"}"'
    return f"<{tag} {layout}>{words}</{tag}>"
