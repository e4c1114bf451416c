"""Characters that a reader cannot see: controls, marks of direction, joiners, selectors and tags."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["without_invisible"]

_KEPT = frozenset("\n\t")
# Not of category C and yet shown as nothing: "default ignorable" of Unicode's DerivedCoreProperties.
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")


def without_invisible(text: str) -> str:
    """Return the text without them; of each character it is told alone, so that any cut of a text gives the same.

    Line ends and tabs stay. Unpaired surrogates, which no encoding writes, go too.
    """
    if text.isascii() and text.isprintable():
        return text
    seen = (char for char in text if char in _KEPT or unicodedata.category(char)[0] != "C")
    return _IGNORABLE.sub("", "".join(seen))
