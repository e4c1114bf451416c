"""The currency a question wants its number in."""

from __future__ import annotations

import re

__all__ = ["currency_asked", "without_currency"]

_NAMES = {
    "USD": r"us\s?dollars?|american dollars?|us\$",
    "EUR": r"euros?|€",
    "GBP": r"(?:british )?pounds(?: sterling)?|£",
    "JPY": r"(?:japanese )?yen|¥",
    "CHF": r"swiss francs?",
    "CNY": r"yuan|renminbi|rmb",
    "CAD": r"canadian dollars?",
    "AUD": r"australian dollars?",
    "INR": r"(?:indian )?rupees?",
}
_ASKED = re.compile(
    r"\b(?:in|into|to)\s+(?:(?:millions?|billions?|thousands?)\s+(?:of\s+)?)?(?:"
    + "|".join(f"(?P<{code}>{code}|{words})" for code, words in _NAMES.items())
    + r")(?:\s+(?:millions?|billions?|thousands?))?(?!\w)",
    re.IGNORECASE,
)


def currency_asked(text: str) -> str:
    """Return the ISO 4217 code of the currency a text asks for, "" when it asks for none."""
    match = _ASKED.search(text)
    return str(match.lastgroup) if match else ""


def without_currency(text: str) -> str:
    """Return a text without the words that ask for a currency."""
    return _ASKED.sub(" , ", text)
