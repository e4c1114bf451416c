"""What happened in a run, message by message, as JSON of bounded size."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from coding_agent.agent.untrusted_text import cut_middle

__all__ = ["Trajectory"]

_MOST_MESSAGE_CHARS = 100_000
_LEAST_BYTES = 10_000
_FIRST_STEP = 2  # after the rules and the task


class Trajectory:
    """Keeps messages redacted; `most_bytes` (at least 10,000) bounds what `encoded` returns."""

    def __init__(self, redact: Callable[[str], str], most_bytes: int) -> None:
        if most_bytes < _LEAST_BYTES:
            raise ValueError(f"a trajectory needs room for {_LEAST_BYTES} bytes")
        self._redact = redact
        self._most_bytes = most_bytes
        self._messages: list[tuple[str, str]] = []

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, role: str, content: str) -> None:
        """Append a message, redacted, and cut in its middle when it is longer than any honest one."""
        self._messages.append((role, cut_middle(self._redact(content), _MOST_MESSAGE_CHARS)))

    def encoded(self, head: Mapping[str, object]) -> bytes:
        """Return `head` and the messages as JSON in UTF-8.

        Where that is too long, the outputs nearest to the middle are left out first, then whole messages from there;
        `left_out` and a note in their place say so.
        """
        rows: dict[int, bytes] = {
            place: _json({"role": role, "content": content}) for place, (role, content) in enumerate(self._messages)
        }
        room = self._most_bytes - len(_json({**head, "left_out": len(rows), "messages": []}))
        size = sum(len(row) + 2 for row in rows.values())
        left_out: set[int] = set()
        from_the_middle = sorted(rows, key=lambda place: (place < _FIRST_STEP, abs(place - len(rows) / 2)))
        for place in from_the_middle:
            role, content = self._messages[place]
            if size > room and role == "user" and place >= _FIRST_STEP:
                note = _json({"role": role, "content": f"[… output of {len(content)} characters left out …]"})
                size += len(note) - len(rows[place])
                rows[place] = note
                left_out.add(place)
        for place in from_the_middle:
            if size > room:
                size -= len(rows.pop(place)) + 2
                left_out.add(place)
        whole = _json({**head, "left_out": len(left_out), "messages": []})
        return whole.removesuffix(b"]}") + b",\n".join(rows.values()) + b"]}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")
