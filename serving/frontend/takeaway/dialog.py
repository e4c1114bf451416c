"""The dialog that gives answers away as files; each is made when it is asked for.

Keys: `take-answer-markdown`, `take-answer-html`, `take-tables`, `take-numbers`, `take-conversation-markdown`,
`take-conversation-html`.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial

import streamlit as st

from serving.frontend.contract.answer import Answer
from serving.frontend.conversation.conversation import Turn
from serving.frontend.numbers.figures_csv import build_csv
from serving.frontend.takeaway.document import build_document
from serving.frontend.takeaway.file_names import name_answer, name_conversation
from serving.frontend.takeaway.html_document import write_html
from serving.frontend.takeaway.markdown_document import write_markdown
from serving.frontend.takeaway.tables import build_tables_csv, find_tables

__all__ = ["open_takeaway"]

_CONTENTS = (
    "Each file stands by itself: the question, the answer, its numbers and calculations, and the cited words with "
    "links to the filings."
)


def open_takeaway(turns: Sequence[Turn], turn: Turn | None, close: Callable[[], None]) -> None:
    """Open the dialog for a conversation, and for the answer of one turn of it; `close` is called at its end."""
    st.dialog("Take away", icon=":material/download:", on_dismiss=close)(_show_files)(tuple(turns), turn)


def _show_files(turns: tuple[Turn, ...], turn: Turn | None) -> None:
    made_on = datetime.now(UTC).date()
    st.caption(_CONTENTS)
    if turn and isinstance(turn.outcome, Answer):
        st.markdown("**This answer**")
        name = name_answer(turn, made_on)
        _offer_documents("answer", (turn,), name, made_on)
        _offer_tables(turn.outcome, name)
    if turn is None or len(turns) > 1:
        count = f"{len(turns)} question{'' if len(turns) == 1 else 's'}"
        st.markdown(f"**The whole conversation** ({count})")
        _offer_documents("conversation", turns, name_conversation(made_on), made_on)


def _offer_documents(what: str, turns: tuple[Turn, ...], name: str, made_on: date) -> None:
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            f"{what.capitalize()} as HTML",
            partial(_make_html, turns, made_on),
            file_name=f"{name}.html",
            mime="text/html",
            key=f"take-{what}-html",
            icon=":material/web:",
            on_click="ignore",
        )
        st.download_button(
            f"{what.capitalize()} as Markdown",
            partial(_make_markdown, turns, made_on),
            file_name=f"{name}.md",
            mime="text/markdown",
            key=f"take-{what}-markdown",
            icon=":material/article:",
            on_click="ignore",
        )


def _offer_tables(answer: Answer, name: str) -> None:
    """Draw the downloads of what goes into a spreadsheet, where there is any."""
    with st.container(horizontal=True, gap="small"):
        if find_tables(answer.text):
            st.download_button(
                "Tables as CSV",
                partial(build_tables_csv, answer.text),
                file_name=f"{name}-tables.csv",
                mime="text/csv",
                key="take-tables",
                icon=":material/table:",
                on_click="ignore",
            )
        if answer.is_numeric:
            st.download_button(
                "Exact numbers as CSV",
                partial(build_csv, answer.facts, answer.calculations),
                file_name=f"{name}-numbers.csv",
                mime="text/csv",
                key="take-numbers",
                icon=":material/table_view:",
                on_click="ignore",
            )


def _make_html(turns: tuple[Turn, ...], made_on: date) -> bytes:
    return write_html(build_document(turns, made_on)).encode()


def _make_markdown(turns: tuple[Turn, ...], made_on: date) -> bytes:
    return write_markdown(build_document(turns, made_on)).encode()
