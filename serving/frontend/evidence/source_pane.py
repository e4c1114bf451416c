"""The source pane: a cited passage with its marked words, where it stands, and what is around it.

Keys: `source-text` (the cited words), `source-link`, `source-before`, `source-after`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.passages import Citation, Passage, PassageWindow
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.markup.passage_html import build_passage_html

__all__ = ["label_citation", "label_item", "open_source"]

# Longer passages scroll inside a box of this height.
_LONG_PASSAGE_CHARS = 900
_BOX_HEIGHT_PX = 320


def label_item(item: str) -> str:
    """Return "Item 1A" for both "1A" and "Item 1A"."""
    return item if item.lower().startswith(("item", "part")) else f"Item {item}"


def label_citation(citation: Citation) -> str:
    """Return where a citation points, for example "AAPL FY2024 Item 1A", as plain text."""
    parts = [citation.ticker or citation.company]
    if citation.fiscal_year is not None:
        parts.append(f"FY{citation.fiscal_year}")
    if citation.item:
        parts.append(label_item(citation.item))
    elif citation.page is not None:
        parts.append(f"page {citation.page}")
    return " ".join(parts)


def open_source(client: BackendClient, citation: Citation, on_dismiss: Callable[[], None]) -> None:
    """Open the source pane over the page; `on_dismiss` is called when the reader closes it."""
    title = f"Source {citation.n} · {label_citation(citation)}"
    st.dialog(escape_inline(title), width="medium", on_dismiss=on_dismiss)(_show_source)(client, citation)


def _show_source(client: BackendClient, citation: Citation) -> None:
    _show_place(citation)
    window = _fetch_window(client, citation)
    stored = window.passage if isinstance(window, PassageWindow) else None
    _show_heading(stored)
    st.caption(_describe_bearing(citation))
    _show_box(_read_passage(citation, stored), citation.highlights, key="source-text")
    _show_neighbours(window)


def _describe_bearing(citation: Citation) -> str:
    """Return how the passage bears on the answer."""
    if not citation.cited:
        return "Found for this question; the answer does not cite it."
    if citation.highlights:
        return "The words the answer rests on are marked and bold."
    return "The answer rests on this passage as a whole."


def _show_place(citation: Citation) -> None:
    ticker = f" ({citation.ticker})" if citation.ticker else ""
    year = f", fiscal year {citation.fiscal_year}" if citation.fiscal_year is not None else ""
    st.markdown(f"**{escape_inline(citation.company + ticker)}**  \n{escape_inline(f'Form {citation.form}{year}')}")
    section = ". ".join(filter(None, [label_item(citation.item) if citation.item else None, citation.item_title]))
    page = f"Page {citation.page}" if citation.page is not None else ""
    place = " · ".join(filter(None, [section, page, f"Accession number {citation.accession}"]))
    st.caption(escape_inline(place))
    url = citation.source_url or ""
    if url.startswith(("https://", "http://")):
        st.link_button("Open the filing", url, key="source-link", icon=":material/open_in_new:")


def _show_heading(stored: Passage | None) -> None:
    if stored and stored.heading and not _begins_with_heading(stored):
        st.markdown(f"**{escape_inline(stored.heading)}**")


def _begins_with_heading(stored: Passage) -> bool:
    first_line = (stored.lead or stored.text).strip().partition("\n")[0]
    return first_line.strip().casefold() == stored.heading.strip().casefold()


def _read_passage(citation: Citation, stored: Passage | None) -> Passage:
    """Return the cited words as a passage; the ranges count in the citation's text, so that text is the one shown."""
    if stored:
        return replace(stored, text=citation.text)
    lines = citation.text.splitlines()
    kind = "table" if lines and all(" | " in line for line in lines) else "prose"
    return Passage(citation.passage_id, kind, lead="", heading="", text=citation.text)


def _fetch_window(client: BackendClient, citation: Citation) -> PassageWindow | str:
    """Return the passage with its neighbours, or the reason why they cannot be shown."""
    try:
        return client.fetch_passage(citation.passage_id)
    except ApiError as error:
        return error.detail
    except BackendAwayError as error:
        return str(error)


def _show_neighbours(window: PassageWindow | str) -> None:
    if isinstance(window, str):
        st.caption(f"What stands before and after cannot be shown: {escape_inline(window)}")
        return
    _show_fold("Before this in the filing", window.before, key="source-before")
    _show_fold("After this in the filing", window.after, key="source-after")


def _show_fold(label: str, passages: Sequence[Passage], *, key: str) -> None:
    if not passages:
        return
    with st.expander(label, key=key):
        for position, passage in enumerate(passages):
            _show_box(passage, (), key=f"{key}-{position}")


def _show_box(passage: Passage, highlights: Sequence[tuple[int, int]], *, key: str) -> None:
    """Show a passage's words in a box; nothing else of ours writes HTML to the page.

    Only a box of fixed height scrolls: long texts need that downwards, tables sideways on a narrow screen.
    """
    scrolls = passage.kind == "table" or len(passage.text) > _LONG_PASSAGE_CHARS
    with st.container(border=True, height=_BOX_HEIGHT_PX if scrolls else "content", key=key):
        st.html(build_passage_html(passage.text, highlights, kind=passage.kind, lead=passage.lead))
