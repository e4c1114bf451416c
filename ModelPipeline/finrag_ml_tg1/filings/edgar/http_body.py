"""The body of an answer, whole and within a limit: gzip is unpacked here, because a limit must hold while unpacking."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from finrag_ml_tg1.errors import FilingError

__all__ = ["DamagedBodyError", "read_body"]


class DamagedBodyError(Exception):
    """The body ends too early or is not what its headers say."""


def read_body(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the decoded body; `encoding` is the Content-Encoding.

    Raises FilingError when it is larger than `max_bytes`, DamagedBodyError when it is empty or not whole.
    """
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise DamagedBodyError(f"an answer in the unasked encoding {encoding[:20]!r}")
    parts: list[bytes] = []
    size = 0
    for part in _unpacked(chunks, max_bytes) if encoding.endswith("gzip") else chunks:
        size += len(part)
        if size > max_bytes:
            raise FilingError(f"the document is larger than {max_bytes // 2**20} MB")
        parts.append(part)
    if size == 0:
        raise DamagedBodyError("an empty document")
    return b"".join(parts)


def _unpacked(chunks: Iterable[bytes], max_bytes: int) -> Iterable[bytes]:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            if stream.eof:
                raise DamagedBodyError("more than one gzip file")
            yield stream.decompress(chunk, max_bytes + 1)
    except zlib.error as error:
        raise DamagedBodyError("damaged gzip data") from error
    if not stream.eof:
        raise DamagedBodyError("gzip data cut short")
    if stream.unused_data:
        raise DamagedBodyError("more than one gzip file")
