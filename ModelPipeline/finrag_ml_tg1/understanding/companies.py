"""Which covered companies a question names, and what of the question is left without their names.

All names come from the catalog: legal names, their short forms, former names, initials and tickers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.other_names import BLANK, find_other_names

__all__ = ["CompanyMentions", "CompanyNames"]

# As people write it after a name: "Orquenna, Inc.".
_LEGAL_FORM = r"(?:,?\s+(?:inc|incorporated|corp|corporation|co|plc|ltd|llc)\b\.?)?"
_LEGAL_FORMS = frozenset(
    "inc incorporated corp corporation co company companies plc ltd limited llc lp sa nv ag se group holding "
    "holdings the trust fund".split()
)
_GENERIC_WORDS = frozenset(
    "advanced allied american atlantic best capital central commonwealth consolidated dollar eastern energy first "
    "general global great home income international international life national new north northern old pacific "
    "public real rocket royal science south southern standard state super texas union united universal us western "
    "world".split()
)
_TRAILING_TRADE_WORDS = frozenset(
    "platforms technologies technology laboratories pharmaceutical pharmaceuticals alliance motors motor "
    "instruments systems international industries brands foods stores logistics services freight kitchens".split()
)
_AMBIGUOUS_TICKERS = frozenset(
    "A AI ALL AN ANY ARE AS AT BE BIG CAN CAR CEO CFO DAY EPS ESG EU FOR FY GAAP GO HAS HE IT KEY LOW MD NEW NOW "
    "ON ONE OR OUT PE PR R RD ROE SEC SEE SO TECH UK US USA USD YOU".split()
)
_MIN_FIRST_WORD_CHARS = 4

_TICKER = re.compile(r"[$(]?\b([A-Z]{1,5}(?:\.[A-Z])?)\b(?:'s|\))?")
# Where the company of a number stands: "AI net sales", "net sales of AI in 2024", "What did AI earn", "2024 sales AI".
_COMPANY_PLACE = re.compile(
    r"^(?P<first>[A-Z]{2,5})\b"
    r"|\b(?:of|for|at|by|did|that|what)\s+(?P<named>[A-Z]{2,5})\b(?=\W*$|[,;:]|\s+(?:in|for|during|as of|at|on|had|"
    r"have|report|post|earn|spen|pay|paid|generate|make|record|fy|fiscal|(?:19|20)?\d\d))"
    r"|\s(?P<last>[A-Z]{2,5})\W*$"
)
_CAPITALISED_WORD = re.compile(r"(?<!^)\b(?!Items?\b|Notes?\b|Part\b)[A-Z][a-z]")
_ARTICLE = re.compile(r"\b(?:a|an|the|of)\s+$", re.IGNORECASE)
_NAME_GOES_ON = re.compile(r"\s+(?:&\s+)?[A-Z][a-z]")


@dataclass(frozen=True, slots=True)
class CompanyMentions:
    """Covered companies in the order named, names of no covered company, and the question without them.

    Where no covered company is named, the other names stay: they may be what is asked about.
    """

    companies: tuple[Company, ...]
    unknown: tuple[str, ...]
    remainder: str


@dataclass(frozen=True, slots=True)
class _Alias:
    """A name's company; `is_partial` when it is the first word of a longer name, or a word of everyday language."""

    company: Company
    is_partial: bool


