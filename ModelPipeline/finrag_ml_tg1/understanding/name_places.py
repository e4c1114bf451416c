"""Where a word in lower case stands as the company whose number is asked for."""

from __future__ import annotations

import re

from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.wording import read_words
from finrag_ml_tg1.vocabulary.filler_words import FILLERS

__all__ = ["NamePlaces"]

# Words of the language that are tickers too.
_ORDINARY = frozenset(
    "ad ads ago air app apps auto bank big bill bold book born box cake car care cars case cash cat chip coal cost "
    "dash data deal debt dial dog door ea edit ever eye fast fat fish five flow fold food form free fun fund gap gas "
    "gene gold good grid hear her home hope ice id info iron jack job joy keys kids land lane leg life live load loan "
    "logo loop love low luck luv mac main man mark max media mid mini moon mind net nice nine oil ok open pace pack "
    "pay pays peak pet phone pine plan play plus pool post prop pump pure quad real rent ride ring risk road rock run "
    "safe sale seed self sea ship shop sick site sky snap snow son spot star stay sun tap tax team tech ten term tile "
    "toy trip true turn ugly unit vet via view wave well west win wing wire wish wood work yell zip".split()
)
_BEFORE = re.compile(
    r"(?:^|[.?!,;:(]|\b(?:of|for|at|by|from|did|does|do|was|were|is|are|has|have|had|what's|whats|show|me|find|compare|"
    r"compared|between|and|or|vs\.?|versus|than|with|to|(?:19|20)\d\d|fy\s?\d\d))\s*$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s*(?:$|[.?!,;:)]|\(|\d|segments?\b)")
_OWNS = re.compile(r"'s?(?!\w)|\s+segments?\b")
_POSSESSIVE = re.compile(r"'s?(?!\w)")
_FIRST_WORD = re.compile(r"\s*([\w&]+)")
_ASKS_AMOUNT = re.compile(r"\bhow (?:much|many)\b|\b(?:amount|value|balance|total)\b", re.IGNORECASE)
_LONG_TICKER = 3


class NamePlaces:
    """Tells by the words around a word whether it is meant as a company; `metrics` are the names of numbers."""

    def __init__(self, metrics: MetricNames) -> None:
        self._metrics = metrics

    def names_metric(self, text: str) -> bool:
        """Return whether a text names a metric."""
        return self._metrics.is_in(text)

    def asks_number(self, text: str) -> bool:
        """Return whether a question names a metric or asks for an amount."""
        return self.names_metric(text) or _ASKS_AMOUNT.search(text) is not None

    def is_term(self, word: str) -> bool:
        """Return whether a word is part of asking for a number, and so no part of a name."""
        return word.lower() in FILLERS or self._metrics.is_in(word)

    def is_no_word(self, letters: str) -> bool:
        """Return whether three letters and more in lower case are no word of the language."""
        return len(letters) >= _LONG_TICKER and letters not in _ORDINARY and not self.is_term(letters)

    def is_ticker_meant(self, text: str, start: int, end: int) -> bool:
        """Return whether letters in lower case are a ticker: no word of the language, where a company stands.

        Two letters have to be followed by what is asked of the company.
        """
        word = text[start:end]
        if word in _ORDINARY or self.is_term(word):
            return False
        is_followed = self.begins_metric(text[end:]) or _OWNS.match(text, end) is not None
        return self.is_company_place(text, start, end) and (is_followed or len(word) >= _LONG_TICKER)

    def is_company_place(self, text: str, start: int, end: int) -> bool:
        """Return whether a company stands there: after "of" or "did" or a metric, before a metric, a year, the end."""
        before = text[:start]
        words = read_words(before)
        mentions = self._metrics.find(words)
        is_after_metric = bool(mentions) and mentions[-1].end == len(words)
        return (is_after_metric or _BEFORE.search(before) is not None) and self.ends_name(text, end)

    def ends_name(self, text: str, end: int) -> bool:
        """Return whether no further word of a name follows there."""
        rest = text[end:]
        if _AFTER.match(rest) or _POSSESSIVE.match(rest) or self.begins_metric(rest):
            return True
        word = _FIRST_WORD.match(rest)
        return word is not None and word[1].lower() in FILLERS

    def begins_metric(self, text: str) -> bool:
        """Return whether a text begins with the name of a metric."""
        mentions = self._metrics.find(read_words(text))
        return bool(mentions) and mentions[0].start == 0
