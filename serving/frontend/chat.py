"""The entry: `streamlit run serving/frontend/chat.py`. Draws what all pages share, then the page that was chosen.

Streamlit runs this file from top to bottom at every interaction. Settings come from the environment: BACKEND_URL,
FINRAG_API_KEY, LOG_LEVEL and LOG_FORMAT. Keys: `coverage`; those of the pages are in their own folders.
"""

import os
from functools import partial

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.backend_url import BackendUrlError, normalise_backend_url
from serving.frontend.compare.page import draw_compare
from serving.frontend.contract.catalog import Catalog
from serving.frontend.conversation.page import draw_chat
from serving.frontend.coverage.covered import load_catalog, show_coverage
from serving.frontend.coverage.page import draw_coverage
from serving.frontend.logs import configure_logging
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.reader_address import read_forwarded_for
from serving.frontend.status.backend_status import BackendStatus, read_status, show_obstacle, show_status
from serving.frontend.status.page import draw_status

__all__ = ["main"]


def main() -> None:
    """Draw the page that was chosen, with the state of the back end and its coverage beside it."""
    st.set_page_config(page_title="FinRAG", layout="centered")
    client = _connect_or_stop()
    status = read_status(client)
    catalog = load_catalog(client, status.health.index_version if status.health else None) if status.can_answer else ""
    beside = st.sidebar.container()  # what a page draws beside itself comes above what all pages share
    coverage = st.Page(partial(draw_coverage, client, status, catalog), title="Coverage", url_path="coverage")
    # Pages have no icon: Streamlit would have the browser fetch it from a server of another company.
    chosen = st.navigation(
        [
            st.Page(partial(draw_chat, client, status, catalog, beside), title="Chat", default=True),
            st.Page(partial(_draw_compare, client, status, catalog), title="Compare", url_path="compare"),
            coverage,
            st.Page(partial(draw_status, client, status), title="Status", url_path="status"),
        ]
    )
    _draw_sidebar(status, catalog, coverage)
    chosen.run()


def _draw_compare(client: BackendClient, status: BackendStatus, catalog: Catalog | str) -> None:
    """Draw the compare page, or why it cannot be drawn."""
    st.title("Compare", anchor=False)
    st.caption(
        "Exact numbers of companies side by side, as they tagged them in their reports, or calculated from those."
    )
    if not status.can_answer:
        show_obstacle(client, status)
    elif isinstance(catalog, Catalog):
        draw_compare(client, catalog)
    else:
        st.info(f"What can be compared is not known: {escape_inline(catalog)}")


@st.cache_resource(max_entries=2, show_spinner=False)
def _connect(base_url: str, api_key: str | None) -> BackendClient:
    """Once in a process: what it logs is set up on this occasion."""
    configure_logging(os.environ)
    return BackendClient(base_url, api_key)


def _connect_or_stop() -> BackendClient:
    """Return the client, or say what is wrong with BACKEND_URL and end the run."""
    try:
        base_url = normalise_backend_url(os.environ.get("BACKEND_URL"))
    except BackendUrlError as error:
        st.error(escape_inline(str(error)), icon=":material/error:")
        st.stop()
    return _connect(base_url, os.environ.get("FINRAG_API_KEY") or None).for_reader(read_forwarded_for())


def _draw_sidebar(status: BackendStatus, catalog: Catalog | str, coverage: st.Page) -> None:
    with st.sidebar:
        show_status(status)
        with st.container(key="coverage"):
            if isinstance(catalog, Catalog):
                show_coverage(catalog, coverage)
            elif catalog:
                st.caption(f"What is covered cannot be shown: {escape_inline(catalog)}")


main()
