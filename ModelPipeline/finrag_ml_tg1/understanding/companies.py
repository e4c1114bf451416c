"""Which covered companies a question names, and what of the question is left without their names.

All names come from the catalog: legal names, their short forms, former names, initials and tickers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.company_aliases import EVERYDAY_WORDS, GENERIC_WORDS, aliases_of
from finrag_ml_tg1.understanding.company_tickers import CompanyTickers
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.misspelled_names import misspelled_names
from finrag_ml_tg1.understanding.name_places import NamePlaces
from finrag_ml_tg1.understanding.name_spelling import SpelledName, letters_of, names_spelled_otherwise
from finrag_ml_tg1.understanding.other_names import BLANK, NOT_NAMES, find_other_names

__all__ = ["CompanyMentions", "CompanyNames"]

# As people write it after a name: "Orquenna, Inc.".
_LEGAL_FORM = r"(?:,?\s+(?:inc|incorporated|corp|corporation|co|plc|ltd|llc)\b\.?)?"
_CAPITALISED_WORD = re.compile(r"(?<!^)\b(?!Items?\b|Notes?\b|Part\b)[A-Z][a-z]\w*")
_ARTICLE = re.compile(r"\b(?:a|an|the)\s+$", re.IGNORECASE)
_OF = re.compile(r"\bof\s+$", re.IGNORECASE)
_LEGAL_FORM_AFTER = re.compile(_LEGAL_FORM + r"(?:'s|'|(?![\w']))", re.IGNORECASE)
_PLACE_OF_THAT_NAME = re.compile(r"\s+(?:rain\s?forest|river|basin|delta|jungle|region)\b")
_PRECEDING_NAME = re.compile(r"(?:^|\s)([A-Z][A-Za-z&.'-]*)\s$")
_OPENING_CHARS = 3
_NAME_GOES_ON = re.compile(r"\s+(?:&\s+)?[A-Z][a-z]")


@dataclass(frozen=True, slots=True)
class CompanyMentions:
    """Covered companies in the order named, names of no covered company, and the question without them.

    Where no covered company is named, the other names stay: they may be what is asked about. `misspelled` are words as
    written, with the company that they were read as; `places` are where covered ones are named: (start, end, company).
    """

    companies: tuple[Company, ...]
    unknown: tuple[str, ...]
    remainder: str
    misspelled: tuple[tuple[str, Company], ...] = ()
    places: tuple[tuple[int, int, Company], ...] = ()


@dataclass(frozen=True, slots=True)
class _Alias:
    """A name's company; `is_partial` when it is the first word of a longer name, or a word of everyday language."""

    company: Company
    is_partial: bool


