"""Server-Sent Events as the back end sends them, read line by line (WHATWG HTML, section 9.2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["StreamEvent", "read_events"]


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event: its name, and its data as sent."""

    name: str
    data: str


def read_events(lines: Iterable[bytes]) -> Iterator[StreamEvent]:
    """Yield each whole event; comments, which keep a connection alive, are passed over."""
    name, data = "", []
    for line in lines:
        field, _, value = line.decode("utf-8", errors="replace").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line and name:
            yield StreamEvent(name, "\n".join(data))
            name, data = "", []
