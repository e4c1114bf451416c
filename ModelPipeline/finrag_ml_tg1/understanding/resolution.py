"""Question to Scope: the companies, fiscal years, items and filings meant, and what had to be assumed.

Nothing is substituted in silence: a year or company that is not covered is said, never replaced by another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl

from finrag_ml_tg1.index.catalog import Catalog, Company
from finrag_ml_tg1.scope import CompanyReference, Question, Scope
from finrag_ml_tg1.understanding.companies import CompanyNames
from finrag_ml_tg1.understanding.periods import Periods, find_periods, latest_years

__all__ = ["ScopeResolver", "describe_coverage"]

_ITEM = re.compile(r"\bitem\s+(1[0-6]|[1-9])\s?([abc])?\b", re.IGNORECASE)
_FORM = re.compile(r"\b10-?([kq])\b", re.IGNORECASE)
_COVERAGE_NAMES = 12


class ScopeResolver:
    """Resolves questions against one catalog."""

    def __init__(self, catalog: Catalog, appears_in_filings: Callable[[str], bool]) -> None:
        self._catalog = catalog
        self._names = CompanyNames(catalog.companies)
        self._appears_in_filings = appears_in_filings

    def resolve(self, question: Question) -> Scope:
        """Return the scope of a question; its `obstacle` is set when no covered filing can hold the answer."""
        mentions = self._names.find(question.text, self._appears_in_filings)
        notes = [f"{name} is not among the companies covered." for name in mentions.unknown]
        companies: Sequence[Company] = mentions.companies
        if question.filters.tickers:
            companies, missing = self._filtered_companies(question.filters.tickers)
            notes = [f"No covered company has the ticker {ticker}." for ticker in missing]
        periods = find_periods(question.text)
        items = question.filters.items or tuple(
            dict.fromkeys(number + letter.upper() for number, letter in _ITEM.findall(question.text))
        )
        references = tuple(CompanyReference(company.cik, company.name, company.tickers) for company in companies)
        if not companies and notes:
            obstacle = f"{notes[0]} {describe_coverage(self._catalog)}"
            return Scope(mentions.remainder, items=items, notes=tuple(notes), obstacle=obstacle)
        forms = question.filters.forms or tuple(f"10-{letter.upper()}" for letter in _FORM.findall(question.text))
        asked = question.filters.fiscal_years or periods.years
        if not companies:
            return self._all_companies(mentions.remainder, asked, items, forms)
        groups: list[tuple[str, ...]] = []
        years: set[int] = set()
        for company in companies:
            for year in self._years_of(company, asked, periods, notes):
                accessions = self._accessions(company.cik, year, forms, is_quarterly=periods.is_quarterly)
                if accessions:
                    groups.append(accessions)
                    years.add(year)
                elif forms:
                    notes.append(f"{company.name}: fiscal year {year} is not covered by Form {' or '.join(forms)}.")
        return Scope(
            mentions.remainder,
            references,
            tuple(sorted(years)),
            items,
            tuple(groups),
            tuple(notes),
            None if groups else " ".join(notes),
        )

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
        if forms:
            filings = filings.filter(pl.col("form").is_in(list(forms)))
        if filings.height == 0:
            covered = sorted(set(self._catalog.filings["fiscal_year"]))
            wanted = ", ".join(str(year) for year in asked) or " or ".join(forms)
            obstacle = f"No filing covered is of {wanted}; fiscal years covered: {_year_list(covered)}."
            return Scope(topic, fiscal_years=tuple(asked), items=items, notes=(obstacle,), obstacle=obstacle)
        years = tuple(sorted(set(filings["fiscal_year"])))
        notes = tuple(f"No filing covered is of fiscal year {year}." for year in asked if year not in years)
        return Scope(topic, fiscal_years=years, items=items, accessions=(tuple(filings["accession"]),), notes=notes)

    def _years_of(self, company: Company, asked: Sequence[int], periods: Periods, notes: list[str]) -> Sequence[int]:
        if not asked:
            years = latest_years(company.fiscal_years, periods.latest)
            notes.append(f"{company.name}: no year was named, so fiscal year {_year_list(years)} was searched.")
            return years
        missing = [year for year in asked if year not in company.fiscal_years]
        if missing:
            notes.append(
                f"{company.name}: fiscal year {_year_list(missing)} is not covered; "
                f"covered: {_year_list(company.fiscal_years)}."
            )
        return [year for year in asked if year in company.fiscal_years]

    def _accessions(self, cik: int, year: int, forms: Sequence[str], *, is_quarterly: bool) -> tuple[str, ...]:
        """The filings of a company's year: the forms asked for, else annual reports unless a quarter is meant."""
        filings = self._catalog.filings.filter((pl.col("cik") == cik) & (pl.col("fiscal_year") == year))
        if forms:
            return tuple(filings.filter(pl.col("form").is_in(list(forms)))["accession"])
        annual = filings.filter(pl.col("form").str.starts_with("10-K"))
        preferred = filings.filter(~pl.col("form").str.starts_with("10-K")) if is_quarterly else annual
        return tuple((preferred if preferred.height else filings)["accession"])


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
