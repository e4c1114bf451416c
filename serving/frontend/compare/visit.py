"""The choice of a visit to the compare page: kept in the address, and in the session while other pages are shown.

Session keys beside those of the widgets: `compared` (the last choice), `compared-address` and `compared-at` (what was
written last, and when by the monotonic clock).
"""

import time

import streamlit as st

from serving.frontend.compare.choices import ADDRESS_NAMES, Choice, Offer

__all__ = ["pick_years", "restore_choice", "store_choice"]

_BROWSER_FOLLOWS_S = 2.0


def restore_choice(offer: Offer) -> None:
    """Set the widgets to the address or the last visit when a visit begins, and when the reader goes back in a browser.

    Streamlit forgets the widgets of a page that is not shown, which tells that a visit begins. During a visit what the
    reader changes wins, and an address that differs is believed only a while after one was written: until then it may
    be that of before, which the browser still had when it asked for this run.
    """
    address = _read_address()
    kept: Choice | None = st.session_state.get("compared")
    if "compare-companies" not in st.session_state:
        # The index may have changed since: what is kept goes through the address, which leaves out what is not covered.
        _set_widgets(offer.read_address(address or (offer.write_address(kept) if kept else {})))
    elif (
        kept == _read_widgets()
        and address != st.session_state["compared-address"]
        and time.monotonic() - st.session_state["compared-at"] > _BROWSER_FOLLOWS_S
    ):
        _set_widgets(offer.read_address(address))


def store_choice(offer: Offer, choice: Choice) -> None:
    """Keep a choice for the next visit and write it into the address."""
    address = offer.write_address(choice)
    st.session_state["compared"] = choice
    st.session_state["compared-address"] = address
    st.session_state.setdefault("compared-at", 0.0)
    if address != _read_address():
        st.session_state["compared-at"] = time.monotonic()
        others = {name: st.query_params.get_all(name) for name in st.query_params if name not in ADDRESS_NAMES}
        st.query_params.from_dict({**others, **address})


def pick_years(years: tuple[int, ...]) -> None:
    """Choose these fiscal years instead of those that are chosen."""
    st.session_state["compare-years"] = list(years)


def _set_widgets(choice: Choice) -> None:
    st.session_state["compare-companies"] = list(choice.tickers)
    st.session_state["compare-metrics"] = list(choice.metrics)
    st.session_state["compare-years"] = list(choice.years)
    st.session_state["compare-growth"] = choice.shows_growth


def _read_widgets() -> Choice:
    state = st.session_state
    years = tuple(sorted(state["compare-years"]))
    return Choice(tuple(state["compare-companies"]), tuple(state["compare-metrics"]), years, state["compare-growth"])


def _read_address() -> dict[str, str]:
    return {name: st.query_params[name] for name in ADDRESS_NAMES if name in st.query_params}
