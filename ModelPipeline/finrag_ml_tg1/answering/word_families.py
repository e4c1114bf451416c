"""Words that say the same in other forms: verbs with their nouns, going up or down, the people employed.

A stemmer leaves "closed" and "closure" apart; a filing says "decreased" of what a question calls a fall.
"""

from __future__ import annotations

from functools import lru_cache

from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["family_terms"]

_FAMILIES = {
    "acquire": "acquisition acquisitions",
    "audit": "auditor auditors",
    "close": "closing closings closure closures shut shuttered",
    "compete": "competition competitive competitor competitors",
    "decrease": "contract decline declined drop dropped fall fallen fell lower reduction shrank shrink",
    "divest": "divestiture divestitures",
    "employees": "employed headcount personnel staff workers workforce",
    "expand": "expansion expansions",
    "increase": "climb climbed gain grew grow grown growth higher rise risen rose up",
    "produce": "production",
    "settle": "settlement settlements",
}


def family_terms(text: str) -> list[str]:
    """Return the stemmed words of a text in order, without stop words, each of a family as its first word."""
    families, terms = _first_of_family(), split_terms(text)
    if families.keys().isdisjoint(terms):
        return terms
    return [families.get(term, term) for term in terms]


@lru_cache(maxsize=1)
def _first_of_family() -> dict[str, str]:
    return {term: split_terms(first)[0] for first, words in _FAMILIES.items() for term in split_terms(words)}