class CompanyNames:
    """The names of the companies an index covers; `metrics` are words that are no names ("COGS", "Net Sales")."""

    def __init__(self, companies: Sequence[Company], metrics: MetricNames) -> None:
        self._metrics = metrics
        self._places = NamePlaces(metrics)
        self._tickers = CompanyTickers(companies, self._places)
        self._by_alias: dict[str, _Alias] = {}
        ambiguous: set[str] = set()
        for company in companies:
            for alias, is_partial in aliases_of(company).items():
                if self._by_alias.setdefault(alias, _Alias(company, is_partial)).company is not company:
                    ambiguous.add(alias)
        for alias in ambiguous:
            del self._by_alias[alias]
        self._by_opening: dict[str, list[str]] = {}
        for alias in self._by_alias:
            word = re.search(r"\w+", alias)
            self._by_opening.setdefault(word.group()[:_OPENING_CHARS] if word else "", []).append(alias)
        self._by_letters: dict[str, str] = {}
        for alias in self._by_alias:
            same = self._by_letters.setdefault(letters_of(alias), alias)
            if self._by_alias[same].company is not self._by_alias[alias].company:
                self._by_letters[letters_of(alias)] = ""

    def by_ticker(self, ticker: str) -> Company | None:
        """Return the company with this ticker, in any case; None when it is not covered."""
        return self._tickers.get(ticker)

    def find(
        self,
        question: str,
        appears_in_filings: Callable[[str], bool],
        is_word: Callable[[str], bool] = lambda word: False,
    ) -> CompanyMentions:
        """Return what the question names; `appears_in_filings` says whether a word stands in any indexed passage.

        `is_word` tells words of the language: they are not misspelled.
        """
        text = question.replace("’", "'")
        found: dict[int, tuple[int, Company]] = {}
        blanked = list(text)
        misspelled: list[tuple[str, Company]] = []
        places: list[tuple[int, int, Company]] = []

        def take(start: int, end: int, company: Company) -> bool:
            if BLANK in blanked[start:end]:
                return False
            first = min(start, found[company.cik][0]) if company.cik in found else start
            found[company.cik] = (first, company)
            blanked[start:end] = BLANK * (end - start)
            places.append((start, end, company))
            return True

        for match in [*self._name_matches(text), *self._tickers.in_capitals(text)]:
            take(*match)
        for start, end, company in self._misspelled_matches(
            "".join(blanked), lambda word: is_word(word) or appears_in_filings(word)
        ):
            written = text[start:end]
            if take(start, end, company):
                misspelled.append((written, company))
        for tickers in (self._tickers.that_are_words, self._tickers.in_lower_case):
            for match in list(tickers(text)) if not found else ():
                take(*match)
        companies = tuple(company for _, company in sorted(found.values(), key=lambda match: match[0]))
        rest = "".join(blanked)
        unknown = tuple(dict.fromkeys(find_other_names(rest, appears_in_filings, self._metrics.fill)))
        for name in unknown if companies else ():
            rest = re.sub(rf"\b{re.escape(name)}(?:'s|\b)", " ", rest)
        remainder = " ".join(rest.replace(BLANK, " ").split())
        in_order = tuple(sorted(places, key=lambda place: place[0]))
        return CompanyMentions(companies, unknown, remainder, tuple(misspelled), in_order)

    def _name_matches(self, text: str) -> list[tuple[int, int, Company]]:
        """Longest first. One-word names have to be capitalised, unless no capitalised word names anything else."""
        ignores_case = not any(not self._places.is_term(word) for word in _CAPITALISED_WORD.findall(text))
        matches = list(self._alias_matches(text, ignores_case=ignores_case))
        matches += self._spelled_matches(text, ignores_case=ignores_case)
        return sorted(matches, key=lambda match: match[0] - match[1])

    def _misspelled_matches(self, text: str, is_spelled: Callable[[str], bool]) -> Iterator[tuple[int, int, Company]]:
        ignores_case = not any(char.isupper() for char in text)

        def is_word(word: str) -> bool:
            return self._places.is_term(word) or is_spelled(word.lower())

        for found in misspelled_names(text, self._by_letters, is_word, ignores_case=ignores_case):
            alias = self._by_letters[found.letters]
            if not self._goes_on(text, found.end):
                yield found.start, found.end, self._by_alias[alias].company

    def _alias_matches(self, text: str, *, ignores_case: bool) -> Iterator[tuple[int, int, Company]]:
        for alias in sorted(self._aliases_in(text), key=len, reverse=True):
            known = self._by_alias[alias]
            for match in re.finditer(
                rf"(?<![\w.$€£¥])({re.escape(alias)}{_LEGAL_FORM})('s|'|(?![\w']))", text, re.IGNORECASE
            ):
                if self._is_meant(match, known, ignores_case=ignores_case):
                    yield match.start(), match.end(), known.company

    def _aliases_in(self, text: str) -> Iterator[str]:
        """Names that stand in a text, as words of their own or not: of thousands few have to be looked at closely."""
        lowered = text.lower()
        openings = {word[:_OPENING_CHARS] for word in re.findall(r"\w+", lowered)}
        return (alias for opening in openings for alias in self._by_opening.get(opening, ()) if alias in lowered)

    def _spelled_matches(self, text: str, *, ignores_case: bool) -> Iterator[tuple[int, int, Company]]:
        for spelled in names_spelled_otherwise(text, self._by_letters):
            alias = self._by_letters[spelled.letters]
            if alias and text[spelled.start : spelled.end].lower() not in self._by_alias:
                known = self._by_alias[alias]
                form = _LEGAL_FORM_AFTER.match(text, spelled.end)
                end = form.end() if form else spelled.end
                if self._is_spelled_name(spelled, alias, text, ignores_case=ignores_case) and not (
                    known.is_partial and self._goes_on(text, end)
                ):
                    yield spelled.start, end, known.company

    def _is_spelled_name(self, spelled: SpelledName, alias: str, text: str, *, ignores_case: bool) -> bool:
        """Whether words that together have a name's letters are it: "sales force" is not, "Coca Cola" is."""
        if len(spelled.words) > 1 and not alias.isalpha():
            return True
        if len(spelled.words) > 1 and any(len(word) == 1 or self._places.is_term(word) for word in spelled.words):
            return False
        if all(word[0].isupper() for word in spelled.words):
            return True
        is_place = self._places.is_company_place(text, spelled.start, spelled.end)
        return ignores_case and is_place and self._places.asks_number(text)

    def _is_meant(self, match: re.Match[str], alias: _Alias, *, ignores_case: bool) -> bool:
        """Whether a name's letters are the company: "apple" by capitalised words is fruit, "Johnson Controls" another.

        Names of several words, and those with signs or digits in them, are taken in any case.
        """
        text, name, possessive = match.string, match[1], match[2]
        before = text[: match.start()]
        is_part_of_word = name.islower() and text.startswith("-", match.end())
        goes_on = alias.is_partial and possessive == "" and self._goes_on(text, match.end())
        is_place = _PLACE_OF_THAT_NAME.match(text, match.end()) is not None
        is_noun = name.islower() and _ARTICLE.search(before) is not None
        if (
            is_part_of_word
            or goes_on
            or is_place
            or is_noun
            or self._is_end_of_name(name, before, is_partial=alias.is_partial)
        ):
            return False
        if not name.isalpha() or not name.islower() or possessive:
            return True
        return ignores_case and self._is_lower_case_name(match, alias)

    def _is_lower_case_name(self, match: re.Match[str], alias: _Alias) -> bool:
        text, name = match.string, match[1]
        before = text[: match.start()]
        is_place = self._places.is_company_place(text, match.start(), match.end())
        asks_number = self._places.asks_number(text)
        if name in EVERYDAY_WORDS and not is_place and (before or not asks_number):
            return False
        if alias.is_partial:
            return name not in GENERIC_WORDS and asks_number and is_place
        return not _OF.search(before) or (asks_number and self._places.ends_name(text, match.end()))

    def _is_end_of_name(self, name: str, before: str, *, is_partial: bool) -> bool:
        """Whether a word of the language, or of a longer name, ends another's name: "H&R Block", "Kevin Johnson"."""
        preceding = _PRECEDING_NAME.search(before)
        is_word = is_partial or name.lower() in EVERYDAY_WORDS
        if not is_word or preceding is None or preceding[1].lower() in NOT_NAMES:
            return False
        return not self._places.is_term(preceding[1])

    def _goes_on(self, text: str, end: int) -> bool:
        """Whether a name goes on in capital letters; "Walgreens Total assets" does not, as a metric begins there."""
        following = _NAME_GOES_ON.match(text, end)
        return following is not None and not self._places.begins_metric(text[end:])
