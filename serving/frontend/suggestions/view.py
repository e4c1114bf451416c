"""The row of questions a reader can ask with one click. Keys: `KEY` (the whole), `KEY-N` (button N)."""

from collections.abc import Callable, Sequence

import streamlit as st

from serving.frontend.markup.escaping import escape_inline

__all__ = ["show_suggestions"]


def show_suggestions(
    questions: Sequence[str], ask: Callable[[str], None], *, key: str, heading: str = "You could ask next"
) -> None:
    """Draw one button for each question under a heading, which calls `ask` with it; nothing for none."""
    if not questions:
        return
    with st.container(key=key, gap="xsmall"):
        st.markdown(f"**{heading}**")
        for number, question in enumerate(questions, start=1):
            st.button(escape_inline(question), key=f"{key}-{number}", on_click=ask, args=(question,))
