"""Names of segments, products, places and customers, written one way so that they can be compared."""

from __future__ import annotations

import re

__all__ = ["KINDS", "name_tokens", "normal_word"]

_TOKEN = re.compile(r"[a-z0-9]+")
_UNITED_STATES = re.compile(r"\bu\.\s?s\.?(?:a\.?)?(?!\w)|\bunited states(?: of america)?\b")
# What a part is, said beside its name.
KINDS = frozenset("segment division member business".split())


def name_tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name without the kind of thing it names: "Services Segment" is ("service",)."""
    plain = _UNITED_STATES.sub("us", name.lower().replace("&", " and ").replace("’", "'"))
    words = [normal_word(word) for word in _TOKEN.findall(plain)]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and words[-1] in KINDS:
        words.pop()
    return tuple(words)


def normal_word(word: str) -> str:
    """Return a word in the singular, as far as its end tells."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
