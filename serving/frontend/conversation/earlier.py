"""Earlier turns as one line each, so that the answer that is read now begins near the top of the page.

Streamlit can either follow the foot of a page or leave it where it is; an answer is read from its beginning.

Keys: `earlier-N` (the line of turn N), `older`.
"""

from collections.abc import Sequence
from textwrap import shorten

import streamlit as st

from serving.frontend.contract.answer import Answer
from serving.frontend.conversation.asking import Stopped
from serving.frontend.conversation.conversation import Turn
from serving.frontend.markup.escaping import escape_inline

__all__ = ["list_earlier", "show_line"]

_MOST_LISTED = 5
_MOST_CHARS = 90
_ALL_LISTED_KEY = "lists-all-turns"


def list_earlier(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return the turns that get a line, and draw the button that lists the older ones as well."""
    older = len(turns) - _MOST_LISTED
    if older <= 0 or st.session_state.get(_ALL_LISTED_KEY):
        return turns
    st.button(
        f"Show {older} older question{'' if older == 1 else 's'}",
        key="older",
        icon=":material/history:",
        type="tertiary",
        on_click=_list_all,
    )
    return turns[older:]


def _list_all() -> None:
    st.session_state[_ALL_LISTED_KEY] = True


def show_line(turn: Turn) -> None:
    """Draw the question of an earlier turn; a click unfolds the turn below, or folds it again."""
    question = shorten(turn.question, _MOST_CHARS, placeholder="…") or turn.question[:_MOST_CHARS]
    st.button(
        escape_inline(f"{question}{_describe_end(turn)}"),
        key=f"earlier-{turn.number}",
        icon=":material/keyboard_arrow_down:" if turn.is_unfolded else ":material/keyboard_arrow_right:",
        type="tertiary",
        on_click=turn.turn_over,
    )


def _describe_end(turn: Turn) -> str:
    """Return how the turn ended, where it did not end with an answer."""
    match turn.outcome:
        case Answer() as answer:
            return " (not in the filings)" if answer.abstained else ""
        case Stopped():
            return " (stopped)"
    return " (failed)"
