"""What a reader may ask next, from what was answered and what is covered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog, Company, Metric
from serving.frontend.contract.figures import Figure
from serving.frontend.suggestions.annual_reports import find_companies, list_peers, list_report_years
from serving.frontend.suggestions.examples import propose_examples
from serving.frontend.suggestions.questions import (
    Proposal,
    ask_about_topics,
    ask_for_change,
    ask_for_comparison,
    ask_for_number,
    ask_for_reasons,
    ask_for_trend,
)
from serving.frontend.suggestions.related_metrics import EXPLAINED, FIRST_FIGURES, find_metrics, list_related

__all__ = ["propose_follow_ups"]

_MOST_COMPARED = 3
_MOST_PEERS = 2
_MOST_RELATED = 3
_LONG_TREND = 5


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer was about: companies that have a report of `year`, the latest year told that is covered."""

    companies: tuple[Company, ...]
    year: int
    metric: Metric | None
    years_told: int

    @property
    def company(self) -> Company:
        return self.companies[0]


def propose_follow_ups(answer: Answer, catalog: Catalog) -> list[Proposal]:
    """Return questions that may be asked next, the nearest first, several of a kind where one may prove unanswerable.

    Whether a number that one needs is there has still to be looked up.
    """
    told = _read(answer, catalog)
    if told is None:
        return propose_examples(catalog)
    if answer.abstained:
        return [*_numbers(told, catalog), *_topics(told)]
    if told.metric and told.company.tickers:
        return _after_a_number(told, told.metric, catalog, answer)
    return _after_words(told, catalog, answer)


def _read(answer: Answer, catalog: Catalog) -> _Told | None:
    """Return what the answer was about; None when that is no covered company."""
    cited = [citation for citation in answer.citations if citation.cited]
    names = (
        *(company.name for company in answer.understood.companies),
        *(figure.company for figure in _figures(answer)),
        *(citation.company for citation in cited),
    )
    companies = find_companies(catalog, names)[:_MOST_COMPARED]
    if not companies:
        return None
    metric = next(iter(find_metrics(catalog, answer.understood.metrics)), None)
    told = {figure.fiscal_year for figure in _figures(answer) if metric and figure.metric == metric.name}
    year = _nearest_year(list_report_years(companies[0]), told, answer)
    return _Told(
        companies=tuple(company for company in companies if year in list_report_years(company)),
        year=year,
        metric=metric if answer.is_numeric or answer.abstained else None,
        years_told=len(told),
    )


def _figures(answer: Answer) -> tuple[Figure, ...]:
    return (*answer.calculations, *answer.facts)


def _nearest_year(covered: Sequence[int], told: Collection[int | None], answer: Answer) -> int:
    """Return the latest covered year that was told, else the one nearest to those asked about, else the latest."""
    asked = answer.understood.fiscal_years
    return next(
        (year for year in covered if year in told),
        min(covered, key=lambda year: (min((abs(year - other) for other in asked), default=0), -year)),
    )


def _numbers(told: _Told, catalog: Catalog) -> list[Proposal]:
    """Return the questions for the number asked for and for those that nearly every filer reports, in one year."""
    if not told.company.tickers:
        return []
    first = find_metrics(catalog, FIRST_FIGURES)
    metrics = dict.fromkeys((told.metric, *first) if told.metric else first)
    return [ask_for_number(told.company, metric, told.year) for metric in metrics]


def _topics(told: _Told) -> list[Proposal]:
    return [proposal for _, proposal in ask_about_topics(told.company, told.year)]


def _after_a_number(told: _Told, metric: Metric, catalog: Catalog, answer: Answer) -> list[Proposal]:
    companies = [company for company in told.companies if company.tickers]
    if len(companies) > 1:
        return _after_a_comparison(told, companies, metric, catalog)
    company, year = companies[0], told.year
    proposals: list[Proposal] = []
    if told.years_told < 2:
        proposals.append(ask_for_change(company, metric, year))
    elif metric.name in EXPLAINED and not answer.is_quoted:
        # Without a model that writes, the reasons are the passages that stand below a change already.
        proposals += ask_for_reasons(company, metric, year)
    proposals += [
        ask_for_number(company, other, year, kind="related")
        for other in list_related(catalog, metric.name, _MOST_RELATED)
    ]
    proposals += [
        ask_for_comparison([company, peer], metric, year) for peer in list_peers(catalog, company, year, _MOST_PEERS)
    ]
    if told.years_told < 3:
        proposals += _trend([company], metric)
    return [*proposals, *_topics(told), *_other_years(company, metric, year)]


def _after_a_comparison(told: _Told, companies: Sequence[Company], metric: Metric, catalog: Catalog) -> list[Proposal]:
    related = list_related(catalog, metric.name, _MOST_RELATED)
    return [
        *(ask_for_comparison(companies, other, told.year, kind="related") for other in related),
        *(_trend(companies, metric) if told.years_told < 3 else []),
        *(ask_for_change(company, metric, told.year) for company in companies),
        *_topics(told),
    ]


def _trend(companies: Sequence[Company], metric: Metric) -> list[Proposal]:
    """Return the question for a trend up to the latest year, where that is the same for all; the longer one first."""
    covered = [list_report_years(company) for company in companies]
    latest = {years[0] for years in covered}
    if len(latest) > 1:
        return []
    is_long = all(len(years) >= _LONG_TREND for years in covered)
    return [
        *([ask_for_trend(companies, metric, covered[0][0], 5)] if is_long else []),
        ask_for_trend(companies, metric, covered[0][0], 3),
    ]


def _other_years(company: Company, metric: Metric, told: int) -> list[Proposal]:
    others = sorted(set(list_report_years(company)) - {told}, key=lambda year: (abs(year - told), -year))
    return [ask_for_number(company, metric, year, kind="year") for year in others[:1]]


def _after_words(told: _Told, catalog: Catalog, answer: Answer) -> list[Proposal]:
    """Return other topics of the same report, its numbers, and the same topic of another company."""
    item = next((citation.item for citation in answer.citations if citation.cited), None)
    # Item 1 tells of many things: that it was cited does not say which of its topics is told.
    others = [
        proposal for told_in, proposal in ask_about_topics(told.company, told.year) if told_in != item or item == "1"
    ]
    elsewhere = [
        proposal
        for peer in list_peers(catalog, told.company, told.year, _MOST_PEERS)
        for told_in, proposal in ask_about_topics(peer, told.year)
        if told_in == item
    ]
    numbers = _numbers(told, catalog)
    return [*others[:1], *numbers, *elsewhere[:1], *others[1:]]
