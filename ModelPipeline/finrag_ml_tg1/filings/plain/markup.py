"""Plain text and the SGML tags in it, written so that an HTML parser keeps every line and space of it.

Before about 2001 filings were plain text with a few tags of EDGAR's own (EDGAR Filer Manual, "ASCII documents"):
`<PAGE>`, and `<TABLE>`, `<CAPTION>`, `<S>`, `<C>`, `<FN>` around tables whose columns are made of spaces. An HTML
parser would nest what follows such a tag inside it and forget the spaces. Each becomes an empty element, a milestone,
which `milestone` reads back; and what is laid out with spaces stands in `<pre>`.
"""

from __future__ import annotations

import itertools
import re

from lxml import html

from finrag_ml_tg1.errors import FilingError

__all__ = [
    "DATA_START",
    "MILESTONES",
    "PAGE_END",
    "TABLE_END",
    "TABLE_START",
    "as_html",
    "is_html",
    "milestone",
    "without_milestones",
]

# Noncharacters, as marked_text.MARK is one: in a document they show nothing and are dropped.
PAGE_END = "\ufdd1"
TABLE_START = "\ufdd2"
TABLE_END = "\ufdd3"
DATA_START = "\ufdd4"
MILESTONES = frozenset((PAGE_END, TABLE_START, TABLE_END, DATA_START))

_NO_MILESTONES = dict.fromkeys(map(ord, MILESTONES))
_ATTRIBUTE = "data-plain"
_SIGNS = {"page": PAGE_END, "table": TABLE_START, "/table": TABLE_END, "s": DATA_START}

_HTML_TAG = re.compile(
    rb"<(?:!doctype\s+html|(?:html|head|body|pre|div|span|p|br|hr|font|center|h[1-6]|ul|ol|li|tr|td|th|b|i|u|a|ix:\w+)"
    rb"(?:\s[^<>]*)?/?>)",
    re.IGNORECASE,
)
_SGML_TAG = re.compile(rb"<(/?)(page|table|caption|s|c|fn|r)(?:\s[^<>]*)?>", re.IGNORECASE)
_ENTITY = re.compile(rb"&(?=(?:amp|lt|gt|quot|nbsp|#\d{1,5});)")
_SECTION = re.compile(rb"<(/?)(pre|table)(?:\s[^<>]*)?>", re.IGNORECASE)
_ROW_TAG = re.compile(rb"<t[rdh](?:\s[^<>]*)?>", re.IGNORECASE)
_COLUMN_TAG = re.compile(rb"<c>", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0e-\x1f\x7f]")
_MAX_CONTROL_SHARE = 0.001
_REPORT = re.compile(rb"form\s+10\s*-?\s*[kq]|annual\s+report|quarterly\s+report", re.IGNORECASE)
_OPENING_BYTES = 50_000


def is_html(data: bytes) -> bool:
    """Return whether the document is written in HTML; EDGAR's own tags alone do not make it so."""
    return _HTML_TAG.search(data) is not None


def as_html(data: bytes) -> bytes:
    """Return a document in UTF-8 as HTML; of HTML only what is laid out with spaces is changed.

    Raises FilingError for what is neither HTML nor the text of a report.
    """
    if is_html(data):
        return _html_with_milestones(data)
    if len(_CONTROL.findall(data)) > _MAX_CONTROL_SHARE * len(data):
        raise FilingError("the file is binary, not the HTML or text of a filing")
    if not _REPORT.search(data, 0, _OPENING_BYTES):
        raise FilingError("the file is neither HTML nor the plain text of an annual or quarterly report")
    return b"<html><body><pre>\n" + _plain_with_milestones(data) + b"</pre></body></html>"


def milestone(element: html.HtmlElement) -> str:
    """Return the sign that stands for an element written by `as_html`, "" for any other element."""
    return _SIGNS.get(element.get(_ATTRIBUTE) or "", "")


def without_milestones(text: str) -> str:
    """Return the text without the signs that `milestone` returns."""
    return text if text.isascii() else text.translate(_NO_MILESTONES)


def _plain_with_milestones(data: bytes) -> bytes:
    parts = []
    start = 0
    for match in _SGML_TAG.finditer(data):
        parts.append(_escaped(data[start : match.start()]))
        parts.append(_empty_element(match))
        start = match.end()
    parts.append(_escaped(data[start:]))
    return b"".join(parts)


def _escaped(text: bytes) -> bytes:
    """Text as HTML; the entities that some plain filings hold, as `&amp;`, stay what they are."""
    parts = _ENTITY.split(text)
    return b"&".join(part.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;") for part in parts)


def _empty_element(match: re.Match[bytes]) -> bytes:
    name = match.group(1) + match.group(2).lower()
    return b'<span %s="%s"></span>' % (_ATTRIBUTE.encode(), name) if name.decode() in _SIGNS else b""


def _html_with_milestones(data: bytes) -> bytes:
    """HTML in which tables without rows, and the tags inside `<pre>`, are milestones in preformatted text.

    A real table ends a `<pre>` for the parser, so the rest of the section begins another one.
    """
    parts: list[bytes] = []
    start = 0
    is_pre = False
    tags = list(_SECTION.finditer(data))
    tables = _tables_of_spaces(data, tags)
    for index, tag in enumerate(tags):
        parts.append(_section(data[start : tag.start()], is_pre=is_pre or index - 1 in tables))
        closes, name = bool(tag.group(1)), tag.group(2).lower()
        start = tag.end()
        if name == b"pre":
            is_pre = not closes
            parts.append(tag.group())
        elif index in tables:
            parts.append((b"" if is_pre else b"<pre>") + _empty_element(tag))
        elif closes and index - 1 in tables:
            parts.append(_empty_element(tag) + (b"" if is_pre else b"</pre>"))
        else:
            parts.append(tag.group() + (b"<pre>" if closes and is_pre else b""))
    parts.append(_section(data[start:], is_pre=is_pre))
    return b"".join(parts)


def _tables_of_spaces(data: bytes, tags: list[re.Match[bytes]]) -> frozenset[int]:
    """The positions in `tags` of the tables, closed by the next tag, that have no rows but EDGAR's column tags."""
    return frozenset(
        index
        for index, (tag, following) in enumerate(itertools.pairwise(tags))
        if tag.group(2).lower() == following.group(2).lower() == b"table"
        and not tag.group(1)
        and following.group(1)
        and _COLUMN_TAG.search(data, tag.end(), following.start())
        and not _ROW_TAG.search(data, tag.end(), following.start())
    )


def _section(data: bytes, *, is_pre: bool) -> bytes:
    return _SGML_TAG.sub(_empty_element, data) if is_pre else data
