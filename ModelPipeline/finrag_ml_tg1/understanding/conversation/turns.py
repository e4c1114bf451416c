"""One message of a conversation with where it names companies, periods and metrics, so that each can be exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.companies import CompanyNames
from finrag_ml_tg1.understanding.conversation.message_words import has_only
from finrag_ml_tg1.understanding.conversation.period_places import period_places
from finrag_ml_tg1.understanding.conversation.phrases import CORRECTION, read_opening
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.other_names import BLANK
from finrag_ml_tg1.understanding.periods import Periods, find_periods
from finrag_ml_tg1.understanding.wording import Word, read_words

__all__ = ["NamedCompany", "NamedMetric", "ReadTurn", "TurnReader", "Vocabulary"]

_POSSESSIVE = re.compile(r"(?:'s|')$")
_MOST_NAME_WORDS = 6
_SIGNS = "?.!,;:'"
_JOINTS = ("&", "or", ",")
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class NamedCompany:
    """A company as named from `start` to `end`; `full_name` is the catalog's, "" when it is not covered."""

    start: int
    end: int
    name: str
    full_name: str = ""

    @property
    def key(self) -> str:
        """What tells it from others."""
        return self.full_name or self.name


@dataclass(frozen=True, slots=True)
class NamedMetric:
    """A registered metric as named from `start` to `end`."""

    start: int
    end: int
    metric: str


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """A message and what it names; offsets count characters of `text`."""

    text: str
    companies: tuple[NamedCompany, ...]
    periods: Periods
    period_places: tuple[tuple[int, int], ...]
    metrics: tuple[NamedMetric, ...]

    @property
    def distinct(self) -> tuple[NamedCompany, ...]:
        """The companies, each once, in the order named."""
        return tuple({company.key: company for company in reversed(self.companies)}.values())[::-1]

    @property
    def period(self) -> str:
        """The words that name its periods, "" without any."""
        return " ".join(self.text[start:end].strip() for start, end in self.period_places)

    @property
    def metric(self) -> str:
        """The words of the first metric named, "" without any."""
        return self.text[self.metrics[0].start : self.metrics[0].end] if self.metrics else ""

    def bare(self) -> str:
        """Return the text with companies and periods blanked out, of the same length."""
        chars = list(self.text)
        for start, end in [*((named.start, named.end) for named in self.companies), *self.period_places]:
            chars[start:end] = " " * (end - start)
        return "".join(chars)

    def with_full_names(self) -> ReadTurn:
        """Return the same with companies to be called by the catalog's names."""
        companies = tuple(replace(named, name=named.full_name or named.name) for named in self.companies)
        return replace(self, companies=companies)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Whether a word stands in any indexed passage, and whether it is one of the language."""

    appears_in_filings: Callable[[str], bool]
    is_word: Callable[[str], bool]


class TurnReader:
    """Reads messages about the companies an index covers."""

    def __init__(
        self,
        companies: Sequence[Company],
        metrics: MetricNames,
        appears_in_filings: Callable[[str], bool],
        is_word: Callable[[str], bool],
    ) -> None:
        """`appears_in_filings` and `is_word` tell what words are no names of companies, and not misspelled ones."""
        self._names = CompanyNames(companies, metrics)
        self._metrics = metrics
        self.vocabulary = Vocabulary(appears_in_filings, is_word)

    def read(self, message: str) -> ReadTurn:
        """Return what a message names, with its apostrophes and spaces written one way."""
        text = CORRECTION.sub("", " ".join(message.replace("’", "'").split()))
        companies = self._companies(text)
        companies = self._companies_in_lower_case(text, companies) or companies
        unnamed = list(text)
        for named in companies:
            unnamed[named.start : named.end] = BLANK * (named.end - named.start)
        rest = "".join(unnamed)
        return ReadTurn(
            text,
            companies,
            find_periods(rest.replace(BLANK, " "), companies=len(companies)),
            tuple(period_places(rest)),
            tuple(self._named_metrics(rest)),
        )

    def _companies(self, text: str) -> tuple[NamedCompany, ...]:
        mentions = self._names.find(text, self.vocabulary.appears_in_filings, self.vocabulary.is_word)
        misspelled = {written for written, _ in mentions.misspelled}
        found = []
        for start, end, company in mentions.places:
            written = _POSSESSIVE.sub("", text[start:end].strip())
            if written.islower():
                written = written.upper() if self._names.by_ticker(written) is company else written.title()
            name = company.name if text[start:end] in misspelled else written
            found.append(NamedCompany(start, end, name, company.name))
        for name in mentions.unknown:
            match = re.search(rf"(?<!\w){re.escape(name)}(?:'s|')?(?!\w)", text)
            # "Total debt ...", "Same for ...": a sentence begins with a capital letter.
            is_opening = match is not None and match.start() == 0 and not _POSSESSIVE.search(match.group())
            if match and not (is_opening and self.vocabulary.is_word(name.lower())):
                found.append(NamedCompany(match.start(), match.end(), name))
        return tuple(sorted(found, key=lambda named: named.start))

    def _companies_in_lower_case(self, text: str, known: Sequence[NamedCompany]) -> tuple[NamedCompany, ...]:
        """Covered companies where a message has no other words than their names: "what about apple and msft?"."""
        start = read_opening(text).length
        tokens = list(islice(_TOKEN.finditer(text, start), 2 * _MOST_NAME_WORDS + 1))
        if len(tokens) > 2 * _MOST_NAME_WORDS:
            return ()
        words = [word for word in tokens if not has_only(word.group(), "nothing")]
        if known and not any(word.group().islower() and self._ticker(word) for word in words):
            return ()
        if not words or len(words) > _MOST_NAME_WORDS or self._metrics.is_in(text):
            return ()
        chars = list(text)
        for word in words:
            written = word.group().upper() if self._ticker(word) else word.group().capitalize()
            chars[word.start() : word.end()] = written if len(written) == len(word.group()) else word.group()
        names = self._companies("".join(chars))
        named = {place for one in names for place in range(one.start, one.end)}
        is_all = all(word.start() in named or word.group() in _JOINTS for word in words)
        return names if is_all and all(one.full_name for one in names) else ()

    def _ticker(self, word: re.Match[str]) -> Company | None:
        return self._names.by_ticker(word.group().strip(_SIGNS))

    def _named_metrics(self, text: str) -> list[NamedMetric]:
        words: list[Word] = []
        places: list[tuple[int, int]] = []
        for token in _TOKEN.finditer(text):
            own = read_words("and" if token.group() == "&" else token.group())
            words += own
            places += [(token.start(), token.start() + len(token.group().rstrip(",;:?!.")))] * len(own)
        return [
            NamedMetric(places[mention.start][0], places[mention.end - 1][1], mention.metric)
            for mention in self._metrics.find(words)
        ]
