"""A question's words one by one, written one way, each with where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Word", "normal_words", "read_words"]

_WORD = re.compile(r"(?:[A-Za-z0-9]+(?:\.[0-9]+)*(?:&[A-Za-z]+)*)")
_HYPHENS = re.compile(r"(?<=\w)[-‐‑‒–—](?=\w)")
_COUNTRY = re.compile(r"\bU\.S\.?(?:A\.?)?(?!\w)")
_AND_SIGN = re.compile(r"\s&\s")
_POSSESSIVE = re.compile(r"(?:'s|s'|')(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in lower case, and whether it is written with a capital letter; `after_break`: after a comma or so."""

    text: str
    is_capitalised: bool
    after_break: bool


def read_words(text: str) -> list[Word]:
    """Return the words of a text: "&" between words is "and", hyphens part words, possessive endings are gone."""
    return list(_words(_plain(text)))


def normal_words(text: str) -> tuple[str, ...]:
    """Return the words alone, as `read_words` writes them."""
    return tuple(word.text for word in read_words(text))


def _plain(text: str) -> str:
    apostrophes = _COUNTRY.sub("US", text.replace("’", "'"))
    return _HYPHENS.sub(" ", _AND_SIGN.sub(" and ", _POSSESSIVE.sub(_unowned, apostrophes)))


def _unowned(match: re.Match[str]) -> str:
    """Of "shareholders'" the plural stays."""
    return match.group()[0] if match.group().lower() == "s'" else " "


def _words(text: str) -> Iterator[Word]:
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        word = match.group()
        yield Word(word.lower(), word[0].isupper(), any(sign in between for sign in ",;:()?!./"))
        end = match.end()
