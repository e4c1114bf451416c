"""Digits that only name something, so that they are no numbers: notes, items, forms, dates' days, list numbers."""

from __future__ import annotations

import re

from finrag_ml_tg1.answering.number_units import SCALE

__all__ = ["without_names"]

_NAMES = (
    "items? notes? parts? forms? rules? sections? sec\\. §+ asc asu topics? subtopics? exhibits? pages? pp?\\. levels? "
    "schedules? regulations? chapters? articles? ifrs ias ifric sfas fasb nos?\\. titles? "
    "tiers? pillar class series tranche appendix s&p russell fortune nasdaq dow stoxx ftse nikkei scopes?  "
    "iso covid"
).split()
# What may as well be counted: a decimal, or a unit of any kind, makes a number of what follows.
_COUNTED = "number passages? sources? questions? tables? figures? steps? phases?".split()
_AMOUNT = rf"""(?:\d{{1,3}}(?:,\d{{3}})+(?!\d) | \d[\d,.]*(?:[\s-]?{SCALE}\b | \s?[%€£¥]
    | [\s-]?(?:percent|pct|per\scent|basis\spoints?|bps)\b | \s?(?:US\s|U\.S\.\s)?(?:dollars|USD|euros?|EUR)\b))"""
_QUANTITY = r"(?:\d[\d,]*\.\d | \d[\d,.]*(?:\s?[kmbx]\b | [\s-]?(?:times|fold|days?|points?|shares)\b))"
_NAMED = re.compile(
    rf"""
    \[\d{{1,3}}\]                                              # citation marks
    | \b\d{{10}}-\d{{2}}-\d{{6}}\b                             # accession numbers
    | \b(?:10|20|40|8|6|11|4)-[KQF](?:/A)?\b | \b10Q\b | \b[NS]-\d\b | \b40[13]\s?\([a-z]\)
    | \b(?:(?:{"|".join(_NAMES)})[\s\-]{{0,3}}|(?:{"|".join(_COUNTED)})[\s\-]{{0,3}}(?!{_QUANTITY}))(?!{_AMOUNT})
      \d[\w.\-]*(?:\([\da-z]{{1,3}}\))*
      (?:(?:,\s?|,?\sand\s|\sor\s|\sthrough\s|[–-])(?!{_AMOUNT})\d{{1,2}}[a-c]?\b(?![.,]\d))*
    | ^[ \t>]*(?:[-*•]\s)?\(?\d{{1,3}}[.)](?=\s)               # list numbers
    | \b\d{{1,3}}(?:st|nd|rd|th)\b | \b[qh][1-4]\b | \b[1-4][qh]\b
    | \b\d{{1,3}}(?:\.\d)?-(?:year|month|week|day|quarter|hour)s?\b
    | \b12\smonths\b | \b5[23]\sweeks\b | \b24/7\b | \#\d+
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def without_names(text: str) -> str:
    """Return the text, equally long, with white space where digits only name something."""
    return _NAMED.sub(lambda match: re.sub(r"\S", " ", match[0]), text)
