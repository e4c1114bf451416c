"""Which covered companies a question names, and which names in it are of no covered company.

All names come from the catalog: legal names, their short forms, former names, initials and tickers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.index.catalog import Company

__all__ = ["CompanyMentions", "CompanyNames"]

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
_NOT_NAMES = frozenset(
    "a an and annual are as at balance between both business by can cash cfo ceo chief company compare compared "
    "comparison consolidated could covid cybersecurity describe did director discuss do does ebitda eps esg "
    "europe explain fiscal for form from fy gaap give group had has have how i ifrs in income inc is it item "
    "items list management md&a me name net of on or part please q1 q2 q3 q4 question r&d results revenue risk "
    "roe sales sec section segment should show summarize summary tell that the their them these they this to u.s "
    "us usa was we were what when where which who why will with would year years january february march april may "
    "june july august september october november december america american asia china greater united states north "
    "south pacific middle east latin japan india africa canada mexico germany france uk kingdom covid-19 iphone".split()
)
_NAME = r"[A-Z][\w&.’'-]*(?:\s+(?:&\s+)?[A-Z][\w&.’'-]*)*"
_POSSESSIVE_NAME = re.compile(rf"({_NAME})[’']s?\b")
_SUBJECT_NAME = re.compile(
    rf"\b(?:did|does|do|is|was|has|had|will|are|were|compare|versus|vs\.?|of|for|at|by)\s+({_NAME})"
)
_COORDINATED_NAME = re.compile(rf"\0(?:\s*,|\s+(?:and|or|with|to|than|versus|vs\.?))\s+({_NAME})")
_OTHER_NAME = re.compile(rf"\b(?:and|about|than|with)\s+({_NAME})")


@dataclass(frozen=True, slots=True)
class CompanyMentions:
    """Covered companies in the order named, names of no covered company, and the question without company names."""

    companies: tuple[Company, ...]
    unknown: tuple[str, ...]
    remainder: str


class CompanyNames:
    """The names of the companies an index covers."""

    def __init__(self, companies: Sequence[Company]) -> None:
        self._by_alias: dict[str, Company] = {}
        self._tickers: dict[str, Company] = {}
        ambiguous: set[str] = set()
        for company in companies:
            for ticker in company.tickers:
                self._tickers.setdefault(ticker.upper(), company)
            for alias in set(_aliases(company)):
                if self._by_alias.setdefault(alias, company) is not company:
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
        remainder = list(text)
        for start, end, company in [*self._alias_matches(text), *self._ticker_matches(text)]:
            if remainder[start] != "\0":
                found.setdefault(company.cik, (start, company))
                remainder[start:end] = "\0" * (end - start)
        rest = "".join(remainder).replace("\0", " ")
        companies = tuple(company for _, company in sorted(found.values(), key=lambda match: match[0]))
        unknown = tuple(dict.fromkeys(_unknown_names("".join(remainder), bool(companies), appears_in_filings)))
        return CompanyMentions(companies, unknown, " ".join(rest.split()))

    def _alias_matches(self, text: str) -> Iterator[tuple[int, int, Company]]:
        """Longest names first. One-word names have to be capitalised, unless the whole question is lower case."""
        ignore_case = text == text.lower()
        for alias in sorted(self._by_alias, key=len, reverse=True):
            for match in re.finditer(rf"(?<![\w.]){re.escape(alias)}(?:'s|s')?(?![\w])", text, re.IGNORECASE):
                if ignore_case or " " in alias or match.group()[0].isupper() or not alias.isalpha():
                    yield match.start(), match.end(), self._by_alias[alias]

    def _ticker_matches(self, text: str) -> Iterator[tuple[int, int, Company]]:
        for match in re.finditer(r"(\$|\()?\b([A-Z]{1,5}(?:\.[A-Z])?)\b('s|\))?", text):
            company = self._tickers.get(match[2])
            is_marked = match[1] is not None or match[3] is not None
            if company and (is_marked or (len(match[2]) > 1 and match[2] not in _AMBIGUOUS_TICKERS)):
                yield match.start(2), match.end(2), company


def _aliases(company: Company) -> Iterator[str]:
    """Lower-case names: as registered, without legal form, without trade words, the first word alone, initials."""
    for name in (company.name, *company.former_names):
        plain = re.sub(r"\([^)]*\)|/[A-Za-z]{2,3}/?$", " ", name).replace("’", "'").lower()
        words = [word.strip(".,") for word in plain.split()]
        words = [word for word in words if word]
        while words and words[0] == "the":
            words = words[1:]
        yield " ".join(words)
        while len(words) > 1 and (words[-1] in _LEGAL_FORMS or words[-1] == "&"):
            words = words[:-1]
        yield " ".join(words)
        if len(words) > 1:
            yield " ".join(words).replace(" & ", " and ")
            yield from _initials(words)
        while len(words) > 1 and words[-1] in _TRAILING_TRADE_WORDS | _LEGAL_FORMS:
            words = words[:-1]
            yield " ".join(words)
        first = words[0] if words else ""
        if len(first) >= 4 and first not in _GENERIC_WORDS:
            yield first
        if "." in first.strip("."):
            yield first.split(".")[0] if len(first.split(".")[0]) >= 4 else first


def _initials(words: list[str]) -> Iterator[str]:
    letters = [word[0] for word in words if word[0].isalpha()]
    if "&" in words and len(letters) == 2:
        yield f"{letters[0]}&{letters[1]}"
    elif len(letters) >= 3:
        yield "".join(letters)


def _unknown_names(text: str, any_covered: bool, appears_in_filings: Callable[[str], bool]) -> Iterator[str]:
    """Names that stand where a company would; `text` has covered companies blanked out.

    Beside a covered company, and where other things are named too, a name the filings use is taken for a topic.
    """
    for pattern in (_COORDINATED_NAME, _POSSESSIVE_NAME, _SUBJECT_NAME, _OTHER_NAME):
        may_be_topic = pattern is _OTHER_NAME or (any_covered and pattern is not _COORDINATED_NAME)
        for match in pattern.finditer(text):
            words = re.sub(r"['’]s?$", "", match[1]).split()
            while words and words[0].lower().strip(".,") in _NOT_NAMES:
                words = words[1:]
            name = " ".join(words).strip(".,?!'")
            is_name = len(name) >= 3 and name.lower() not in _NOT_NAMES and not any(char.isdigit() for char in name)
            if is_name and not (may_be_topic and any(appears_in_filings(word) for word in words)):
                yield name
