"""The sources of an answer as one numbered button each, cited ones first.

Keys: `cite-N-M` and `found-N-M` (turn N, citation M); led by `live-` while the answer is on its way.
"""

from collections.abc import Sequence

import streamlit as st

from serving.frontend.contract.passages import Citation
from serving.frontend.evidence.source_labels import label_citation
from serving.frontend.evidence.source_walk import SourceWalk
from serving.frontend.markup.escaping import escape_inline

__all__ = ["show_source_buttons"]


def show_source_buttons(
    number: int, citations: Sequence[Citation], *, is_numeric: bool, is_live: bool = False
) -> SourceWalk | None:
    """Draw one numbered button for each source of turn `number`.

    Returns a walk over all of them, cited ones first, that begins at the one clicked.
    """
    cited = [citation for citation in citations if citation.cited]
    found = [citation for citation in citations if not citation.cited]
    prefix = "live-" if is_live else ""
    opened = _show_buttons(cited, prefix=f"{prefix}cite-{number}") if cited else None
    if found:
        label = "Passages that may explain it" if is_numeric else "Also found"
        with st.expander(f"{label} ({len(found)})", key=f"{prefix}found-{number}"):
            opened = _show_buttons(found, prefix=f"{prefix}found-{number}") or opened
    sources = (*cited, *found)
    return SourceWalk(sources, sources.index(opened)) if opened else None


def _show_buttons(citations: Sequence[Citation], *, prefix: str) -> Citation | None:
    opened = None
    with st.container(horizontal=True, gap="small"):
        for citation in citations:
            label = escape_inline(f"{citation.n} · {label_citation(citation)}")
            if st.button(label, key=f"{prefix}-{citation.n}"):
                opened = citation
    return opened
