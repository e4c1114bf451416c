"""Filing HTML to one canonical text with stable character offsets, divided into blocks.

The text never changes for a filing, so that every citation keeps pointing at the same words. What is hidden in the
document (the inline XBRL header, `display:none`) is not text. Whitespace inside a block is collapsed; blocks are
separated by a blank line, table rows by a line break, cells by " | ".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from lxml import etree, html

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.tables import TableText, is_layout_table, read_table_rows, render_table
from finrag_ml_tg1.filings.visibility import BLOCK_TAGS, collapse, is_hidden, visible_text

__all__ = ["Block", "BlockKind", "CanonicalDocument", "parse_html", "read_canonical"]

BlockKind = Literal["heading", "paragraph", "table", "furniture"]

_HEADING_TAGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BOLD_TAGS = frozenset(("b", "strong", "th"))
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_NOT_BOLD = re.compile(r"font-weight\s*:\s*(?:normal|[1-5]00)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u2002-\u200a\u202f\u3000]+")
_PARAGRAPH_BREAK = re.compile(r"\n[ \n]*\n")
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*(?:[FSA]-)?\d{1,3}\s*[-–—]?|table of contents", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_MAX_HEADING_CHARS = 220
_MAX_DEPTH = 400
_MAX_FURNITURE_CHARS = 80
_RUNNING_HEAD_WORDS = ("form 10-", "annual report", "| ", "inc.", "corporation", "company", "page")
_FURNITURE_REPEATS = 6


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the canonical text; `table` holds row offsets when the kind is "table"."""

    kind: BlockKind
    char_start: int
    char_end: int
    table: TableText | None = None


