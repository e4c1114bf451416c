"""The source pane: a drawer with a cited passage in its place in the filing, and the way to the next source.

Keys: `source-previous`, `source-next`, `source-link`, `source-mark` (next marked place), `source-retry`,
`source-before-…` (fold), `source-more-before`, `source-more-after`; those of the words are in `passage_box`.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.passages import Citation, Passage
from serving.frontend.evidence.passage_box import show_cited_passage, show_passage
from serving.frontend.evidence.passage_parts import find_places, is_spread
from serving.frontend.evidence.source_labels import clean_address, describe_section, shorten
from serving.frontend.evidence.source_walk import Side, SourceWalk, Surroundings
from serving.frontend.markup.escaping import escape_inline

__all__ = ["open_source", "show_source"]

_MOST_TITLE_CHARS = 160
_ICONS: dict[Side, str] = {"before": ":material/arrow_upward:", "after": ":material/arrow_downward:"}


def open_source(client: BackendClient, walk: SourceWalk, on_dismiss: Callable[[], None]) -> None:
    """Open the drawer over the page, where the walk is; `on_dismiss` is called when the reader closes it."""
    drawer = st.dialog("Sources of this answer", width="medium", position="right", on_dismiss=on_dismiss)
    drawer(show_source)(client, walk)


def show_source(client: BackendClient, walk: SourceWalk) -> None:
    """Draw the source that is open; also what Streamlit draws anew when something in the drawer is clicked."""
    with st.container(gap="xsmall"):
        _show_way(walk)
        _show_place(walk)
    with st.spinner("Opening the filing…"):
        around = walk.fetch_surroundings(client)
    _show_obstacle(walk, around)
    _show_before(client, around, name=str(walk.citation.n))
    _show_cited(walk, around.stored)
    _show_after(client, around)


def _show_way(walk: SourceWalk) -> None:
    """Draw where the reader is among the sources, with a button each way.

    Neither is ever disabled: the browser would take the focus from it, and the keyboard would be lost to the drawer.
    """
    count = len(walk.sources)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if count > 1:
            _draw_step(walk, -1, "Previous", ":material/chevron_left:", "left")
            _draw_step(walk, 1, "Next", ":material/chevron_right:", "right")
        st.markdown(f"**{walk.position + 1} of {count}**")


def _draw_step(walk: SourceWalk, step: int, label: str, icon: str, side: Literal["left", "right"]) -> None:
    st.button(label, key=f"source-{label.lower()}", icon=icon, icon_position=side, on_click=partial(walk.move, step))


def _show_place(walk: SourceWalk) -> None:
    """Draw where the passage stands, how it bears on the answer, and the ways to more of it."""
    citation = walk.citation
    places = find_places(citation.text, citation.highlights)
    company, place = _describe_place(citation)
    st.markdown(f"**{escape_inline(company)}**  \n:small[{escape_inline(place)}]")
    st.caption(_describe_bearing(walk, len(places)))
    address = clean_address(citation.source_url)
    with st.container(horizontal=True, gap="medium"):
        if address:
            url, host = address
            label = escape_inline(f"Open the filing at {shorten(host, _MOST_TITLE_CHARS)}")
            st.link_button(label, url, key="source-link", icon=":material/open_in_new:", type="tertiary")
        if is_spread(places):
            st.button("Next marked place", key="source-mark", type="tertiary", on_click=walk.show_next_place)


def _describe_place(citation: Citation) -> tuple[str, str]:
    """Return the company, and form, year, item, page and accession number."""
    ticker = f" ({citation.ticker})" if citation.ticker else ""
    parts = [
        f"Form {citation.form}",
        f"fiscal year {citation.fiscal_year}" if citation.fiscal_year is not None else "",
        describe_section(citation.item, citation.item_title),
        f"page {citation.page}" if citation.page is not None else "",
        f"accession {citation.accession}",
    ]
    shown = " · ".join(shorten(part, _MOST_TITLE_CHARS) for part in parts if part)
    return shorten(citation.company + ticker, _MOST_TITLE_CHARS), shown


def _describe_bearing(walk: SourceWalk, places: int) -> str:
    """Return how the passage bears on the answer, and how many of its words are marked."""
    citation = walk.citation
    if not citation.cited:
        return f"**Source {citation.n}, also found:** the answer does not cite it."
    if not places:
        return f"**Source {citation.n}, cited:** the answer rests on it as a whole."
    if places == 1:
        return f"**Source {citation.n}, cited:** the words it rests on are marked."
    is_far = is_spread(find_places(citation.text, citation.highlights))
    in_sight = f", number {walk.place % places + 1} in sight" if is_far else ""
    return f"**Source {citation.n}, cited:** {places} marked places{in_sight}."


def _show_obstacle(walk: SourceWalk, around: Surroundings) -> None:
    if not around.obstacle:
        return
    shown = "The words the answer used are below. " if around.stored is None else ""
    missing = "What stands around them" if around.stored is None else "More of the filing"
    st.warning(f"{shown}{missing} cannot be shown: {escape_inline(around.obstacle)}", icon=":material/warning:")
    if around.stored is None:
        st.button("Try again", key="source-retry", icon=":material/refresh:", on_click=walk.forget_surroundings)


def _show_cited(walk: SourceWalk, stored: Passage | None) -> None:
    citation = walk.citation
    passage = stored or _read_passage(citation)
    if passage.heading and not _begins_with_heading(passage):
        st.markdown(f"**{escape_inline(shorten(passage.heading, _MOST_TITLE_CHARS))}**")
    places = find_places(citation.text, citation.highlights)
    place = places[walk.place % len(places)] if places else None
    show_cited_passage(passage, citation.highlights, place, name=f"{citation.n}-{walk.place}")


def _begins_with_heading(passage: Passage) -> bool:
    first_line = (passage.lead or passage.text).strip().partition("\n")[0]
    return first_line.strip().casefold() == passage.heading.strip().casefold()


def _read_passage(citation: Citation) -> Passage:
    """Return the cited words as a passage of the kind they look like."""
    lines = citation.text.splitlines()
    kind = "table" if lines and all(" | " in line for line in lines) else "prose"
    return Passage(citation.passage_id, kind, "", "", citation.text, citation.item, citation.item_title)


def _show_before(client: BackendClient, around: Surroundings, *, name: str) -> None:
    """Draw what comes before, folded: it would push the cited words out of sight."""
    if not around.passages["before"]:
        return
    with st.expander("Before this in the filing", key=f"source-before-{name}", type="compact"):
        _offer_more(client, around, "before")
        _show_neighbours(around.passages["before"], None)


def _show_after(client: BackendClient, around: Surroundings) -> None:
    """Draw what comes after, open, so that one can read on."""
    if not around.passages["after"]:
        return
    st.caption("After this in the filing")
    _show_neighbours(around.passages["after"], around.stored)
    _offer_more(client, around, "after")


def _show_neighbours(passages: list[Passage], previous: Passage | None) -> None:
    """Draw passages, with the item named wherever another one begins."""
    for passage in passages:
        section = describe_section(passage.item, passage.item_title)
        if section and (previous is None or section != describe_section(previous.item, previous.item_title)):
            st.caption(f"**{escape_inline(shorten(section, _MOST_TITLE_CHARS))}**")
        show_passage(passage)
        previous = passage


def _offer_more(client: BackendClient, around: Surroundings, side: Side) -> None:
    if around.steps_left[side]:
        label = "Show more before" if side == "before" else "Read on"
        further = partial(around.read_further, client, side)
        st.button(label, key=f"source-more-{side}", type="tertiary", icon=_ICONS[side], on_click=further)
    elif not around.ended[side]:
        st.caption("What is further away stands in the filing itself.")
