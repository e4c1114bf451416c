"""A document as one HTML file that needs nothing else: no script, no font, no picture, and a policy that forbids them.

All text is escaped. The only addresses are anchors of the document itself and web addresses that were checked.
"""

from collections.abc import Iterator
from html import escape

from serving.frontend.takeaway.blocks import Block, Box, Document, Heading, Items, Line, Paragraph, Rule, Run, Table
from serving.frontend.takeaway.html_style import STYLE, STYLE_HASH
from serving.frontend.takeaway.printable import make_printable

__all__ = ["write_html"]

_POLICY = f"default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def write_html(document: Document) -> str:
    """Return the whole page."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="generator" content="FinRAG">',
            f"<title>{_escape(document.title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            *map(_write_block, document.blocks),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _write_block(block: Block) -> str:
    match block:
        case Heading():
            anchor = f' id="{_escape(block.anchor)}"' if block.anchor else ""
            return f"<h{block.level}{anchor}>{_write_line(block.line)}</h{block.level}>"
        case Paragraph():
            look = ' class="small"' if block.is_small else ""
            return f"<p{look}>{'<br>'.join(map(_write_line, block.lines))}</p>"
        case Items():
            return _write_items(block)
        case Table():
            return _write_table(block)
        case Box():
            return _write_box(block)
        case Rule():
            return "<hr>"


def _write_box(box: Box) -> str:
    inside = "\n".join(map(_write_block, box.blocks))
    is_quote = box.kind == "quote"
    return f"<blockquote>{inside}</blockquote>" if is_quote else f'<div class="warning" role="note">{inside}</div>'


def _write_items(items: Items) -> str:
    inside = "\n".join(f"<li>{''.join(map(_write_block, blocks))}</li>" for blocks in items.items)
    return f"<ul>{inside}</ul>" if items.start is None else f'<ol start="{items.start}">{inside}</ol>'


def _write_table(table: Table) -> str:
    """Return the table in a box that scrolls sideways, by keyboard too, where the window is narrower."""
    head = f"<thead>{_write_row(table.header, table, 'th')}</thead>" if table.header else ""
    body = "\n".join(_write_row(row, table, "td") for row in table.rows)
    inside = f"<table>{head}<tbody>{body}</tbody></table>"
    return f'<div class="wide" role="region" aria-label="Table" tabindex="0">{inside}</div>'


def _write_row(cells: tuple[Line, ...], table: Table, tag: str) -> str:
    """Return a row; one cell alone stretches over all columns."""
    if len(cells) == 1 < table.width:
        return f'<tr><{tag} colspan="{table.width}">{_write_line(cells[0])}</{tag}></tr>'
    looks = (' class="number"' if is_right else "" for is_right in (*table.is_right, *[False] * table.width))
    return f"<tr>{''.join(_write_cells(cells, looks, tag))}</tr>"


def _write_cells(cells: tuple[Line, ...], looks: Iterator[str], tag: str) -> Iterator[str]:
    scope = ' scope="col"' if tag == "th" else ""
    for cell, look in zip(cells, looks, strict=False):
        yield f"<{tag}{scope}{look}>{_write_line(cell)}</{tag}>"


def _write_line(line: Line) -> str:
    return "".join(map(_write_run, line))


def _write_run(run: Run) -> str:
    words = _escape(run.text)
    if run.is_slanted:
        words = f"<em>{words}</em>"
    if run.is_bold:
        words = f"<strong>{words}</strong>"
    if run.is_marked:
        words = f"<mark>{words}</mark>"
    if run.target.startswith("#"):
        return f'<a href="{_escape(run.target)}">{words}</a>'
    if run.target:
        return f'<a href="{_escape(run.target)}" rel="noopener noreferrer">{words}</a>'
    return words


def _escape(text: str) -> str:
    return escape(make_printable(text))
