"""A filing as read: bytes in; cover, canonical text, blocks and items out. A pure function: any engine can run it."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.canonical import CanonicalDocument, parse_html, read_canonical
from finrag_ml_tg1.filings.cover import LOCAL_CIK_BASE, Cover, read_cover
from finrag_ml_tg1.filings.items.finding import find_items
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.links import InternalLinks
from finrag_ml_tg1.vocabulary.items import items_of_form

__all__ = ["Filing", "read_filing"]

MAX_DOCUMENT_BYTES = 80 * 2**20

_ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
_UNALLOCATED_CIKS = 9_000_000_000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing. `sha256` is over the uncompressed bytes; `source_url` is None where SEC holds no such filing."""

    accession: str
    sha256: str
    source_url: str | None
    cover: Cover
    document: CanonicalDocument
    items: tuple[ItemSpan, ...]


def read_filing(data: bytes, name: str) -> Filing:
    """Return the filing in `data` (HTML, or gzip of it); raises FilingError with the reason when it is none.

    The accession number is looked for in the file's name; without one, a local identifier from the content stands in.
    """
    data = _decompressed(data)
    root = parse_html(data)
    links = InternalLinks(root)
    document = read_canonical(root, links.elements)
    if not document.text.strip():
        raise FilingError("the document holds no visible text")
    cover = read_cover(root, document.text)
    sha256 = hashlib.sha256(data).hexdigest()
    match = _ACCESSION.search(name)
    accession = match.group() if match else f"local-{sha256[:16]}"
    return Filing(
        accession=accession,
        sha256=sha256,
        source_url=_sec_url(cover.cik, accession) if match else None,
        cover=cover,
        document=document,
        items=find_items(document, items_of_form(cover.form), links.placed(document.spans)),
    )


def _decompressed(data: bytes) -> bytes:
    inflated = data
    if data.startswith(_GZIP):
        inflated = b""
        while data.startswith(_GZIP) and len(inflated) <= MAX_DOCUMENT_BYTES:
            member, data = _first_member(data, MAX_DOCUMENT_BYTES + 1 - len(inflated))
            inflated += member
    if len(inflated) > MAX_DOCUMENT_BYTES:
        raise FilingError(f"the document is larger than {MAX_DOCUMENT_BYTES // 2**20} MB")
    return inflated


def _first_member(data: bytes, max_bytes: int) -> tuple[bytes, bytes]:
    """Return the content of a gzip file's first member, up to `max_bytes`, and what follows it in the file."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = stream.decompress(data, max_bytes)
    except zlib.error as error:
        raise FilingError(f"the gzip file is damaged: {error}") from error
    if not stream.eof and len(content) < max_bytes:
        raise FilingError("the gzip file is cut short")
    return content, stream.unused_data


def _sec_url(cik: int, accession: str) -> str | None:
    if cik >= _UNALLOCATED_CIKS:
        return None if cik < LOCAL_CIK_BASE else f"https://www.sec.gov/Archives/edgar/data/{accession}.txt"
    folder = accession.replace("-", "")
    return f"https://www.sec.gov/Archives/edgar/data/{cik}/{folder}/{accession}-index.htm"
