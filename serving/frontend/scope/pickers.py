"""The pickers that limit a question by hand, filled from what is covered.

Keys: `KEY-companies`, `KEY-years`, `KEY-items`, `KEY-forms`.
"""

from typing import Literal

import streamlit as st

from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.query import Filters
from serving.frontend.evidence.source_labels import label_item

__all__ = ["draw_pickers", "read_pickers"]

# As many as a request may name.
_MOST_COMPANIES = 50
_MOST_YEARS = 50
_MOST_ITEMS = 30


def draw_pickers(catalog: Catalog, chosen: Filters, *, key: str, is_lasting: bool = False) -> Filters:
    """Draw a picker for each kind of limit, with what is `chosen` at first, and return what is chosen now.

    What was chosen and is not covered (any more) cannot be chosen again. A lasting choice is kept for the session.
    """
    persist_state: Literal["session"] | None = "session" if is_lasting else None
    names = {company.tickers[0]: company.name for company in catalog.companies if company.tickers}
    filings = [filing for company in catalog.companies for filing in company.filings]
    titles = {item.item: item.title for item in catalog.items}
    st.multiselect(
        "Companies",
        list(names),
        [ticker for ticker in chosen.tickers if ticker in names],
        format_func=lambda ticker: f"{names[ticker]} · {ticker}",
        key=f"{key}-companies",
        placeholder="As the question says",
        max_selections=_MOST_COMPANIES,
        persist_state=persist_state,
    )
    years = sorted({filing.fiscal_year for filing in filings}, reverse=True)
    st.multiselect(
        "Fiscal years",
        years,
        [year for year in chosen.fiscal_years if year in years],
        key=f"{key}-years",
        placeholder="As the question says",
        max_selections=_MOST_YEARS,
        persist_state=persist_state,
    )
    st.multiselect(
        "Items",
        list(titles),
        [item for item in chosen.items if item in titles],
        format_func=lambda item: f"{label_item(item)} · {titles[item]}",
        key=f"{key}-items",
        placeholder="Any item",
        max_selections=_MOST_ITEMS,
        persist_state=persist_state,
    )
    covered_forms = sorted({filing.form for filing in filings})
    st.multiselect(
        "Forms",
        covered_forms,
        [form for form in chosen.forms if form in covered_forms],
        key=f"{key}-forms",
        placeholder="Any form",
        persist_state=persist_state,
    )
    return read_pickers(key)


def read_pickers(key: str) -> Filters:
    """Return what is chosen in the pickers that were drawn with `key`; nothing in those that are not there."""
    companies, years, items, forms = (
        st.session_state.get(f"{key}-{kind}", ()) for kind in ("companies", "years", "items", "forms")
    )
    return Filters(tuple(companies), tuple(sorted(years)), tuple(items), tuple(forms))
