"""The thoughts that reasoning models write before their answer, between tags, dropped while the text arrives."""

from __future__ import annotations

import re

__all__ = ["ThoughtDropper"]

_NAMES = ("think", "thinking", "thought", "reasoning")
_OPENINGS = tuple(f"<{name}>" for name in _NAMES)


class ThoughtDropper:
    """Drops what stands between a leading `<think>` and its `</think>`; how the text is cut changes nothing.

    Only before the first word: later such tags are tags like others. A thought that never ends leaves no answer. Less
    than a tag is held back.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closing: re.Pattern[str] | None = None
        self._longest_tail = 0
        self._has_thought = False
        self._is_past = False

    def feed(self, piece: str) -> str:
        """Return what is known to be no thought by now."""
        if self._is_past:
            return piece
        self._held += piece
        written: list[str] = []
        while self._held and not self._is_past:
            if self._closing is not None:
                if not self._is_closed(self._closing):
                    break
            else:
                written.append(self._space())
                if not self._opens():
                    break
        return "".join(written) + (self.end() if self._is_past else "")

    def end(self) -> str:
        """Return the rest: nothing of a thought, what might have become a tag."""
        rest, self._held = self._held, ""
        return "" if self._closing else rest

    def _is_closed(self, closing: re.Pattern[str]) -> bool:
        """Whether the thought ends in what is held; it is let go of up to there."""
        found = closing.search(self._held)
        self._held = self._held[found.end() :] if found else self._held[-self._longest_tail :]
        self._closing = None if found else closing
        return found is not None

    def _space(self) -> str:
        """The white space in front, which is none of the answer after a thought."""
        rest = self._held.lstrip()
        space, self._held = self._held[: len(self._held) - len(rest)], rest
        return "" if self._has_thought else space

    def _opens(self) -> bool:
        """Whether a thought opens here; when words do, all that follows is past."""
        near = self._held[: max(map(len, _OPENINGS))].lower()
        for name, opening in zip(_NAMES, _OPENINGS, strict=True):
            if near.startswith(opening):
                self._held = self._held[len(opening) :]
                self._closing = re.compile(f"(?a:</{name}>)", re.IGNORECASE)
                self._longest_tail = len(opening)
                self._has_thought = True
                return True
        self._is_past = bool(near) and not any(opening.startswith(near) for opening in _OPENINGS)
        return False
