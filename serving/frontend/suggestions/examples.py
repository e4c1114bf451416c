"""Questions to begin with, made from what is covered: a number, a calculation, a comparison, and one in words."""

from collections.abc import Sequence
from typing import TypeVar

from serving.frontend.contract.catalog import Catalog, Company, Metric
from serving.frontend.suggestions.annual_reports import list_report_years, list_told_items
from serving.frontend.suggestions.questions import (
    Proposal,
    ask_about_topics,
    ask_for_change,
    ask_for_comparison,
    ask_for_number,
)
from serving.frontend.suggestions.related_metrics import FIRST_FIGURES, FIRST_RATIOS, find_metrics

__all__ = ["propose_examples"]

_MOST_COMPANIES = 4
_MOST_METRICS = 3

_Each = TypeVar("_Each")


def propose_examples(catalog: Catalog) -> list[Proposal]:
    """Return questions about the companies that are covered best, several of a kind; none when nothing is covered.

    Whether a number that one needs is there has still to be looked up. The same catalog gives the same questions.
    """
    companies = _covered_best(catalog)
    if not companies:
        return []
    counted = [company for company in companies if company.tickers]
    figures = find_metrics(catalog, FIRST_FIGURES)[:_MOST_METRICS] or list(catalog.metrics[:_MOST_METRICS])
    ratios = find_metrics(catalog, FIRST_RATIOS)[:_MOST_METRICS]
    return [
        *(ask_for_number(company, metric, _latest(company)) for company in counted for metric in figures),
        *(
            ask_for_number(company, ratio, _latest(company), kind="ratio")
            for company in _turned(counted, 1)
            for ratio in ratios
        ),
        *_ask_for_comparisons(_turned(counted, 2), _turned(figures, 1)),
        *(topic for company in _turned(companies, 3) for _, topic in ask_about_topics(company, _latest(company))),
        *(ask_for_change(company, metric, _latest(company)) for company in counted for metric in figures),
    ]


def _covered_best(catalog: Catalog) -> list[Company]:
    """Return companies with the most annual reports, then with the most items in the latest; ties by the catalog."""
    covered = [company for company in catalog.companies if list_report_years(company)]

    def rank(company: Company) -> tuple[int, int]:
        return -len(list_report_years(company)), -len(list_told_items(company, _latest(company)))

    return sorted(covered, key=rank)[:_MOST_COMPANIES]


def _latest(company: Company) -> int:
    return list_report_years(company)[0]


def _ask_for_comparisons(companies: Sequence[Company], metrics: Sequence[Metric]) -> list[Proposal]:
    """Return comparisons of neighbours for the latest year that both cover."""
    pairs = zip(companies, _turned(companies, 1), strict=True)
    common = [
        (pair, set(list_report_years(pair[0])) & set(list_report_years(pair[1])))
        for pair in pairs
        if pair[0] != pair[1]
    ]
    return [ask_for_comparison(pair, metric, max(years)) for pair, years in common if years for metric in metrics]


def _turned(row: Sequence[_Each], places: int) -> list[_Each]:
    """Return a row that begins so many places further on, so that not every kind of question is about the first."""
    start = places % len(row) if row else 0
    return [*row[start:], *row[:start]]
