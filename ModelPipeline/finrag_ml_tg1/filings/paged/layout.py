"""Pages to HTML, so that they are read like any other filing: headings, paragraphs, lists, tables, page breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from finrag_ml_tg1.filings.paged.document import PagedDocument
from finrag_ml_tg1.filings.paged.lines import PageLine, read_page_lines
from finrag_ml_tg1.filings.paged.tables import PageTable, find_page_tables
from finrag_ml_tg1.filings.plain.headlines import ITEM_HEADING, LIST_MARK, is_capitals, is_title

__all__ = ["as_html"]

_BREAK = '<div style="page-break-before:always"></div>'
_SENTENCE_END = (".", ":", ";", "?", "!", ".”", ".)")
# A line that leaves this share of the page's width unused was ended on purpose.
_SHORT_SHARE = 0.8
_MAX_HEADING_CHARS = 110
_MAX_WORDS = 14
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*(?:[A-Z]-)?\d{1,3}\s*[-–—]?", re.IGNORECASE)


def as_html(document: PagedDocument) -> bytes:
    """Return the pages as one HTML document in UTF-8; the n-th page follows n page breaks."""
    pages = (f"{_BREAK if index else ''}{''.join(_page(text))}" for index, (_, text) in enumerate(document.pages))
    return f'<html><head><meta charset="utf-8"></head><body>{"".join(pages)}</body></html>'.encode()


def _page(text: str) -> Iterator[str]:
    lines = list(read_page_lines(text))
    done = 0
    for table in find_page_tables(lines):
        yield from _prose(lines[done : table.start])
        yield _table(table)
        done = table.stop
    yield from _prose(lines[done:])


def _table(table: PageTable) -> str:
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in table.rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _prose(lines: Sequence[PageLine]) -> Iterator[str]:
    width = max((len(line.text) for line in lines), default=0)
    paragraph: list[str] = []
    for index, line in enumerate(lines):
        follower = lines[index + 1].text if index + 1 < len(lines) else ""
        if _is_heading(line.text, paragraph):
            yield from _paragraph(paragraph)
            paragraph = []
            yield f"<p><b>{escape(line.text)}</b></p>"
            continue
        if paragraph and LIST_MARK.match(line.text):
            yield from _paragraph(paragraph)
            paragraph = []
        paragraph.append(line.text)
        if _ends(line.text, follower, width):
            yield from _paragraph(paragraph)
            paragraph = []
    yield from _paragraph(paragraph)


def _paragraph(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"<p>{escape(' '.join(lines))}</p>"


def _is_heading(text: str, before: Sequence[str]) -> bool:
    """Whether a line stands alone as a heading; one in the middle of a sentence does not."""
    if len(text) > _MAX_HEADING_CHARS or _PAGE_NUMBER.fullmatch(text) or len(text.split()) > _MAX_WORDS:
        return False
    if before and not before[-1].endswith(_SENTENCE_END):
        return False
    if ITEM_HEADING.match(text) or is_capitals(text):
        return True
    return text[:1].isupper() and not text.endswith((".", ",", ";", ":")) and is_title(text)


def _ends(text: str, follower: str, width: int) -> bool:
    """Whether a paragraph ends with this line: its sentence does, and the line was not full or a new one begins."""
    if not text.endswith(_SENTENCE_END):
        return len(text) < _SHORT_SHARE * width and follower[:1].isupper()
    return len(text) < _SHORT_SHARE * width or LIST_MARK.match(follower) is not None
