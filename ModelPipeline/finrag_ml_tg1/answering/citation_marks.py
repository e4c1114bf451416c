"""The marks of citations in what a language model writes."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["MarkReader", "used_marks"]


class MarkReader:
    """Reads text that comes in pieces; `known` are the numbers that may be cited."""

    def __init__(self, known: Collection[int]) -> None:
        self._known = frozenset(known)

    def feed(self, piece: str) -> str:
        """Return the text to show for a piece."""
        return piece

    def end(self) -> str:
        """Return what was held back."""
        return ""


def used_marks(markdown: str) -> list[int]:
    """Return the numbers cited, in order."""
    return [int(number) for number in re.findall(r"\[(\d+)\]", markdown)]
