"""The names a covered company goes by, from the one it is registered with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.vocabulary.company_names import other_names_of_filers

__all__ = ["EVERYDAY_WORDS", "GENERIC_WORDS", "aliases_of"]

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
# Words of the language that are names of companies: in lower case they are the word.
EVERYDAY_WORDS = frozenset(
    "ally ball block cat charter chase coach coke delta discover dow eagle express fox gap general goldman host "
    "intuitive key marsh match meta oracle prudential rocket shell southwest square target visa yum".split()
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

    They are the names as registered, shorter by legal form and trade, the first word, and what else it is known as.
    """
    aliases: dict[str, bool] = {}
    for name in (company.name, *company.former_names):
        names = list(_names_of(name))
        others = [other for known, _ in names for other in other_names_of_filers().get(known, ())]
        for alias, is_partial in [*names, *((other, other in EVERYDAY_WORDS) for other in others)]:
            aliases.setdefault(alias, is_partial)
            aliases.setdefault(alias.replace(" & ", " and "), is_partial)
            aliases.setdefault(alias.replace(" & ", " "), is_partial)
            aliases.setdefault(alias.replace("'", ""), is_partial)
            aliases.setdefault(alias.replace(".", " "), is_partial)
            if " " not in alias and alias.endswith("s") and "'" not in alias:
                aliases.setdefault(f"{alias[:-1]}'s", is_partial)
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
        yield " ".join(words), len(words) == 1 and words[0] in GENERIC_WORDS | EVERYDAY_WORDS
    yield from ((initials, False) for initials in _initials(words))
    while len(words) > 1 and words[-1] in _TRAILING_TRADE_WORDS | _LEGAL_FORMS:
        words = words[:-1]
        yield " ".join(words), len(words) == 1 and words[0] in GENERIC_WORDS
    first = words[0]
    if first in GENERIC_WORDS and len(words) > 2:
        yield " ".join(words[:2]), True
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
        yield f"{letters[0]}n{letters[1]}"
    elif len(letters) >= 3:
        yield "".join(letters)
