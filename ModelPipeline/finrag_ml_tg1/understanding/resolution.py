"""Question to Scope: the companies, fiscal years, items and filings meant, and what had to be assumed.

Nothing is substituted in silence: a year or company that is not covered is said, never replaced by another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property

import polars as pl

from finrag_ml_tg1.index.catalog import Catalog, Company
from finrag_ml_tg1.scope import CompanyReference, LeftOut, Question, Scope
from finrag_ml_tg1.understanding.asked_sentence import without_instructions
from finrag_ml_tg1.understanding.chosen_years import ChosenYear, missing_years, year_list
from finrag_ml_tg1.understanding.companies import CompanyNames
from finrag_ml_tg1.understanding.dated_periods import DatedQuestion, name_fiscal_periods
from finrag_ml_tg1.understanding.filing_choice import NO_CURRENT_REPORT, REACH, filing_preferences
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.periods import find_periods
from finrag_ml_tg1.understanding.reports_asked import EARNINGS_RELEASE, ReportAsked, report_asked
from finrag_ml_tg1.understanding.wording import read_words
from finrag_ml_tg1.understanding.years_chosen import choose_filings
from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["ScopeResolver", "describe_coverage"]

# Items of Form 8-K have two numbers ("5.02").
_ITEM_NUMBER = r"(?:[1-9]\.\d\d\b|(?:1[0-6]|[1-9])(?:\s?[abc]\b)?)"
_ITEMS = re.compile(rf"\bitems?\s+{_ITEM_NUMBER}\b(?:\s*(?:,|&|and|or)+\s*{_ITEM_NUMBER}\b)*", re.IGNORECASE)
_IS_ANNUAL = pl.col("form").str.starts_with("10-K")
_COVERAGE_NAMES = 12


class ScopeResolver:
    """Resolves questions against one catalog."""

    def __init__(
        self,
        catalog: Catalog,
        appears_in_filings: Callable[[str], bool],
        metrics: MetricNames,
        is_word: Callable[[str], bool] = lambda word: False,
    ) -> None:
        """`appears_in_filings` and `is_word` tell what words are no names of companies, and not misspelled ones."""
        self._catalog = catalog
        self._names = CompanyNames(catalog.companies, metrics)
        self._metrics = metrics
        self._appears_in_filings = appears_in_filings
        self._is_word = is_word

    def resolve(self, question: Question, meant: Collection[int] = ()) -> Scope:
        """Return the scope of a question; its `obstacle` is set when no covered filing can hold the answer.

        `meant` are the companies (cik) that it is about though it does not name them.
        """
        mentions = self._names.find(question.text, self._appears_in_filings, self._is_word)
        notes = [f"{name} is not among the companies covered." for name in mentions.unknown]
        left_out = [LeftOut(note) for note in notes]
        notes += [f"“{written}” was read as {company.name}." for written, company in mentions.misspelled]
        companies: Sequence[Company] = mentions.companies
        if question.filters.tickers:
            companies, missing = self._filtered_companies(question.filters.tickers)
            notes = [f"No covered company has the ticker {ticker}." for ticker in missing]
            left_out = [LeftOut(note) for note in notes]
        if meant:
            companies, notes = [company for company in self._catalog.companies if company.cik in meant], []
            left_out = []
        dated = self._in_fiscal_periods(mentions.remainder, companies)
        periods = find_periods(dated.text, companies=len(companies))
        topic = _ITEMS.sub(_titles, dated.text)
        items = tuple(item.upper() for item in question.filters.items) or _items_named(question.text)
        references = tuple(CompanyReference(company.cik, company.name, company.tickers) for company in companies)
        report = report_asked(question.text, dated.text)
        if question.filters.forms:
            report = replace(report, forms=tuple(form.upper() for form in question.filters.forms))
        asked = question.filters.fiscal_years or report.without_years_of_events(periods.years)
        understood = Scope(
            topic,
            references,
            items=items,
            asked=without_instructions(topic),
            metrics=tuple(dict.fromkeys(mention.metric for mention in self._metrics.find(read_words(topic)))),
            named_years=tuple(sorted(asked)),
            fiscal_period=report.part,
            forms=report.forms,
            period_problem=dated.problem,
        )
        if not companies and left_out:
            obstacle = f"{notes[0]} {describe_coverage(self._catalog)}"
            return replace(understood, notes=tuple(notes), obstacle=obstacle, left_out=tuple(left_out))
        if not companies:
            return self._all_companies(understood, asked, report)
        groups: list[ChosenYear] = []
        for company in companies:
            filings = self._filings_of(company, report.forms, notes)
            left_out += _years_left_out(company, filings, asked)
            groups += choose_filings(company, filings, asked, periods, report, notes)
        return replace(
            understood,
            fiscal_years=tuple(sorted({chosen.fiscal_year for chosen in groups})),
            accessions=tuple(_likeliest_first(chosen.preferences) for chosen in groups),
            preferences={name: value for chosen in groups for name, value in chosen.preferences.items() if value},
            notes=tuple(notes),
            obstacle=None if groups else " ".join(notes),
            left_out=tuple(left_out),
        )

    def _in_fiscal_periods(self, text: str, companies: Sequence[Company]) -> DatedQuestion:
        """The question in the fiscal periods of its companies; days stay days where their calendars differ."""
        readings = {name_fiscal_periods(text, self._year_ends.get(company.cik, [])) for company in companies}
        return readings.pop() if len(readings) == 1 else DatedQuestion(text, None)

    @cached_property
    def _year_ends(self) -> Mapping[int, list[tuple[int, date]]]:
        """The fiscal year and the period end of each annual report, by company."""
        ends: dict[int, list[tuple[int, date]]] = {}
        annual = self._catalog.filings.filter(_IS_ANNUAL)
        for cik, *end in annual.select("cik", "fiscal_year", "period_end").iter_rows():
            ends.setdefault(cik, []).append((end[0], end[1]))
        return ends

    def _filtered_companies(self, tickers: Sequence[str]) -> tuple[list[Company], list[str]]:
        found = {ticker: self._names.by_ticker(ticker) for ticker in tickers}
        companies = {company.cik: company for company in found.values() if company}
        return list(companies.values()), [ticker for ticker, company in found.items() if company is None]

    def _all_companies(self, understood: Scope, asked: Sequence[int], report: ReportAsked) -> Scope:
        """No company named: every filing, or those of the years asked."""
        forms = report.forms
        if not asked and not forms:
            return replace(understood, preferences=self._current_first() if report.is_event else {})
        filings = self._catalog.filings
        if asked:
            filings = filings.filter(pl.col("fiscal_year").is_in(list(asked)))
        filings = _of_forms(filings, forms)
        if filings.height == 0:
            covered = sorted(set(self._catalog.filings["fiscal_year"]))
            wanted = ", ".join(str(year) for year in asked) or " or ".join(forms)
            obstacle = f"No filing covered is of {wanted}; fiscal years covered: {year_list(covered)}."
            return replace(understood, fiscal_years=tuple(asked), notes=(obstacle,), obstacle=obstacle)
        years = tuple(sorted(set(filings["fiscal_year"])))
        notes = tuple(f"No filing covered is of fiscal year {year}." for year in asked if year not in years)
        preferences = dict.fromkeys(filings["accession"], -REACH)
        for (_, year), own in filings.group_by("cik", "fiscal_year", maintain_order=True):
            preferences |= filing_preferences(own.to_dicts(), report, int(str(year)))
        return replace(
            understood,
            fiscal_years=years,
            accessions=(_likeliest_first(preferences),),
            preferences={name: value for name, value in preferences.items() if value},
            notes=notes,
        )

    def _current_first(self) -> dict[str, float]:
        """Events stand in current reports; in annual ones only their rules do."""
        others = self._catalog.filings.filter(~pl.col("form").str.starts_with("8-K"))
        return dict.fromkeys(others["accession"], NO_CURRENT_REPORT)

    def _filings_of(self, company: Company, forms: Sequence[str], notes: list[str]) -> pl.DataFrame:
        filings = self._catalog.filings.filter(pl.col("cik") == company.cik)
        of_forms = _of_forms(filings, forms)
        if of_forms.height == 0 and tuple(forms) == (EARNINGS_RELEASE,):
            notes.append(f"{company.name}: no earnings release is covered, so its other reports were searched.")
            return filings
        if of_forms.height == 0:
            covered = ", ".join(sorted(set(filings["form"])))
            notes.append(f"{company.name}: no Form {' or '.join(forms)} is covered; covered: {covered}.")
        return of_forms


def _years_left_out(company: Company, filings: pl.DataFrame, asked: Sequence[int]) -> list[LeftOut]:
    covered = sorted(set(filings["fiscal_year"]))
    missing = sorted(set(asked) - set(covered))
    if not covered or not missing:
        return []
    return [LeftOut(missing_years(company.name, missing, covered), company.cik, tuple(missing))]


def _likeliest_first(preferences: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted(preferences, key=lambda accession: -preferences[accession]))


def _items_named(text: str) -> tuple[str, ...]:
    """Return the items a question names by number, in the order named."""
    numbers = (number for match in _ITEMS.finditer(text) for number in re.findall(_ITEM_NUMBER, match.group(), re.I))
    return tuple(dict.fromkeys("".join(number.split()).upper() for number in numbers))


def _titles(match: re.Match[str]) -> str:
    """The words an item's number stands for, which are what its text is about."""
    return " and ".join(item_title(item) for item in _items_named(match.group()))


def _of_forms(filings: pl.DataFrame, forms: Sequence[str]) -> pl.DataFrame:
    """Filings of the forms and of their variants (10-K405, 10-K/A); all when no form is asked for."""
    if not forms:
        return filings
    return filings.filter(pl.any_horizontal(pl.col("form").str.starts_with(form.upper()) for form in forms))


def describe_coverage(catalog: Catalog) -> str:
    """Return one sentence that names what the index covers, shortened for many companies."""
    names = [f"{company.name} ({year_list(company.fiscal_years)})" for company in catalog.companies]
    more = f" and {len(names) - _COVERAGE_NAMES} more" if len(names) > _COVERAGE_NAMES else ""
    return f"Covered: {'; '.join(names[:_COVERAGE_NAMES])}{more}."
