"""The status page: whether the back end can answer, from what, how fast, at what cost; and the front end itself.

Keys: `status-refresh`, `status-index`, `status-process`, `status-usage`, `status-hosting`, `status-frontend`,
`backend-obstacle`.
"""

from urllib.parse import urlsplit

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.health import Health
from serving.frontend.contract.usage import Usage
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.status.backend_status import BackendStatus, describe_state, show_obstacle
from serving.frontend.status.hosting_chart import build_hosting_spec, describe_hosting_chart
from serving.frontend.status.hosting_cost import describe_prices, describe_uptime_cost, read_catalogues
from serving.frontend.status.measures import (
    build_usage_table,
    describe_budget,
    describe_latency,
    describe_uptime,
    write_usd,
)

__all__ = ["draw_status"]


def draw_status(client: BackendClient, status: BackendStatus) -> None:
    """Draw the state as read at this run, and the usage."""
    st.title("Status", anchor=False)
    st.caption("What answers, from which index, how fast and at what cost.")
    # A click draws the page anew, and drawing reads everything anew.
    st.button("Refresh", key="status-refresh", icon=":material/refresh:")
    if not status.can_answer:
        show_obstacle(client, status)
    if status.health:
        _show_backend(status, status.health)
        _show_usage(client)
    _show_hosting(status.health)
    _show_front_end(client.base_url)


def _show_backend(status: BackendStatus, health: Health) -> None:
    st.header("Back end", anchor=False)
    with st.container(key="status-process", horizontal=True):
        icon, state = describe_state(status)
        st.metric("State", state, icon=icon, border=True)
        st.metric("Store", escape_inline(health.store or "not known"), border=True)
        st.metric("Running for", describe_uptime(health.uptime_s), border=True)
        st.metric("Memory", "–" if health.rss_mb is None else f"{health.rss_mb:,.0f} MiB", border=True)
    with st.container(key="status-index", horizontal=True):
        st.metric("Index version", escape_inline(health.index_version or "none"), border=True)
        st.metric("Filings", f"{health.filings or 0:,}", border=True)
        st.metric("Passages", f"{health.passages or 0:,}", border=True)
    for warning in health.warnings:
        st.warning(escape_inline(warning), icon=":material/warning:")


def _show_usage(client: BackendClient) -> None:
    st.header("Questions", anchor=False)
    usage = _fetch_usage(client)
    if isinstance(usage, str):
        st.info(f"What was used is not known: {escape_inline(usage)}")
        return
    with st.container(key="status-usage", horizontal=True):
        st.metric("Half answered within", describe_latency(usage.p50_ms), border=True)
        st.metric("95 % answered within", describe_latency(usage.p95_ms), border=True)
        st.metric("Cost today", write_usd(usage.today.cost_usd), border=True)
        left = usage.budget.left_usd
        st.metric("Budget left today", "no limit" if left is None else write_usd(left), border=True)
    if usage.p50_ms is None:
        st.caption("The back end has answered no question since it started, so there are no times yet.")
    st.markdown(build_usage_table(usage))
    st.markdown(describe_budget(usage))


def _fetch_usage(client: BackendClient) -> Usage | str:
    """Return the usage, or why it cannot be had."""
    try:
        return client.fetch_usage()
    except ApiError as error:
        return error.detail
    except BackendAwayError as error:
        return str(error)


def _show_hosting(health: Health | None) -> None:
    st.header("Hosting", anchor=False)
    catalogues = read_catalogues()
    with st.container(key="status-hosting"):
        if health and health.uptime_s is not None:
            st.markdown(describe_uptime_cost(catalogues, health.uptime_s))
        st.vega_lite_chart(build_hosting_spec(catalogues), alt=describe_hosting_chart(catalogues), width="stretch")
        st.caption(describe_prices(catalogues))


def _show_front_end(base_url: str) -> None:
    st.header("Front end", anchor=False)
    address = urlsplit(base_url)
    with st.container(key="status-frontend"):
        # The path is left out: an address behind a proxy may hold a secret there.
        st.markdown(
            f"- Streamlit {escape_inline(st.__version__)}\n"
            f"- Asks the back end at {escape_inline(f'{address.scheme}://{address.netloc}')} (`BACKEND_URL`)"
        )
