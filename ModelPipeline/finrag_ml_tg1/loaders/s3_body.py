"""The body of an answer of S3, read within a time that its length allows.

A socket's timeout is no limit for a whole body: one that comes byte by byte meets it for ever.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from urllib3 import HTTPResponse

__all__ = ["StalledBodyError", "read_body"]

_PATIENCE_S = 5.0
_SLOWEST_BYTES_PER_S = 32 * 1024
_PIECE_BYTES = 256 * 1024


class StalledBodyError(Exception):
    """The body comes too slowly to be waited for."""


def read_body(body: StreamingBody) -> bytes:
    """Return the whole body, and close it.

    Raises StalledBodyError when it comes more slowly than 32 KiB/s after 5 s, and urllib3's HTTPError when it breaks
    off before its declared length.
    """
    began = time.monotonic()
    received = bytearray()
    with body as entered:
        # Of urllib3 itself, which gives what has come instead of waiting for as much as is asked.
        stream = cast("HTTPResponse", entered)
        try:
            while piece := stream.read1(_PIECE_BYTES):
                received += piece
                if time.monotonic() - began > _PATIENCE_S + len(received) / _SLOWEST_BYTES_PER_S:
                    raise StalledBodyError
        except OSError as error:
            raise HTTPError(str(error)) from error
        if stream.length_remaining:
            raise HTTPError("the body breaks off")
    return bytes(received)