@dataclass(frozen=True, slots=True)
class CanonicalDocument:
    """The canonical text and its blocks, in order, without overlaps."""

    text: str
    blocks: tuple[Block, ...]

    def text_of(self, block: Block) -> str:
        """Return the block's words."""
        return self.text[block.char_start : block.char_end]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block before it has an offset."""

    kind: BlockKind
    text: str
    table: TableText | None = None


def parse_html(data: bytes) -> html.HtmlElement:
    """Return the document's root element; raises FilingError when the bytes are no HTML."""
    if not data.strip():
        raise FilingError("the file is empty")
    if data[:4] in (b"%PDF", b"PK\x03\x04"):
        raise FilingError("the file is a PDF or ZIP archive, not the filing's HTML document")
    if b"\x00" in data or b"<" not in data:
        raise FilingError("the file is not HTML")
    parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root = html.document_fromstring(_as_utf8(data), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise FilingError(f"the HTML cannot be parsed: {error}") from error
    if any(entry.level_name == "FATAL" for entry in parser.error_log):
        # The parser stops there and keeps what came before: half a filing must not pass for a whole one.
        raise FilingError("the HTML cannot be parsed: its elements are nested too deeply")
    return root


def _as_utf8(data: bytes) -> bytes:
    """UTF-8 unless the bytes are not; SEC accepts ASCII and UTF-8, older documents hold Windows-1252 quotes."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        # A byte that Windows-1252 leaves undefined would make the parser drop the rest of the document.
        return data.decode("windows-1252", errors="replace").encode()
    return data


def read_canonical(root: html.HtmlElement) -> CanonicalDocument:
    """Return the canonical text of a parsed filing."""
    body = root.find("body")
    reader = _Reader()
    reader.read(body if body is not None else root)
    pieces = _mark_furniture(reader.pieces)
    blocks: list[Block] = []
    parts: list[str] = []
    offset = 0
    for piece in pieces:
        blocks.append(Block(piece.kind, offset, offset + len(piece.text), piece.table))
        parts.append(piece.text)
        offset += len(piece.text) + 2
    return CanonicalDocument("\n\n".join(parts), tuple(blocks))


class _Reader:
    """Walks the element tree and collects text into pieces."""

    def __init__(self) -> None:
        self.pieces: list[_Piece] = []
        self._buffer: list[str] = []
        self._chars = 0
        self._bold_chars = 0
        self._in_heading = False

    def read(self, element: html.HtmlElement) -> None:
        self._visit(element, bold=False, preformatted=False, depth=0)
        self._flush()

    def _visit(self, element: html.HtmlElement, *, bold: bool, preformatted: bool, depth: int) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        style = element.get("style") or ""
        if is_hidden(element):
            return
        if depth > _MAX_DEPTH:
            self._add(f" {visible_text(element)} ", bold=bold, preformatted=False)
            return
        if tag == "br":
            self._buffer.append("\n")
            return
        if tag == "table" and self._read_table(element):
            return
        bold = tag in _BOLD_TAGS or tag in _HEADING_TAGS or _is_bold(style, inherited=bold)
        preformatted = preformatted or tag == "pre"
        is_block = tag in BLOCK_TAGS
        if is_block:
            self._flush()
            self._in_heading = tag in _HEADING_TAGS
        if element.text:
            self._add(element.text, bold=bold, preformatted=preformatted)
        for child in element:
            self._visit(child, bold=bold, preformatted=preformatted, depth=depth + 1)
            if child.tail:
                self._add(child.tail, bold=bold, preformatted=preformatted)
        if is_block:
            self._flush()
            self._in_heading = False

    def _add(self, text: str, *, bold: bool, preformatted: bool) -> None:
        visible = len(text) - text.count(" ") - text.count("\n")
        self._chars += visible
        if bold:
            self._bold_chars += visible
        self._buffer.append(text if preformatted else text.replace("\n", " "))

    def _flush(self) -> None:
        if self._buffer:
            raw = "".join(self._buffer)
            is_bold = self._chars > 0 and self._bold_chars >= 0.9 * self._chars
            for text in _paragraphs(raw):
                is_heading = (self._in_heading or is_bold or _is_capitals(text)) and len(text) <= _MAX_HEADING_CHARS
                self.pieces.append(_Piece("heading" if is_heading else "paragraph", text))
        self._buffer.clear()
        self._chars = self._bold_chars = 0

    def _read_table(self, element: html.HtmlElement) -> bool:
        """Add a table as one piece; False for a layout table with blocks of its own, which is then read as text."""
        if element.find(".//table") is not None:
            return False
        rows = read_table_rows(element)
        self._flush()
        if is_layout_table(rows):
            is_bold = _BOLD.search(etree.tostring(element, encoding="unicode", with_tail=False)) is not None
            for row in rows:
                text = " ".join(cell for cell in row if cell)
                if text:
                    is_heading = is_bold and len(text) <= _MAX_HEADING_CHARS and not text.startswith(("•", "·", "●"))
                    self.pieces.append(_Piece("heading" if is_heading else "paragraph", text))
            return True
        text, table = render_table(rows)
        if text:
            self.pieces.append(_Piece("table", text, table))
        return True


def _is_bold(style: str, *, inherited: bool) -> bool:
    if not style:
        return inherited
    if _BOLD.search(style):
        return True
    return inherited and not _NOT_BOLD.search(style)


def _is_capitals(text: str) -> bool:
    return len(text) > 3 and text.upper() == text and any(char.isalpha() for char in text) and not text[-1].isdigit()


def _paragraphs(raw: str) -> Iterator[str]:
    """Split at blank lines (doubled line breaks); a single line break is a space."""
    for part in _PARAGRAPH_BREAK.split(_SPACES.sub(" ", raw)):
        text = collapse(part)
        if text:
            yield text


def _mark_furniture(pieces: list[_Piece]) -> list[_Piece]:
    """Mark page numbers and running heads: short text that stands on many pages, or nothing but a page number."""
    short = [piece for piece in pieces if piece.kind != "table" and len(piece.text) <= _MAX_FURNITURE_CHARS]
    repeats = Counter(_without_page_number(piece.text) for piece in short)

    def is_furniture(piece: _Piece) -> bool:
        if piece.kind == "table" or len(piece.text) > _MAX_FURNITURE_CHARS:
            return False
        if _PAGE_NUMBER.fullmatch(piece.text):
            return True
        return _runs_on(piece.text) and repeats[_without_page_number(piece.text)] >= _FURNITURE_REPEATS

    return [replace(piece, kind="furniture") if is_furniture(piece) else piece for piece in pieces]


def _without_page_number(text: str) -> str:
    return _DIGITS.sub("#", text)


def _runs_on(text: str) -> bool:
    """A running head names the company, form or page; repeated note headings such as "(Unaudited)" do not."""
    lowered = text.lower()
    return any(word in lowered for word in _RUNNING_HEAD_WORDS)
