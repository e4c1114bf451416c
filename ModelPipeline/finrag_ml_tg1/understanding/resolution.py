"""Question to Scope: the companies, fiscal years, items and filings meant, and what had to be assumed.

Nothing is substituted in silence: a year or company that is not covered is said, never replaced by another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import polars as pl

from finrag_ml_tg1.index.catalog import Catalog, Company
from finrag_ml_tg1.scope import CompanyReference, LeftOut, Question, Scope
from finrag_ml_tg1.understanding.companies import CompanyNames
from finrag_ml_tg1.understanding.dated_periods import DatedQuestion, name_fiscal_periods
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.periods import Periods, find_periods, latest_years
from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["ScopeResolver", "describe_coverage"]

_ITEM_NUMBER = r"(?:1[0-6]|[1-9])(?:\s?[abc])?"
_ITEMS = re.compile(rf"\bitems?\s+{_ITEM_NUMBER}\b(?:\s*(?:,|&|and|or)+\s*{_ITEM_NUMBER}\b)*", re.IGNORECASE)
_FORM = re.compile(r"\b10-?([kq])\b", re.IGNORECASE)
_IS_ANNUAL = pl.col("form").str.starts_with("10-K")
_COVERAGE_NAMES = 12


class ScopeResolver:
    """Resolves questions against one catalog."""

    def __init__(self, catalog: Catalog, appears_in_filings: Callable[[str], bool], metrics: MetricNames) -> None:
        self._catalog = catalog
        self._names = CompanyNames(catalog.companies, metrics)
        self._appears_in_filings = appears_in_filings

    def resolve(self, question: Question, meant: Collection[int] = ()) -> Scope:
        """Return the scope of a question; its `obstacle` is set when no covered filing can hold the answer.

        `meant` are the companies (cik) that it is about though it does not name them.
        """
        mentions = self._names.find(question.text, self._appears_in_filings)
        notes = [f"{name} is not among the companies covered." for name in mentions.unknown]
        left_out = [LeftOut(note) for note in notes]
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
        if not companies and notes:
            obstacle = f"{notes[0]} {describe_coverage(self._catalog)}"
            return Scope(topic, items=items, notes=tuple(notes), obstacle=obstacle)
        forms = question.filters.forms or tuple(f"10-{letter.upper()}" for letter in _FORM.findall(question.text))
        asked = question.filters.fiscal_years or periods.years
        if not companies:
            return self._all_companies(topic, asked, items, forms)
        groups: list[tuple[str, ...]] = []
        years: set[int] = set()
        for company in companies:
            filings = self._filings_of(company, forms, notes)
            left_out += _years_left_out(company, filings, asked)
            for year in self._years_of(company, filings, asked, periods, notes):
                of_year = filings.filter(pl.col("fiscal_year") == year)
                groups.append(_preferred(company, of_year, forms, notes, is_quarterly=periods.is_quarterly))
                years.add(year)
        return Scope(
            topic,
            references,
            tuple(sorted(years)),
            items,
            tuple(groups),
            tuple(notes),
            obstacle=None if groups else " ".join(notes),
            period_problem=dated.problem,
            left_out=tuple(left_out),
        )

    def _in_fiscal_periods(self, text: str, companies: Sequence[Company]) -> DatedQuestion:
        """The question in the fiscal periods of its companies; days stay days where their calendars differ."""
        annual = self._catalog.filings.filter(_IS_ANNUAL)
        readings = set()
        for company in companies:
            ends = annual.filter(pl.col("cik") == company.cik).select("fiscal_year", "period_end").rows()
            readings.add(name_fiscal_periods(text, ends))
        return readings.pop() if len(readings) == 1 else DatedQuestion(text, None)

    def _filtered_companies(self, tickers: Sequence[str]) -> tuple[list[Company], list[str]]:
        found = {ticker: self._names.by_ticker(ticker) for ticker in tickers}
        companies = {company.cik: company for company in found.values() if company}
        return list(companies.values()), [ticker for ticker, company in found.items() if company is None]

    def _all_companies(self, topic: str, asked: Sequence[int], items: tuple[str, ...], forms: tuple[str, ...]) -> Scope:
        """No company named: every filing, or those of the years asked."""
        if not asked and not forms:
            return Scope(topic, items=items)
        filings = self._catalog.filings
        if asked:
            filings = filings.filter(pl.col("fiscal_year").is_in(list(asked)))
        filings = _of_forms(filings, forms)
        if filings.height == 0:
            covered = sorted(set(self._catalog.filings["fiscal_year"]))
            wanted = ", ".join(str(year) for year in asked) or " or ".join(forms)
            obstacle = f"No filing covered is of {wanted}; fiscal years covered: {_year_list(covered)}."
            return Scope(topic, fiscal_years=tuple(asked), items=items, notes=(obstacle,), obstacle=obstacle)
        years = tuple(sorted(set(filings["fiscal_year"])))
        notes = tuple(f"No filing covered is of fiscal year {year}." for year in asked if year not in years)
        return Scope(topic, fiscal_years=years, items=items, accessions=(tuple(filings["accession"]),), notes=notes)

    def _filings_of(self, company: Company, forms: Sequence[str], notes: list[str]) -> pl.DataFrame:
        filings = self._catalog.filings.filter(pl.col("cik") == company.cik)
        of_forms = _of_forms(filings, forms)
        if of_forms.height == 0:
            covered = ", ".join(sorted(set(filings["form"])))
            notes.append(f"{company.name}: no Form {' or '.join(forms)} is covered; covered: {covered}.")
        return of_forms

    def _years_of(
        self, company: Company, filings: pl.DataFrame, asked: Sequence[int], periods: Periods, notes: list[str]
    ) -> Sequence[int]:
        """The years asked for that are covered; else the latest, where a quarter is meant the latest with a report."""
        covered = sorted(set(filings["fiscal_year"]))
        if not covered:
            return []
        if periods.years_ago and not asked:
            asked = (covered[-1] - periods.years_ago,)
        if not asked:
            quarterly = sorted(set(filings.filter(~_IS_ANNUAL)["fiscal_year"])) if periods.is_quarterly else []
            years = latest_years(quarterly or covered, periods.latest)
            notes.append(f"{company.name}: no year was named, so fiscal year {_year_list(years)} was searched.")
            return years
        if periods.up_to_latest and tuple(asked) == periods.years:
            later = [year for year in covered if year > asked[0]]
            asked = [*asked, *(later if periods.up_to_latest == "each" else later[-1:])]
        notes += [part.sentence for part in _years_left_out(company, filings, asked)]
        return [year for year in dict.fromkeys(asked) if year in covered]


def _years_left_out(company: Company, filings: pl.DataFrame, asked: Sequence[int]) -> list[LeftOut]:
    covered = sorted(set(filings["fiscal_year"]))
    missing = sorted(set(asked) - set(covered))
    if not covered or not missing:
        return []
    sentence = f"{company.name}: fiscal year {_year_list(missing)} is not covered; covered: {_year_list(covered)}."
    return [LeftOut(sentence, company.cik, tuple(missing))]


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


def _preferred(
    company: Company, of_year: pl.DataFrame, forms: Sequence[str], notes: list[str], *, is_quarterly: bool
) -> tuple[str, ...]:
    """Accessions of a company's year: the forms asked for, else annual reports unless a quarter is meant."""
    wanted = of_year.filter(~_IS_ANNUAL if is_quarterly else _IS_ANNUAL)
    if not forms and wanted.height:
        return tuple(wanted["accession"])
    if not forms:
        kind = "quarterly" if is_quarterly else "annual"
        found = ", ".join(sorted(set(of_year["form"])))
        year = of_year["fiscal_year"][0]
        notes.append(f"{company.name}: no {kind} report of fiscal year {year} is covered; Form {found} was searched.")
    return tuple(of_year["accession"])


def describe_coverage(catalog: Catalog) -> str:
    """Return one sentence that names what the index covers, shortened for many companies."""
    names = [f"{company.name} ({_year_list(company.fiscal_years)})" for company in catalog.companies]
    more = f" and {len(names) - _COVERAGE_NAMES} more" if len(names) > _COVERAGE_NAMES else ""
    return f"Covered: {'; '.join(names[:_COVERAGE_NAMES])}{more}."


def _year_list(years: Sequence[int]) -> str:
    """`2022–2024` for a run of years, else `2021, 2023`."""
    ordered = sorted(years)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(str(year) for year in ordered)
