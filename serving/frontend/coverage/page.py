"""The coverage page: which companies and fiscal years are indexed, what was read of each filing, how to add more.

Keys: `coverage-filter`, `coverage-years`, `coverage-grid`, `coverage-page`, `coverage-csv`, `coverage-company`,
`coverage-filing-ACCESSION`, `adding-filings`.
"""

from collections.abc import Sequence
from functools import partial
from math import ceil

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.catalog import Catalog, Company
from serving.frontend.coverage.coverage_csv import build_coverage_csv
from serving.frontend.coverage.covered import is_partly_fictional
from serving.frontend.coverage.filing_details import build_details, build_label
from serving.frontend.coverage.grid import LEGEND, build_grid, count_all, find_companies, list_years
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.status.backend_status import BackendStatus, State, show_obstacle

__all__ = ["draw_coverage"]

_COMPANIES_A_PAGE = 25
_YEARS_A_GRID = 6
# A search field is worth its room from here on.
_MANY_COMPANIES = 12
_FILTER_KEY = "coverage-filter"
_PAGE_KEY = "coverage-page"
_FROM_EDGAR = """\
export FINRAG_SEC_CONTACT="Your Name you@example.com"   # SEC wants to know who asks
finrag ingest --ticker AAPL MSFT --years 2021-2025 --forms 10-K,10-Q && finrag index"""
_FROM_FILES = "finrag ingest ~/filings && finrag index"


def draw_coverage(client: BackendClient, status: BackendStatus, catalog: Catalog | str) -> None:
    """Draw what is covered, or why that is not known and what to do."""
    st.set_page_config(layout="wide")
    st.title("Coverage", anchor=False)
    st.caption("What is indexed, and so can be asked about.")
    if not status.can_answer:
        show_obstacle(client, status)
        if status.state is State.NO_INDEX:
            _show_adding(is_empty=True)
    elif isinstance(catalog, str):
        st.info(f"What is covered is not known: {escape_inline(catalog)}")
    elif not catalog.companies:
        st.info("The index holds no filing yet.")
        _show_adding(is_empty=True)
    else:
        _show_totals(catalog)
        _show_companies(catalog)
        _show_adding(is_empty=False)


def _show_totals(catalog: Catalog) -> None:
    totals = count_all(catalog.companies)
    years = f"{totals.first_year}–{totals.last_year}" if totals.first_year != totals.last_year else totals.first_year
    with st.container(horizontal=True):
        st.metric("Companies", f"{totals.companies:,}", border=True)
        st.metric("Filings", f"{totals.filings:,}", border=True)
        st.metric("Fiscal years", str(years or "none"), border=True)
        st.metric("Passages", f"{totals.passages:,}", border=True)
    if is_partly_fictional(catalog):
        st.caption("Companies marked (fictional) do not exist; their filings are samples that come with FinRAG.")


@st.fragment
def _show_companies(catalog: Catalog) -> None:
    """Draw the grid with its choices; a fragment, so that typing and turning pages draw nothing else anew."""
    companies = _find(catalog.companies)
    if not companies:
        st.info("No company or ticker matches.")
        return
    years = _choose_years(companies)
    # Scrolls sideways by itself where the window is narrow.
    grid = st.container(key="coverage-grid", horizontal=True, wrap=False)
    listed = _choose_page(companies)
    grid.markdown(build_grid(listed, years))
    st.caption(LEGEND)
    st.download_button(
        "Download CSV",
        # Made when it is asked for.
        partial(build_coverage_csv, companies),
        file_name="finrag-coverage.csv",
        mime="text/csv",
        key="coverage-csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
    _show_filings(listed)


def _find(companies: tuple[Company, ...]) -> tuple[Company, ...]:
    if len(companies) <= _MANY_COMPANIES:
        return companies
    wanted = st.text_input(
        "Find a company or ticker", key=_FILTER_KEY, type="search", live=True, on_change=_return_to_first_page
    )
    return find_companies(companies, wanted or "")


def _return_to_first_page() -> None:
    st.session_state[_PAGE_KEY] = 1


def _choose_years(companies: Sequence[Company]) -> list[int]:
    """Return the fiscal years to show as columns; there is a choice when they are many."""
    years = list_years(companies)
    if len(years) <= _YEARS_A_GRID:
        return years
    spans = [years[start : start + _YEARS_A_GRID] for start in range(0, len(years), _YEARS_A_GRID)]
    chosen = st.selectbox(
        "Fiscal years",
        range(len(spans)),
        format_func=lambda span: f"{spans[span][-1]} to {spans[span][0]}",
        key="coverage-years",
    )
    return spans[chosen]


def _choose_page(companies: Sequence[Company]) -> Sequence[Company]:
    """Return the companies of one page; there is a choice when they need several."""
    if len(companies) <= _COMPANIES_A_PAGE:
        return companies
    with st.container(horizontal=True, vertical_alignment="center"):
        page = st.pagination(ceil(len(companies) / _COMPANIES_A_PAGE), key=_PAGE_KEY)
        listed = companies[(page - 1) * _COMPANIES_A_PAGE : page * _COMPANIES_A_PAGE]
        first = (page - 1) * _COMPANIES_A_PAGE + 1
        st.caption(f"Companies {first:,} to {first + len(listed) - 1:,} of {len(companies):,}")
    return listed


def _show_filings(companies: Sequence[Company]) -> None:
    """Draw the filings of the company that is chosen among those listed; a single one needs no choice."""
    st.header("What was read of each filing", anchor=False)
    company = companies[0] if len(companies) == 1 else _choose_company(companies)
    for filing in company.filings if company else ():
        with st.expander(build_label(filing), key=f"coverage-filing-{filing.accession}", type="compact"):
            st.markdown(build_details(filing))


def _choose_company(companies: Sequence[Company]) -> Company | None:
    by_cik = {company.cik: company for company in companies}
    chosen = st.selectbox(
        "Company",
        list(by_cik),
        index=None,
        format_func=lambda cik: _name(by_cik[cik]),
        key="coverage-company",
        placeholder="Choose one of the companies above",
    )
    return None if chosen is None else by_cik[chosen]


def _name(company: Company) -> str:
    return " · ".join([company.name, *company.tickers])


def _show_adding(*, is_empty: bool) -> None:
    """Say how filings are added: at once where there is none, else in a fold."""
    if is_empty:
        st.header("Add filings", anchor=False)
        place = st.container(key="adding-filings")
    else:
        place = st.expander("Add filings", key="adding-filings", icon=":material/add:")
    with place:
        st.markdown("Where FinRAG is installed, with the `FINRAG_STORE` of the back end. From SEC's EDGAR, by ticker:")
        st.code(_FROM_EDGAR, language=None, wrap_lines=True)
        st.markdown("From files or folders of them:")
        st.code(_FROM_FILES, language=None, wrap_lines=True)
        st.markdown(
            "The back end opens a first index by itself; start it again to have it open a newer one. "
            "`finrag catalog --coverage` tells the same as this page."
        )
