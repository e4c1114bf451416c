"""A filing's HTML or plain text to one canonical text with stable character offsets, divided into blocks.

The text never changes for a filing, so that every citation keeps pointing at the same words. What is hidden in the
document (the inline XBRL header, `display:none`) is not text. Whitespace inside a block is collapsed; blocks are
separated by a blank line, table rows by a line break, cells by " | ". A plain text becomes HTML first, one
long `<pre>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lxml import etree, html

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.plain.markup import as_html
from finrag_ml_tg1.filings.text.elements import TracedElements
from finrag_ml_tg1.filings.text.furniture import furniture_among
from finrag_ml_tg1.filings.text.heading_levels import heading_levels
from finrag_ml_tg1.filings.text.marked_text import join_marked
from finrag_ml_tg1.filings.text.pieces import read_pieces
from finrag_ml_tg1.filings.text.tables import TableText

__all__ = ["Block", "BlockKind", "CanonicalDocument", "parse_html", "read_canonical"]

BlockKind = Literal["heading", "paragraph", "list", "table", "furniture"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the canonical text.

    `level` is a heading's, from 1; `run_in` counts the characters at a paragraph's beginning that are its heading;
    `page` is the number of page breaks before it; `table` tells rows and cells when the kind is "table".
    """

    kind: BlockKind
    char_start: int
    char_end: int
    level: int = 0
    run_in: int = 0
    page: int = 0
    table: TableText | None = None


@dataclass(frozen=True, slots=True)
class CanonicalDocument:
    """The canonical text and its blocks, in order, without overlaps.

    `spans` tells where the elements named to `read_canonical` stand, in the order they were named; None for hidden.
    """

    text: str
    blocks: tuple[Block, ...]
    spans: tuple[tuple[int, int] | None, ...] = ()

    def text_of(self, block: Block) -> str:
        """Return the block's words."""
        return self.text[block.char_start : block.char_end]


def parse_html(data: bytes) -> html.HtmlElement:
    """Return the root element of a filing in HTML or plain text; raises FilingError when the bytes are neither."""
    if not data.strip():
        raise FilingError("the file is empty")
    if data[:4] in (b"%PDF", b"PK\x03\x04"):
        raise FilingError("the file is a PDF or ZIP archive, not the filing's HTML or text document")
    if b"\x00" in data:
        raise FilingError("the file is binary or UTF-16, not HTML or text in UTF-8")
    parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    source = as_html(_as_utf8(data))
    try:
        root = html.document_fromstring(source, parser=parser)
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


def read_canonical(root: html.HtmlElement, traced: Sequence[html.HtmlElement] = ()) -> CanonicalDocument:
    """Return the canonical text of a parsed filing, and where in it the elements `traced` stand."""
    body = root.find("body")
    elements = TracedElements(traced)
    pieces = read_pieces(body if body is not None else root, elements)
    furniture = furniture_among(pieces)
    levels = heading_levels(pieces)
    blocks: list[Block] = []
    offset = 0
    for index, piece in enumerate(pieces):
        end = offset + len(piece.text.text)
        is_furniture = index in furniture or piece.kind == "furniture"
        kind: BlockKind = "heading" if levels[index] else piece.kind
        blocks.append(
            Block(
                kind="furniture" if is_furniture else kind,
                char_start=offset,
                char_end=end,
                level=0 if is_furniture else levels[index],
                run_in=piece.run_in,
                page=piece.page,
                table=None if is_furniture else piece.table,
            )
        )
        offset = end + 2
    text = join_marked((piece.text for piece in pieces), "\n\n")
    return CanonicalDocument(text.text, tuple(blocks), elements.spans(text.text, text.marks))
