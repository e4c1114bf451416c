"""The box with the words of a filing. Here, and nowhere else, HTML is written to the page: escaped text and `<mark>`.

Keys: `source-text` (the cited words), `source-folded` (those above them that are folded).
"""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from serving.frontend.contract.passages import Passage
from serving.frontend.evidence.passage_parts import Range, split_passage
from serving.frontend.markup.passage_html import build_passage_html
from serving.frontend.markup.table_rows import split_rows

__all__ = ["show_cited_passage", "show_passage"]

# A table scrolls inside a box no higher than this, sideways in a narrow window.
_HIGHEST_TABLE_PX = 430
_ROW_PX = 36


def show_cited_passage(passage: Passage, highlights: Sequence[Range], place: Range | None, *, name: str) -> None:
    """Draw the cited words in a frame, so that `place` is in sight; `name` sets the folds of sources apart."""
    parts = split_passage(passage, highlights, place)
    with st.container(border=True, key="source-text"):
        if parts.folded:
            label = "Beginning of this table" if passage.kind == "table" else "Beginning of this passage"
            with st.expander(label, key=f"source-folded-{name}", type="compact"):
                show_passage(parts.folded, parts.folded_highlights)
        show_passage(parts.shown, parts.shown_highlights)


def show_passage(passage: Passage, highlights: Sequence[Range] = ()) -> None:
    """Draw words of a filing, with the highlights marked."""
    html = build_passage_html(passage.text, highlights, kind=passage.kind, lead=passage.lead)
    with st.container(height=_measure(passage), border=False):
        st.html(html)


def _measure(passage: Passage) -> int | Literal["content"]:
    """Return the height of a box: only one of fixed height scrolls, as tables must sideways."""
    if passage.kind != "table":
        return "content"
    return min(_ROW_PX * (len(split_rows(f"{passage.lead}\n{passage.text}")) + 1), _HIGHEST_TABLE_PX)
