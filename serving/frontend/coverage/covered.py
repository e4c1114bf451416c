"""What can be asked: the catalog, the coverage list of the sidebar, and coverage in words."""

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.catalog import Catalog, Company
from serving.frontend.markup.escaping import escape_inline

__all__ = ["describe_coverage", "load_catalog", "show_coverage"]

_FICTIONAL = "(fictional)"
_MAX_LISTED = 50
# A search field above the list is worth its room from here on.
_MANY_COMPANIES = 12
_CATALOG_TTL_S = 600


def load_catalog(client: BackendClient, index_version: str | None) -> Catalog | str:
    """Return the catalog of an index version, or why it cannot be had."""
    try:
        return _fetch_catalog(client, client.base_url, index_version)
    except ApiError as error:
        return error.detail
    except BackendAwayError as error:
        return str(error)


@st.cache_data(ttl=_CATALOG_TTL_S, max_entries=4, show_spinner=False)
def _fetch_catalog(_client: BackendClient, base_url: str, index_version: str | None) -> Catalog:
    return _client.fetch_catalog()


def show_coverage(catalog: Catalog) -> None:
    """Draw the list of companies with their tickers and fiscal years."""
    st.subheader("Covered filings", anchor=False)
    companies = catalog.companies
    if len(companies) > _MANY_COMPANIES:
        companies = _filter(companies, st.text_input("Find a company or ticker", key="coverage-filter"))
    st.markdown("\n".join(f"- {_describe_company(company)}" for company in companies[:_MAX_LISTED]) or "None found.")
    if len(companies) > _MAX_LISTED:
        st.caption(f"and {len(companies) - _MAX_LISTED} more: narrow the list above.")
    _show_fictional_notice(catalog)


def _filter(companies: tuple[Company, ...], wanted: str) -> tuple[Company, ...]:
    words = wanted.strip().casefold()
    return tuple(company for company in companies if words in f"{company.name} {company.tickers}".casefold())


def _describe_company(company: Company) -> str:
    tickers = f" · {escape_inline(', '.join(company.tickers))}" if company.tickers else ""
    return f"**{escape_inline(company.name)}**{tickers}  \n  {escape_inline(_describe_years(company))}"


def _describe_years(company: Company) -> str:
    """Return the covered fiscal years, runs joined: "fiscal years 2019, 2022 to 2024"."""
    years = sorted({filing.fiscal_year for filing in company.filings})
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    words = [f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"fiscal year{'s' if len(years) > 1 else ''} {', '.join(words)}" if years else "no filing"


def describe_coverage(catalog: Catalog, *, most: int = 3) -> str:
    """Return one plain sentence on what is covered, naming at most `most` companies."""
    named = [f"{company.name}, {_describe_years(company)}" for company in catalog.companies[:most]]
    more = len(catalog.companies) - len(named)
    rest = [f"and {more} more {'company' if more == 1 else 'companies'}"] if more else []
    return f"Covered here: {'; '.join([*named, *rest])}."


def _show_fictional_notice(catalog: Catalog) -> None:
    """Say that sample data is made up, if there is any."""
    if any(_FICTIONAL in company.name for company in catalog.companies):
        st.caption("Companies marked (fictional) do not exist; their filings are samples that come with FinRAG.")
