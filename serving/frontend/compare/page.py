"""The compare page: metrics of several companies over years, from tagged numbers alone.

Keys: `compare-companies`, `compare-metrics`, `compare-years`, `compared-METRIC`, `chart-compare-METRIC-N`,
`exact-compare`, `csv-compare`.
"""

from collections.abc import Sequence

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.compare.compare_table import build_metric_table, select_metric
from serving.frontend.contract.catalog import Catalog, Company
from serving.frontend.contract.figures import Figures
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.numbers.figures_view import show_charts, show_exact_values

__all__ = ["draw_compare"]

_MOST_COMPANIES = 8
_MOST_METRICS = 6
_MOST_YEARS = 10
_FIRST_COMPANIES = 3
_FIRST_YEARS = 3


def draw_compare(client: BackendClient, catalog: Catalog) -> None:
    """Draw the choices and what was found for them."""
    companies = {company.tickers[0]: company for company in catalog.companies if company.tickers and company.filings}
    if not companies or not catalog.metrics:
        st.info("The index holds no company with a ticker and tagged numbers yet.")
        return
    tickers, metrics, years = _choose(companies, catalog)
    if not (tickers and metrics and years):
        st.caption("Choose at least one company, one metric and one fiscal year.")
        return
    try:
        figures = client.fetch_facts(tickers, metrics, years)
    except (ApiError, BackendAwayError) as error:
        detail = error.detail if isinstance(error, ApiError) else str(error)
        st.error(f"**The numbers cannot be shown.**  \n{escape_inline(detail)}", icon=":material/error:")
        return
    labels = {metric.name: metric.label for metric in catalog.metrics}
    for metric in metrics:
        _show_metric(figures, metric, labels[metric], years)
    _show_missing(figures)
    if _ends_differ(figures):
        st.caption("Fiscal years of these companies end on different days; the dates are with the exact values.")
    show_exact_values(figures.facts, figures.calculations, key="compare")


def _choose(companies: dict[str, Company], catalog: Catalog) -> tuple[list[str], list[str], list[int]]:
    """Draw the three choices and return tickers, names of metrics and fiscal years."""
    labels = {metric.name: metric.label for metric in catalog.metrics}
    covered = {filing.fiscal_year for company in companies.values() for filing in company.filings}
    years = sorted(covered, reverse=True)
    chosen_tickers = st.multiselect(
        "Companies",
        list(companies),
        list(companies)[:_FIRST_COMPANIES],
        format_func=lambda ticker: f"{companies[ticker].name} · {ticker}",
        key="compare-companies",
        max_selections=_MOST_COMPANIES,
        persist_state="session",
    )
    chosen_metrics = st.multiselect(
        "Metrics",
        list(labels),
        list(labels)[:1],
        format_func=labels.__getitem__,
        key="compare-metrics",
        max_selections=_MOST_METRICS,
        persist_state="session",
    )
    chosen_years = st.multiselect(
        "Fiscal years",
        years,
        years[:_FIRST_YEARS],
        key="compare-years",
        max_selections=_MOST_YEARS,
        persist_state="session",
    )
    return chosen_tickers, chosen_metrics, sorted(chosen_years)


def _show_metric(figures: Figures, metric: str, label: str, years: Sequence[int]) -> None:
    found = select_metric(figures, metric)
    table = build_metric_table(found, years)
    if not table:
        return
    with st.container(key=f"compared-{metric}"):
        units = f" ({', '.join(found.units)})" if found.units else ""
        st.subheader(escape_inline(label + units), anchor=False)
        st.markdown(table)
        show_charts(found.facts, found.calculations, [metric], key=f"compare-{metric}", is_titled=False)


def _ends_differ(figures: Figures) -> bool:
    """Whether one fiscal year of two companies ends on different days."""
    ends: dict[str, set[str]] = {}
    for fact in figures.facts:
        ends.setdefault(fact.period, set()).add(fact.period_end)
    return any(len(days) > 1 for days in ends.values())


def _show_missing(figures: Figures) -> None:
    """Say what could not be given, and why."""
    reasons = dict.fromkeys(
        f"{missing.company or missing.ticker}: {missing.reason}"
        if missing.company or missing.ticker
        else missing.reason
        for missing in figures.missing
    )
    if reasons:
        st.info("\n".join(f"- {escape_inline(reason)}" for reason in reasons), icon=":material/search_off:")
