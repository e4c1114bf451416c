"""Names with one letter wrong, missing, doubled or swapped: "Micorsoft". What they are read as is told to the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from finrag_ml_tg1.understanding.name_spelling import letters_of

__all__ = ["MisspelledName", "misspelled_names", "one_slip_apart"]

_WORD = re.compile(r"[A-Za-z][\w&-]*")
_FEWEST_LETTERS = 5
_MOST_WORDS = 3


@dataclass(frozen=True, slots=True)
class MisspelledName:
    """Words of a text, from `start` up to `end`, that are one slip away from the letters of one known name."""

    start: int
    end: int
    letters: str


def misspelled_names(
    text: str, known: Mapping[str, str], is_word: Callable[[str], bool], *, ignores_case: bool
) -> Iterator[MisspelledName]:
    """Yield names, longest first, that are misspelled; `known` maps the letters of names to names.

    `is_word` tells words that are spelled as they are meant to be. Words in lower case count only with `ignores_case`.
    """
    words = [match for match in _WORD.finditer(text) if "\0" not in match.group()]
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        for first in range(len(words) - count + 1):
            run = words[first : first + count]
            written = [re.sub(r"'?s?$", "", match.group()) if match is run[-1] else match.group() for match in run]
            if text[run[0].start() : run[-1].end()].count(" ") != count - 1:
                continue
            is_cased = all(match.group()[0].isupper() for match in run) or ignores_case
            if not is_cased or all(is_word(match.group()) for match in run):
                continue
            for letters in {letters_of("".join(match.group() for match in run)), letters_of("".join(written))}:
                if len(letters) >= _FEWEST_LETTERS:
                    near = [
                        name
                        for name in known
                        if known[name] and len(name) >= _FEWEST_LETTERS and one_slip_apart(letters, name)
                    ]
                    if len({known[name] for name in near}) == 1:
                        yield MisspelledName(run[0].start(), run[-1].end(), near[0])
                        break


def one_slip_apart(written: str, meant: str) -> bool:
    """Return whether one insertion, deletion, substitution or swap of neighbours makes one of the other.

    The first letters are the same: people get those right (Damerau, 1964).
    """
    if written == meant or abs(len(written) - len(meant)) > 1 or written[:1] != meant[:1]:
        return False
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    left, right = written[start:], meant[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[2:] == right[2:] and left[:2] == right[1::-1])
    return left[1:] == right if len(left) > len(right) else left == right[1:]
