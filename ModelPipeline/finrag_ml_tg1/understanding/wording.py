"""A question's words one by one, written one way, each with where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Word", "both_named", "normal_words", "read_words"]

_WORD = re.compile(r"(?:[A-Za-z0-9]+(?:\.[0-9]+)*(?:&[A-Za-z]+)*)")
_HYPHENS = re.compile(r"(?<=\w)[-‐‑‒–—](?=\w)")
_COUNTRY = re.compile(r"\bU\.S\.?(?:A\.?)?(?!\w)")
_AND_SIGN = re.compile(r"\s&\s")
_POSSESSIVE = re.compile(r"(?:'s|s'|')(?!\w)", re.IGNORECASE)
_PER_SHARE = r"eps|(?:earnings|net income|net loss|loss) per (?:common )?share"
# "Basic vs diluted EPS": the name of the first ends after the second.
_TWO_OF_A_KIND = re.compile(
    rf"\b(?P<first>basic|diluted)\s*(?:and|&|vs\.?|versus|or|/|,|compared (?:to|with))\s*"
    rf"(?P<second>basic|diluted)\s+(?P<what>{_PER_SHARE})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in lower case, and whether it is written with a capital letter; `after_break`: after a comma or so."""

    text: str
    is_capitalised: bool
    after_break: bool


def both_named(text: str) -> str:
    """Return a text with "basic vs diluted EPS" written as the two names that it means."""
    return _TWO_OF_A_KIND.sub(r"\g<first> \g<what> and \g<second> \g<what>", text)


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
