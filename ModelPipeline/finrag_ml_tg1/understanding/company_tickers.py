"""Covered companies named by their tickers: in capitals, as words of the language, in lower case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.name_places import NamePlaces

__all__ = ["CompanyTickers"]

_AMBIGUOUS_TICKERS = frozenset(
    "A AI ALL AN ANY ARE AS AT BE BIG CAN CAR CEO CFO DAY EPS ESG EU FOR FY GAAP GO HAS HE IT KEY LOW MD NEW NOW "
    "ON ONE OR OUT PE PR R RD ROE SEC SEE SO TECH UK US USA USD YOU".split()
)

_TICKER = re.compile(r"[$(]?\b([A-Z]{1,5}(?:\.[A-Z])?)\b(?:'s|\))?")
# Where the company of a number stands: "AI net sales", "net sales of AI in 2024", "What did AI earn", "2024 sales AI".
_COMPANY_PLACE = re.compile(
    r"^(?P<first>[A-Z]{2,5})\b"
    r"|\b(?:of|for|at|by|did|that|what)\s+(?P<named>[A-Z]{2,5})\b(?=\W*$|[,;:]|\s+(?:in|for|during|as of|at|on|had|"
    r"have|report|post|earn|spen|pay|paid|generate|make|record|fy|fiscal|(?:19|20)?\d\d))"
    r"|\s(?P<last>[A-Z]{2,5})\W*$"
)
_LOWER_CASE_WORD = re.compile(r"(?<![\w.&-])[a-z]{2,5}(?![\w&-])")


class CompanyTickers:
    """The tickers of the companies an index covers, found with where they stand: (start, end, company)."""

    def __init__(self, companies: Sequence[Company], places: NamePlaces) -> None:
        self._places = places
        self._by_ticker: dict[str, Company] = {}
        for company in companies:
            for ticker in company.tickers:
                self._by_ticker.setdefault(ticker.upper(), company)

    def get(self, ticker: str) -> Company | None:
        """Return the company with this ticker, in any case; None when it is not covered."""
        return self._by_ticker.get(ticker.strip().upper())

    def in_capitals(self, text: str) -> Iterator[tuple[int, int, Company]]:
        """Yield tickers in capital letters; those that are words as well only with a mark: "$AI", "(AI)"."""
        for match in _TICKER.finditer(text):
            company = self._by_ticker.get(match[1])
            is_marked = match.group() != match[1]
            if company and (is_marked or (len(match[1]) > 1 and match[1] not in _AMBIGUOUS_TICKERS)):
                yield match.start(), match.end(), company

    def that_are_words(self, text: str) -> Iterator[tuple[int, int, Company]]:
        """Yield a ticker that is a word as well, where the company of a number stands: "net sales of AI in 2024"."""
        if not self._places.names_metric(text):
            return
        for match in _COMPANY_PLACE.finditer(text):
            group = str(match.lastgroup)
            company = self._by_ticker.get(match[group])
            if company:
                yield match.start(group), match.end(group), company
                return

    def in_lower_case(self, text: str) -> Iterator[tuple[int, int, Company]]:
        """Yield tickers in lower case, where the company of a number stands: "aapl net income"."""
        if not self._places.asks_number(text):
            return
        for match in _LOWER_CASE_WORD.finditer(text):
            company = self._by_ticker.get(match.group().upper())
            is_word = match.group().upper() in _AMBIGUOUS_TICKERS
            if company and not is_word and self._places.is_ticker_meant(text, match.start(), match.end()):
                yield match.start(), match.end(), company
