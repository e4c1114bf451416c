"""A filing's document as bytes: unpacked, bounded in size, and named by its accession number."""

from __future__ import annotations

import hashlib
import re
import zlib

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.paged.document import read_paged

__all__ = ["MAX_DOCUMENT_BYTES", "accession_of", "decompressed", "stated_accession"]

MAX_DOCUMENT_BYTES = 80 * 2**20

_ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
_STATED_ACCESSION = re.compile(rb"ACCESSION NUMBER:\s*(\d{10}-\d{2}-\d{6})")
_HEADER_BYTES = 20_000
_GZIP = b"\x1f\x8b"


def decompressed(data: bytes) -> bytes:
    """Return the document, unpacked if it is gzip; raises FilingError when it is damaged or larger than allowed."""
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


def stated_accession(document: bytes, name: str) -> str | None:
    """Return the accession number in the file's name, else in a complete submission's SEC header, else None."""
    named = _ACCESSION.search(name)
    if named:
        return named.group()
    header = _STATED_ACCESSION.search(document[:_HEADER_BYTES])
    return header.group(1).decode() if header else None


def accession_of(document: bytes, name: str) -> str:
    """Return the name of a document of pages, the stated accession number, or a local one made from the content."""
    paged = read_paged(document)
    if paged is not None:
        return paged.identifier
    return stated_accession(document, name) or f"local-{hashlib.sha256(document).hexdigest()[:16]}"
