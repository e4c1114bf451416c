"""Covered companies named by their tickers: in capitals, as words of the language, in lower case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.name_places import NamePlaces

__all__ = ["CompanyTickers"]

_AMBIGUOUS_TICKERS = frozenset(
    "A AI ALL AN ANY ARE AS AT BE BIG CAN CAR CEO CFO COST DAY EPS ESG EU FOR FY GAAP GO HAS HE IT KEY LOW MD NEW NOW "
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
_MARKED_LOWER_CASE = re.compile(r"\$([a-z]{1,5})\b")
# "Florida (FL)"
_STATE = re.compile(
    r"\b(?:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|"
    r"Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|"
    r"Nebraska|Nevada|Hampshire|Jersey|Mexico|York|Carolina|Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Island|Tennessee|Texas|"
    r"Utah|Vermont|Virginia|Washington|Wisconsin|Wyoming)\s+$"
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
        for match in _MARKED_LOWER_CASE.finditer(text):
            company = self._by_ticker.get(match[1].upper())
            if company:
                yield match.start(), match.end(), company
        for match in _TICKER.finditer(text):
            company = self._by_ticker.get(match[1])
            if match.group().startswith("(") and _STATE.search(text[: match.start()]):
                continue
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
        """Yield tickers in lower case, where a question begins or the company of a number stands: "aapl net income"."""
        asks_number = self._places.asks_number(text)
        has_no_name = not any(char.isupper() for char in text)
        opening = 0
        for match in _LOWER_CASE_WORD.finditer(text):
            company = self._by_ticker.get(match.group().upper())
            if company is None or match.group().upper() in _AMBIGUOUS_TICKERS:
                continue
            is_meant = asks_number and self._places.is_ticker_meant(text, match.start(), match.end())
            is_first = (
                has_no_name and not text[opening : match.start()].strip() and self._places.is_no_word(match.group())
            )
            if is_meant or is_first:
                opening = match.end()
                yield match.start(), match.end(), company
