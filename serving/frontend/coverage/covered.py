"""What can be asked: the catalog, its line in the sidebar, and coverage in words."""

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.catalog import Catalog, Company

__all__ = ["describe_coverage", "is_partly_fictional", "load_catalog", "show_coverage"]

_FICTIONAL = "(fictional)"
_CATALOG_TTL_S = 600


def load_catalog(client: BackendClient, index_version: str | None) -> Catalog | str:
    """Return the catalog of an index version, or why it cannot be had."""
    try:
        return _fetch_catalog(client, client.base_url, index_version)
    except ApiError as error:
        return error.detail
    except BackendAwayError as error:
        return str(error)


# One object for all sessions, as its records are frozen; a cache of data would copy thousands of them at every rerun.
@st.cache_resource(ttl=_CATALOG_TTL_S, max_entries=1, show_spinner=False)
def _fetch_catalog(_client: BackendClient, base_url: str, index_version: str | None) -> Catalog:
    return _client.fetch_catalog()


def show_coverage(catalog: Catalog, page: st.Page) -> None:
    """Draw one line on what is covered, which leads to the page that lists it."""
    count = len(catalog.companies)
    st.page_link(page, label=f"Covered: {count:,} {'company' if count == 1 else 'companies'}")
    if is_partly_fictional(catalog):
        st.caption("Companies marked (fictional) do not exist.")


def is_partly_fictional(catalog: Catalog) -> bool:
    """Whether any company is made up."""
    return any(_FICTIONAL in company.name for company in catalog.companies)


def describe_coverage(catalog: Catalog, *, most: int = 3) -> str:
    """Return one plain sentence on what is covered, naming at most `most` companies."""
    named = [f"{company.name}, {_describe_years(company)}" for company in catalog.companies[:most]]
    more = len(catalog.companies) - len(named)
    rest = [f"and {more} more {'company' if more == 1 else 'companies'}"] if more else []
    return f"Covered here: {'; '.join([*named, *rest])}."


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
