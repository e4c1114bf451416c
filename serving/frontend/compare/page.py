"""The compare page: metrics of several companies over years, from tagged numbers alone.

Keys: `compare-companies`, `compare-metrics`, `compare-years`, `compare-growth`, `compare-latest`, `compared-METRIC`,
`chart-compare-METRIC-N`, `csv-compared`, `exact-compare`, `csv-compare`, `compare-missing`.
"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.compare.choices import MOST_COMPANIES, MOST_METRICS, MOST_YEARS, Choice, Offer
from serving.frontend.compare.compare_table import MetricTable, list_columns, tabulate_metric
from serving.frontend.compare.visit import pick_years, restore_choice, store_choice
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.figures import Figures
from serving.frontend.markup.csv_file import write_csv
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.numbers.figures_view import show_charts, show_exact_values

__all__ = ["draw_compare"]

_LATEST_YEARS = 5
# What a page has beside its margins in a window of 400 pixels.
_NARROWEST_PX = 368
_MOST_REASONS = 10


def draw_compare(client: BackendClient, catalog: Catalog) -> None:
    """Draw the choices and what was found for them."""
    offer = Offer.from_catalog(catalog)
    if not offer.companies or not offer.labels:
        st.info("The index holds no company with a ticker and tagged numbers yet.")
        return
    restore_choice(offer)
    choice = _choose(offer)
    store_choice(offer, choice)
    if not (choice.tickers and choice.metrics and choice.years):
        st.caption("Choose at least one company, one metric and one fiscal year.")
        return
    try:
        figures = client.fetch_facts(choice.tickers, choice.metrics, choice.years)
        before = _fetch_years_before(client, choice)
    except (ApiError, BackendAwayError) as error:
        detail = error.detail if isinstance(error, ApiError) else str(error)
        st.error(f"**The numbers cannot be shown.**  \n{escape_inline(detail)}", icon=":material/error:")
        return
    found = {
        metric: tabulate_metric(figures, metric, offer.labels[metric], choice.years, before)
        for metric in choice.metrics
    }
    tables = {metric: table for metric, table in found.items() if table}
    for metric, table in tables.items():
        _show_table(metric, table)
    _show_missing(figures, [offer.labels[metric] for metric in choice.metrics if metric not in tables])
    if tables:
        if _ends_differ(figures):
            st.caption("Fiscal years of these companies end on different days; the dates are with the exact values.")
        _offer_file(list(tables.values()), choice)
        show_exact_values(figures.facts, figures.calculations, key="compare", is_cited=False)


def _choose(offer: Offer) -> Choice:
    """Draw the choices and return them."""
    tickers = st.multiselect(
        "Companies",
        list(offer.companies),
        format_func=lambda ticker: f"{offer.companies[ticker].name} · {ticker}",
        key="compare-companies",
        max_selections=MOST_COMPANIES,
    )
    metrics = st.multiselect(
        "Metrics",
        list(offer.labels),
        format_func=offer.labels.__getitem__,
        key="compare-metrics",
        max_selections=MOST_METRICS,
    )
    years = st.multiselect("Fiscal years", offer.years, key="compare-years", max_selections=MOST_YEARS)
    with st.container(horizontal=True, vertical_alignment="center"):
        latest = offer.list_latest_years(tickers, _LATEST_YEARS)
        st.button(
            f"Last {_LATEST_YEARS} years", key="compare-latest", on_click=pick_years, args=(latest,), width="content"
        )
        shows_growth = st.toggle("Change against the year before", key="compare-growth", width="content")
    return Choice(tuple(tickers), tuple(metrics), tuple(sorted(years)), shows_growth)


def _fetch_years_before(client: BackendClient, choice: Choice) -> Figures | None:
    """Return the figures of years that growth is told against and that were not chosen; None where it is not told."""
    if not choice.shows_growth:
        return None
    years = sorted({year - 1 for year in choice.years} - set(choice.years))
    return client.fetch_facts(choice.tickers, choice.metrics, years)


def _show_table(metric: str, table: MetricTable) -> None:
    with st.container(key=f"compared-{metric}"):
        # Only a box of fixed height scrolls; without it a table with many years would make the page scroll sideways.
        # The link of the heading is what the keyboard reaches in the box, to scroll it from there.
        is_wide = table.width_px > _NARROWEST_PX
        with st.container(height=table.height_px if is_wide else "content", border=False):
            st.subheader(escape_inline(table.title), anchor=metric.replace("_", "-"))
            st.markdown(table.write_markdown())
        show_charts(table.facts, table.calculations, [metric], key=f"compare-{metric}", is_titled=False, fewest_bars=2)


def _offer_file(tables: Sequence[MetricTable], choice: Choice) -> None:
    """Draw the download of the tables, and say how the page is passed on."""
    st.download_button(
        "Download tables (CSV)",
        partial(_write_file, tables, choice),
        file_name="finrag-comparison.csv",
        mime="text/csv",
        key="csv-compared",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption("The address of this page leads to this comparison: copy it to pass it on.")


def _write_file(tables: Sequence[MetricTable], choice: Choice) -> bytes:
    columns = list_columns(choice.years, shows_growth=choice.shows_growth)
    return write_csv(columns, [row for table in tables for row in table.write_rows()])


def _ends_differ(figures: Figures) -> bool:
    """Whether one fiscal year of two companies ends on different days."""
    ends: dict[str, set[str]] = {}
    for fact in figures.facts:
        ends.setdefault(fact.period, set()).add(fact.period_end)
    return any(len(days) > 1 for days in ends.values())


def _show_missing(figures: Figures, labels: Sequence[str]) -> None:
    """Say which metrics were not found at all, by their labels, what else could not be given, and why."""
    reasons = dict.fromkeys(
        f"{missing.company or missing.ticker}: {missing.reason}"
        if missing.company or missing.ticker
        else missing.reason
        for missing in figures.missing
    )
    if not (reasons or labels):
        return
    lines = [f"- {escape_inline(reason)}" for reason in list(reasons)[:_MOST_REASONS]]
    if len(reasons) > _MOST_REASONS:
        lines.append(f"- and {len(reasons) - _MOST_REASONS} more")
    title = (
        f"**Not found: {escape_inline(', '.join(labels))}.** Other years or companies may have it."
        if labels
        else "**Some numbers are not in the filings.**"
    )
    with st.container(key="compare-missing"):
        st.info("\n".join([title, "", *lines]), icon=":material/search_off:")
