"""Server-Sent Events out of a byte stream that may be cut anywhere (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

__all__ = ["EventReader"]

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MAX_EVENT_BYTES = 8 * 1_048_576


class EventReader:
    """Takes bytes as they come and gives the data of each event once its closing empty line is there.

    Comments and all fields but `data` are dropped. An event that is not closed at the end of the stream is none.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._bytes = 0
        self._started = False

    def feed(self, received: bytes) -> Iterator[str]:
        """Yield the data of the events that `received` completes.

        Raises ValueError for a line that is not UTF-8 and for an event of more than 8 MiB.
        """
        for line in self._lines(received):
            self._bytes += len(line)
            self._check_size(self._bytes)
            if not line:
                yield from self._close_event()
            elif line.startswith(b"data") and line[4:5] in {b"", b":"}:
                self._data.append(line[5:].decode("utf-8").removeprefix(" "))
        self._check_size(self._bytes + len(self._rest))

    def _lines(self, received: bytes) -> list[bytes]:
        """Return the lines that are complete now; a carriage return at the very end may be half of a CRLF."""
        may_end_line = self._rest.endswith(b"\r") or b"\n" in received or b"\r" in received
        self._rest += received
        if not may_end_line:
            return []
        if not self._started:
            self._rest = self._rest.removeprefix(codecs.BOM_UTF8)
            self._started = True
        held = b"\r" if self._rest.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(bytes(self._rest.removesuffix(held)))
        self._rest = bytearray(rest + held)
        return lines

    def _close_event(self) -> Iterator[str]:
        data, self._data, self._bytes = self._data, [], 0
        if data:
            yield "\n".join(data)

    @staticmethod
    def _check_size(size: int) -> None:
        if size > _MAX_EVENT_BYTES:
            raise ValueError("an event of more than 8 MiB")
