"""What a line of text without any markup is told by: an item's heading, a mark of a list, a title, capitals."""

from __future__ import annotations

import re

__all__ = ["ITEM_HEADING", "LIST_MARK", "is_capitals", "is_title"]

ITEM_HEADING = re.compile(
    r"(?:part\s+[ivx]+\W*$|(?:part\s+[ivx]+\W+)?items?\s+\d{1,2}[a-c]?(?:\s*(?:[.:;–—-]|$)|\s\s))", re.I
)
LIST_MARK = re.compile(r"(?:[•·●▪*]|o|--?|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+\S", re.I)
# Longer lines are no titles; what is asked of them is asked of their beginning.
_MAX_CHARS = 400
_SMALL_WORDS = frozenset("a about an and as at by for from in its of on or the to under with".split())


def is_title(words: str) -> bool:
    """Return whether all words that carry meaning begin with a capital, as in a title.

    Figures and addresses do not count.
    """
    parts = [part.strip("()\"',&-") for part in words.split()]
    if any(part[:1].isdigit() for part in parts):
        return False
    return len(parts) <= 10 and all(part[:1].isupper() or part.lower() in _SMALL_WORDS for part in parts if part)


def is_capitals(text: str) -> bool:
    """Return whether a text is words in capitals."""
    text = text[:_MAX_CHARS]
    return text.isupper() and sum(map(str.isalpha, text)) > 3
