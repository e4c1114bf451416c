"""The questions that can be offered, each with what has to be covered for an answer.

They stand alone, so that they mean the same wherever they are asked. A fiscal year is named only where its report is
covered; an earlier year that a report states beside its own is left in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from serving.frontend.contract.catalog import Company, Metric
from serving.frontend.suggestions.annual_reports import list_told_items
from serving.frontend.suggestions.wording import be_in_the_past, of_company, spoken_figure, spoken_name

__all__ = [
    "Kind",
    "Proposal",
    "ask_about_topics",
    "ask_for_change",
    "ask_for_comparison",
    "ask_for_number",
    "ask_for_reasons",
    "ask_for_trend",
]

Kind = Literal[
    "number",
    "ratio",
    "related",
    "year",
    "change",
    "reasons",
    "trend",
    "comparison",
    "risks",
    "competition",
    "business",
    "legal",
    "cybersecurity",
    "market risks",
    "properties",
]
# By kind: the item of Form 10-K that tells it, and how it is asked for.
_TOPICS: dict[Kind, tuple[str, str]] = {
    "risks": ("1A", "What are the main risk factors of {name} in fiscal {year}?"),
    "competition": ("1", "Who are {names} main competitors in fiscal {year}?"),
    "business": ("1", "Describe the business of {name} in fiscal {year}."),
    "legal": ("3", "What legal proceedings does {name} report for fiscal {year}?"),
    "cybersecurity": ("1C", "How does {name} manage cybersecurity risk, as of fiscal {year}?"),
    "market risks": ("7A", "What market risks does {name} report for fiscal {year}?"),
    "properties": ("2", "What properties does {name} report for fiscal {year}?"),
}
# What any part of a report may tell, for an index that does not know items.
_TOLD_ANYWHERE = frozenset({"1", "1A"})
_EXPLAINING_ITEM = "7"
_COUNTED = {3: "three", 5: "five"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question that may be offered. In numbers: `metric`, by name, has to be known of each ticker for each year."""

    kind: Kind
    question: str
    metric: str = ""
    tickers: tuple[str, ...] = ()
    fiscal_years: tuple[int, ...] = ()

    @property
    def numbers(self) -> frozenset[tuple[str, str, int]]:
        """The (ticker, metric, fiscal year) of every number that an answer needs; none for prose."""
        return frozenset((ticker, self.metric, year) for ticker in self.tickers for year in self.fiscal_years)


def ask_for_number(company: Company, metric: Metric, fiscal_year: int, *, kind: Kind = "number") -> Proposal:
    """Return the question for one number of one fiscal year."""
    question = f"What {_figure_of(company, metric)} in fiscal {fiscal_year}?"
    return _in_numbers(kind, question, [company], metric, [fiscal_year])


def ask_for_change(company: Company, metric: Metric, fiscal_year: int, *, kind: Kind = "change") -> Proposal:
    """Return the question for the change from the year before."""
    figure = spoken_figure(metric.label)
    question = f"How did {of_company(company.name)} {figure} change in fiscal {fiscal_year}?"
    return _in_numbers(kind, question, [company], metric, [fiscal_year - 1, fiscal_year])


def ask_for_reasons(company: Company, metric: Metric, fiscal_year: int) -> list[Proposal]:
    """Return the question why a number changed; none where management's discussion of results holds no text."""
    if _EXPLAINING_ITEM not in list_told_items(company, fiscal_year):
        return []
    figure = spoken_figure(metric.label)
    question = f"Why did {of_company(company.name)} {figure} change in fiscal {fiscal_year}?"
    return [_in_numbers("reasons", question, [company], metric, [fiscal_year - 1, fiscal_year])]


def ask_for_trend(companies: Sequence[Company], metric: Metric, latest: int, years: Literal[3, 5]) -> Proposal:
    """Return the question for the fiscal years up to the latest one covered, of one company or several."""
    period = f"over the last {_COUNTED[years]} fiscal years"
    if len(companies) == 1:
        question = f"What {_figure_of(companies[0], metric)} {period}?"
    else:
        question = f"Compare the {spoken_figure(metric.label)} of {_listed(companies)} {period}."
    return _in_numbers("trend", question, companies, metric, range(latest - years + 1, latest + 1))


def ask_for_comparison(
    companies: Sequence[Company], metric: Metric, fiscal_year: int, *, kind: Kind = "comparison"
) -> Proposal:
    """Return the question that sets the same number of several companies side by side."""
    question = f"Compare the {spoken_figure(metric.label)} of {_listed(companies)} in fiscal {fiscal_year}."
    return _in_numbers(kind, question, companies, metric, [fiscal_year])


def ask_about_topics(company: Company, fiscal_year: int) -> list[tuple[str, Proposal]]:
    """Return what can be asked about in words, each with the item that tells it and holds text."""
    told = list_told_items(company, fiscal_year) or _TOLD_ANYWHERE
    name, names = spoken_name(company.name), of_company(company.name)
    return [
        (item, Proposal(kind, words.format(name=name, names=names, year=fiscal_year)))
        for kind, (item, words) in _TOPICS.items()
        if item in told
    ]


def _in_numbers(
    kind: Kind, question: str, companies: Sequence[Company], metric: Metric, years: Sequence[int]
) -> Proposal:
    return Proposal(kind, question, metric.name, tuple(company.tickers[0] for company in companies), tuple(years))


def _figure_of(company: Company, metric: Metric) -> str:
    return f"{be_in_the_past(metric.label)} {of_company(company.name)} {spoken_figure(metric.label)}"


def _listed(companies: Sequence[Company]) -> str:
    *others, last = [spoken_name(company.name) for company in companies]
    return f"{', '.join(others)} and {last}"
