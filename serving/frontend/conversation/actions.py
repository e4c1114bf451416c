"""What can be done with an answer, in one row below it: say that it is good or wrong, take it away.

Keys: `actions-N` (the row of turn N), `good-N`, `wrong-N`, `take-away-N`; those of the dialogs are in `feedback` and
`takeaway.dialog`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.feedback import Feedback
from serving.frontend.conversation.conversation import Turn
from serving.frontend.conversation.feedback import ask_what_is_wrong, send_feedback, show_feedback
from serving.frontend.takeaway.dialog import open_takeaway

__all__ = ["Wanted", "open_wanted", "show_actions"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dialog that was asked for below the answer of a turn."""

    dialog: Literal["wrong", "take away"]
    turn: Turn
    request_id: str


def show_actions(client: BackendClient, turn: Turn, request_id: str) -> Wanted | None:
    """Draw the row of the answer to a request, and return the dialog asked for; a good word is sent at once."""
    number = turn.number
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, gap="small", key=f"actions-{number}"):
            is_good = st.button("Good", key=f"good-{number}", icon=":material/thumb_up:", type="tertiary")
            is_wrong = st.button("Wrong…", key=f"wrong-{number}", icon=":material/thumb_down:", type="tertiary")
            is_taken = st.button("Take away…", key=f"take-away-{number}", icon=":material/download:", type="tertiary")
        show_feedback(turn, send_feedback(client, turn, request_id, Feedback("good")) if is_good else "")
    if is_wrong:
        return Wanted("wrong", turn, request_id)
    return Wanted("take away", turn, request_id) if is_taken else None


def open_wanted(client: BackendClient, wanted: Wanted, turns: Sequence[Turn], close: Callable[[], None]) -> None:
    """Open the dialog over the page; `close` is called when it is dismissed or done."""
    if wanted.dialog == "wrong":
        ask_what_is_wrong(client, wanted.turn, wanted.request_id, close)
    else:
        open_takeaway(turns, wanted.turn, close)
