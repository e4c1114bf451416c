"""Questions that can be answered, near one that cannot: the same number of another year or company, or an item.

Only what the index is known to hold is offered: numbers that were looked up, items that were found with text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.catalog import Catalog, Company
from finrag_ml_tg1.index.encoder import Encoder
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.scope import Scope
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["NearQuestions", "short_name"]

_OFFERED = 3
_MOST_COMPANIES = 2
_LIKELIEST_METRICS = ("revenue", "net_income")
# By item of Form 10-K: how people ask for it.
_ITEM_QUESTIONS = {
    "1A": "What are the main risk factors of {name} in fiscal {year}?",
    "1": "Describe the business of {name} in fiscal {year}.",
    "3": "What legal proceedings does {name} report for fiscal {year}?",
    "1C": "How does {name} manage cybersecurity risk, as of fiscal {year}?",
    "7A": "What market risks does {name} report for fiscal {year}?",
    "2": "What properties does {name} report for fiscal {year}?",
}
_IS_ANNUAL = pl.col("form").str.starts_with("10-K")
_IN_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_LEGAL_FORM = re.compile(
    r"(?:,?\s+(?:inc|incorporated|corp|corporation|co|company|companies|plc|ltd|limited|n\.?v|s\.?a)\.?|\s*&\s*(?:co|company)\.?"
    r"|/[a-z]{2,3}/?)$",
    re.IGNORECASE,
)


class NearQuestions:
    """Offers questions over one catalog; `is_known(company, metric, fiscal year)` says whether a number is there."""

    def __init__(self, catalog: Catalog, encoder: Encoder, is_known: Callable[[Company, str, int], bool]) -> None:
        self._catalog = catalog
        self._encoder = encoder
        self._is_known = is_known

    def offer(self, text: str, scope: Scope) -> tuple[str, ...]:
        """Return up to three questions, the nearest first; none for an index without annual reports."""
        companies = self._companies(text, scope)
        numbers = [question for company in companies for question in self._numbers(company, scope)]
        items = [self._items(company, scope) for company in companies]
        # A number first where one was asked for, then the nearest item of each company in turn.
        nearest = [question for questions in zip(*items, strict=False) for question in questions]
        wants_number = bool(scope.metrics)
        first = numbers[: _OFFERED - 1] if wants_number else []
        offered = [*first, *nearest[: _OFFERED - 1], *numbers[:1], *nearest]
        return tuple(dict.fromkeys(offered))[:_OFFERED]

    def _companies(self, text: str, scope: Scope) -> list[Company]:
        """Those asked about; else those whose names share a word with the question, then any."""
        asked = {company.cik for company in scope.companies}
        covered = [company for company in self._catalog.companies if self._years(company)]
        if asked:
            return [company for company in covered if company.cik in asked][:_MOST_COMPANIES]
        words = set(split_terms(text))
        return sorted(covered, key=lambda company: words.isdisjoint(self._name_terms[company.cik]))[:_MOST_COMPANIES]

    def _numbers(self, company: Company, scope: Scope) -> Iterator[str]:
        """The metric asked for in the covered years nearest to those asked, else what every filer reports."""
        known = load_metrics()
        for metric in (*scope.metrics, *_LIKELIEST_METRICS):
            for year in self._nearest_years(company, scope):
                if self._is_known(company, metric, year):
                    label = known[metric].label
                    worded = label if label[:2].isupper() else label[0].lower() + label[1:]
                    yield f"What does {short_name(company.name)} report as {worded} for fiscal {year}?"
                    break

    def _items(self, company: Company, scope: Scope) -> list[str]:
        """The items of its annual report nearest to the question in meaning."""
        year = self._nearest_years(company, scope)[0]
        held = self._items_with_text(company, year)
        return [
            _ITEM_QUESTIONS[item].format(name=short_name(company.name), year=year)
            for item in self._by_meaning(scope.asked or scope.topic)
            if item in held
        ]

    def _by_meaning(self, asked: str) -> list[str]:
        alike = self._item_vectors @ self._encoder.encode([asked])[0]
        order = np.argsort(-alike, kind="stable").tolist()
        return [list(_ITEM_QUESTIONS)[place] for place in order]

    @cached_property
    def _item_vectors(self) -> npt.NDArray[np.float32]:
        questions = [question.format(name="the company", year="this year") for question in _ITEM_QUESTIONS.values()]
        return self._encoder.encode(questions)

    @cached_property
    def _name_terms(self) -> dict[int, list[str]]:
        return {company.cik: split_terms(short_name(company.name)) for company in self._catalog.companies}

    def _years(self, company: Company) -> list[int]:
        return self._annual_years.get(company.cik, [])

    @cached_property
    def _annual_years(self) -> dict[int, list[int]]:
        """The fiscal years of each company's annual reports, by cik."""
        years: dict[int, set[int]] = {}
        for cik, year in self._catalog.filings.filter(_IS_ANNUAL).select("cik", "fiscal_year").iter_rows():
            years.setdefault(cik, set()).add(year)
        return {cik: sorted(found) for cik, found in years.items()}

    def _nearest_years(self, company: Company, scope: Scope) -> list[int]:
        """The covered years, those nearest to a year named first; the latest first where none is named."""
        asked = scope.named_years or scope.fiscal_years
        return sorted(
            self._years(company), key=lambda year: (min((abs(year - other) for other in asked), default=0), -year)
        )

    def _items_with_text(self, company: Company, year: int) -> set[str]:
        coverage = self._catalog.coverage(company.cik)
        is_of_year = (pl.col("cik") == company.cik) & (pl.col("fiscal_year") == year)
        filings = self._catalog.filings.filter(_IS_ANNUAL & is_of_year)
        found = [coverage[accession] for accession in filings["accession"]]
        return {item.item for filing in found for item in filing.items if not item.pointer}


def short_name(name: str) -> str:
    """Return a registered name as people write it: without legal form, not all in capitals."""
    name = _IN_PARENTHESES.sub("", name)
    previous = ""
    while name != previous:
        previous, name = name, _LEGAL_FORM.sub("", name.strip())
    return name if not name.isupper() else re.sub(r"[A-Z]+", _capitalised, name)


def _capitalised(word: re.Match[str]) -> str:
    # "V" of a fund's number, "3M".
    if word.string[: word.start()].endswith("."):
        return word.group().lower()
    return word.group() if len(word.group()) <= len("IV") or set(word.group()) <= set("IVX") else word.group().title()
