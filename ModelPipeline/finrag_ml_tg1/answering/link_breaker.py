"""The last look at Markdown made inert: nothing that was taken out may leave a link or a tag behind it."""

from __future__ import annotations

__all__ = ["LinkBreaker"]

_LONGEST_START = len("https://")


class LinkBreaker:
    """Puts a space where what is written would form a tag, a link, a link's definition or a URL."""

    def __init__(self) -> None:
        self._tail = ""

    def add(self, words: str) -> str:
        """Return the words, which follow all that was added before, broken where need be."""
        written: list[str] = []
        for char in words:
            if _forms_link(self._tail, char):
                written.append(" ")
            written.append(char)
            self._tail = (self._tail + char)[-_LONGEST_START:]
        return "".join(written)


def _forms_link(before: str, char: str) -> bool:
    if char in "(:" and before.endswith("]"):
        return True
    if before.endswith("<"):
        return char.isalpha() or char in "/!?"
    if char == "/":
        return before.endswith(":/")
    return char in ".:" and (before + char).lower().endswith(("www.", "mailto:", "xmpp:"))
