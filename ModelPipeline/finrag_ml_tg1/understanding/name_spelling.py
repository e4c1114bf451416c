"""Names written together, apart or with a hyphen: "Coca Cola", "Coca-Cola", "JP Morgan", "HomeDepot"."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["SpelledName", "letters_of", "names_spelled_otherwise"]

_WORD = re.compile(r"[\w&]+(?:\.\w+)*")
_BETWEEN = re.compile(r"\.?(?:\s?-\s?|\s+)")
_NO_LETTER = re.compile(r"[^a-z0-9&]")
_MOST_WORDS = 5
_FEWEST_LETTERS = 5


@dataclass(frozen=True, slots=True)
class SpelledName:
    """Words of a text, from `start` up to `end`, that together have the `letters` of a name."""

    start: int
    end: int
    letters: str
    words: tuple[str, ...]


def letters_of(name: str) -> str:
    """Return a name's letters, digits and "&", in lower case."""
    return _NO_LETTER.sub("", name.lower())


def names_spelled_otherwise(text: str, known: Container[str]) -> Iterator[SpelledName]:
    """Yield the runs of words that have the letters of a known name, longest first."""
    words = list(_WORD.finditer(text))
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        for first in range(len(words) - count + 1):
            run = words[first : first + count]
            letters = letters_of("".join(word.group() for word in run))
            is_long = len(letters) >= _FEWEST_LETTERS or ("&" in letters and count > 1)
            gaps = pairwise(run)
            if (
                is_long
                and letters in known
                and all(_BETWEEN.fullmatch(text, left.end(), right.start()) for left, right in gaps)
            ):
                yield SpelledName(run[0].start(), run[-1].end(), letters, tuple(word.group() for word in run))