class CompanyNames:
    """The names of the companies an index covers; `metrics` are words that are no names ("COGS", "Net Sales")."""

    def __init__(self, companies: Sequence[Company], metrics: MetricNames) -> None:
        self._metrics = metrics
        self._by_alias: dict[str, _Alias] = {}
        self._tickers: dict[str, Company] = {}
        ambiguous: set[str] = set()
        for company in companies:
            for ticker in company.tickers:
                self._tickers.setdefault(ticker.upper(), company)
            for alias, is_partial in _aliases(company).items():
                if self._by_alias.setdefault(alias, _Alias(company, is_partial)).company is not company:
                    ambiguous.add(alias)
        for alias in ambiguous:
            del self._by_alias[alias]

    def by_ticker(self, ticker: str) -> Company | None:
        """Return the company with this ticker, in any case; None when it is not covered."""
        return self._tickers.get(ticker.strip().upper())

    def find(self, question: str, appears_in_filings: Callable[[str], bool]) -> CompanyMentions:
        """Return what the question names; `appears_in_filings` says whether a word stands in any indexed passage."""
        text = question.replace("’", "'")
        found: dict[int, tuple[int, Company]] = {}
        blanked = list(text)
        for start, end, company in [*self._alias_matches(text), *self._ticker_matches(text)]:
            if BLANK not in blanked[start:end]:
                first = min(start, found[company.cik][0]) if company.cik in found else start
                found[company.cik] = (first, company)
                blanked[start:end] = BLANK * (end - start)
        for start, end, company in self._word_tickers(text) if not found else ():
            found[company.cik] = (start, company)
            blanked[start:end] = BLANK * (end - start)
        companies = tuple(company for _, company in sorted(found.values(), key=lambda match: match[0]))
        rest = "".join(blanked)
        unknown = tuple(dict.fromkeys(find_other_names(rest, appears_in_filings, self._metrics.fill)))
        for name in unknown if companies else ():
            rest = re.sub(rf"\b{re.escape(name)}(?:'s|\b)", " ", rest)
        return CompanyMentions(companies, unknown, " ".join(rest.replace(BLANK, " ").split()))

    def _alias_matches(self, text: str) -> Iterator[tuple[int, int, Company]]:
        """Longest names first. One-word names have to be capitalised, unless the question has no capital letters."""
        ignores_case = not _CAPITALISED_WORD.search(text)
        for alias in sorted(self._by_alias, key=len, reverse=True):
            known = self._by_alias[alias]
            for match in re.finditer(
                rf"(?<![\w.])({re.escape(alias)}{_LEGAL_FORM})('s|'|(?![\w']))", text, re.IGNORECASE
            ):
                if _is_meant(match, known, ignores_case=ignores_case):
                    yield match.start(), match.end(), known.company

    def _word_tickers(self, text: str) -> Iterator[tuple[int, int, Company]]:
        """A ticker that is a word as well, where the company of a number stands: "net sales of AI in 2024"."""
        if not self._metrics.is_in(text):
            return
        for match in _COMPANY_PLACE.finditer(text):
            group = str(match.lastgroup)
            company = self._tickers.get(match[group])
            if company:
                yield match.start(group), match.end(group), company
                return

    def _ticker_matches(self, text: str) -> Iterator[tuple[int, int, Company]]:
        for match in _TICKER.finditer(text):
            company = self._tickers.get(match[1])
            is_marked = match.group() != match[1]
            if company and (is_marked or (len(match[1]) > 1 and match[1] not in _AMBIGUOUS_TICKERS)):
                yield match.start(), match.end(), company


def _is_meant(match: re.Match[str], alias: _Alias, *, ignores_case: bool) -> bool:
    """Whether a name's letters are the company: "apple" beside capitalised words is fruit, "Johnson Controls" another.

    Names of several words, and those with signs or digits in them, are taken in any case.
    """
    name, possessive = match[1], match[2]
    goes_on = possessive == "" and _NAME_GOES_ON.match(match.string, match.end())
    is_part_of_word = name.islower() and match.string.startswith("-", match.end())
    if (alias.is_partial and goes_on) or is_part_of_word:
        return False
    if not name.isalpha() or name[0].isupper():
        return True
    if possessive:
        return True
    return ignores_case and not alias.is_partial and not _ARTICLE.search(match.string[: match.start()])


def _aliases(company: Company) -> dict[str, bool]:
    """Lower-case names and whether each is partial: as registered, shorter by legal form and trade, first word."""
    aliases: dict[str, bool] = {}
    for name in (company.name, *company.former_names):
        for alias, is_partial in _names_of(name):
            aliases.setdefault(alias, is_partial)
            aliases.setdefault(alias.replace(" & ", " and "), is_partial)
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
        yield " ".join(words), len(words) == 1 and words[0] in _GENERIC_WORDS
    yield from ((initials, False) for initials in _initials(words))
    while len(words) > 1 and words[-1] in _TRAILING_TRADE_WORDS | _LEGAL_FORMS:
        words = words[:-1]
        yield " ".join(words), len(words) == 1 and words[0] in _GENERIC_WORDS
    first = words[0]
    if len(first) >= _MIN_FIRST_WORD_CHARS and first not in _GENERIC_WORDS:
        yield first, len(words) > 1
    site = first.split(".")[0]
    if len(site) >= _MIN_FIRST_WORD_CHARS and site != first:
        yield site, False


def _initials(words: list[str]) -> Iterator[str]:
    letters = [word[0] for word in words if word[0].isalpha()]
    if "&" in words and len(letters) == 2:
        yield f"{letters[0]}&{letters[1]}"
    elif len(letters) >= 3:
        yield "".join(letters)
