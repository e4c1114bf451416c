"""A passage as HTML: escaped text, `<mark>` around the cited words, tables as tables. Pure; shows nothing itself."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from serving.frontend.markup.hidden_controls import isolate, replace_controls
from serving.frontend.markup.table_rows import Row, is_amount, lay_out, split_rows

__all__ = ["build_passage_html"]

# Such a run of characters without a blank may be broken: it would be wider than a narrow window.
_LONG_RUN = re.compile(r"\S{30}(?=\S)")
_LONGEST_NUMBER = 24

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
            pieces += [_escape(text[position:first]), f"<mark><b>{_escape(text[first:last])}</b></mark>"]
            position = last
    return "".join([*pieces, _escape(text[position:])])


def _escape(text: str) -> str:
    pieces, position = [], 0
    shown = replace_controls(text)
    for run in _LONG_RUN.finditer(shown):
        pieces.append(shown[position : run.end()])
        position = run.end()
    return "<wbr>".join(isolate(escape(piece), "<bdi>", "</bdi>") for piece in [*pieces, shown[position:]])


def _iterate_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, line) of the lines that are not blank."""
    for match in re.finditer(r"[^\n]+", text):
        if match[0].strip():
            yield match.start(), match[0]


def _build_paragraphs(text: str, ranges: Sequence[Range]) -> Iterator[str]:
    for offset, line in _iterate_lines(text):
        yield f"<p>{_mark(line, offset, ranges)}</p>"


def _build_table(text: str, ranges: Sequence[Range], lead: str) -> str:
    above = split_rows(lead)
    headers, rows = lay_out([row for row in above if len(row.cells) > 1], split_rows(text))
    captions = "<br>".join(_escape(row.cells[0].text) for row in above if len(row.cells) == 1)
    head = "".join(_build_row(row, (), "th") for row in headers)
    body = "".join(_build_row(row, ranges, "td") for row in rows)
    paragraph = f"<p>{captions}</p>" if captions else ""
    return f'{paragraph}<table cellpadding="4"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _build_row(row: Row, ranges: Sequence[Range], tag: str) -> str:
    cells = []
    for column, cell in enumerate(row.cells):
        words = _mark(cell.text, cell.offset, ranges)
        span = f' colspan="{cell.span}"' if cell.span > 1 else ""
        side = "left" if not column or (tag == "td" and not cell.is_heading and not is_amount(cell.text)) else "right"
        nowrap = " nowrap" if side == "right" and is_amount(cell.text) and len(cell.text) <= _LONGEST_NUMBER else ""
        cells.append(f'<{tag}{span} align="{side}"{nowrap}>{words}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"
