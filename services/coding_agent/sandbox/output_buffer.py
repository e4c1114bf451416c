"""What a command wrote, in bounded memory: the beginning and the end."""

from __future__ import annotations

__all__ = ["OutputBuffer"]


class OutputBuffer:
    """Keeps the first and the last `half` bytes of a stream, and counts all."""

    def __init__(self, half: int = 512 * 1024) -> None:
        self._half = half
        self._head = bytearray()
        self._tail = bytearray()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take what came."""
        self.size += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room < len(data) else b""
        # Cut seldom, so that every byte is moved once, not at each read.
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    def text(self) -> str:
        """Return what is kept, with a line in place of what is not; undecodable bytes are replaced."""
        tail = bytes(self._tail[-self._half :])
        left_out = self.size - len(self._head) - len(tail)
        if not left_out:
            return (bytes(self._head) + tail).decode(errors="replace")
        mark = f"\n[… {left_out} bytes left out …]\n"
        return bytes(self._head).decode(errors="replace") + mark + tail.decode(errors="replace")
