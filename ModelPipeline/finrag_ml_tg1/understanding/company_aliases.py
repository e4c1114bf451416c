"""The names a covered company goes by, from the one it is registered with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.index.catalog import Company

__all__ = ["GENERIC_WORDS", "aliases_of"]

_LEGAL_FORMS = frozenset(
    "inc incorporated corp corporation co company companies plc ltd limited llc lp sa nv ag se group holding "
    "holdings the trust fund".split()
)
GENERIC_WORDS = frozenset(
    "advanced allied american atlantic best capital central commonwealth consolidated dollar eastern energy first "
    "general global great home income international international life national new north northern old pacific "
    "public real rocket royal science south southern standard state super texas union united universal us western "
    "world".split()
)
_TRAILING_TRADE_WORDS = frozenset(
    "platforms technologies technology laboratories pharmaceutical pharmaceuticals alliance motors motor "
    "instruments systems international industries brands foods stores logistics services freight kitchens".split()
)
_MIN_FIRST_WORD_CHARS = 4
# "PepsiCo": people say the first part.
_STEM = re.compile(r"([A-Z][a-z]{3,})(?:Co|Corp|Inc)\b")


def aliases_of(company: Company) -> dict[str, bool]:
    """Return lower-case names, each with whether it is partial: the first word of more, or a word of everyday language.

    They are the names as registered, shorter by legal form and trade, and the first word.
    """
    aliases: dict[str, bool] = {}
    for name in (company.name, *company.former_names):
        for alias, is_partial in _names_of(name):
            aliases.setdefault(alias, is_partial)
            aliases.setdefault(alias.replace(" & ", " and "), is_partial)
            aliases.setdefault(alias.replace(" & ", " "), is_partial)
            aliases.setdefault(alias.replace("'", ""), is_partial)
            aliases.setdefault(alias.replace(".", " "), is_partial)
    return aliases


def _names_of(name: str) -> Iterator[tuple[str, bool]]:
    plain = re.sub(r"\([^)]*\)|/[A-Za-z]{2,3}/?$", " ", name).replace("’", "'").lower()
    words = [word for word in (word.strip(".,") for word in plain.split()) if word]
    if words[:1] == ["the"]:
        words = words[1:]
    if not words:
        return
    yield " ".join(words), False
    while len(words) > 1 and (words[-1] in _LEGAL_FORMS or words[-1] == "&"):
        words = words[:-1]
        yield " ".join(words), len(words) == 1 and words[0] in GENERIC_WORDS
    yield from ((initials, False) for initials in _initials(words))
    while len(words) > 1 and words[-1] in _TRAILING_TRADE_WORDS | _LEGAL_FORMS:
        words = words[:-1]
        yield " ".join(words), len(words) == 1 and words[0] in GENERIC_WORDS
    first = words[0]
    if len(first) >= _MIN_FIRST_WORD_CHARS and first not in GENERIC_WORDS:
        yield first, len(words) > 1
    site = first.split(".")[0]
    if len(site) >= _MIN_FIRST_WORD_CHARS and site != first:
        yield site, False
    stem = _STEM.match(name)
    if stem and stem[1].lower() not in GENERIC_WORDS:
        yield stem[1].lower(), True


def _initials(words: list[str]) -> Iterator[str]:
    letters = [word[0] for word in words if word[0].isalpha()]
    if "&" in words and len(letters) == 2:
        yield f"{letters[0]}&{letters[1]}"
    elif len(letters) >= 3:
        yield "".join(letters)
