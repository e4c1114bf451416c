"""The address of the chat page: that of the latest question, so that it can be passed on.

Session key: `address` (what was written last). It is written once: written at every drawing, it would undo the
browser's Back.
"""

from dataclasses import replace

import streamlit as st

from serving.frontend.conversation.conversation import Turn
from serving.frontend.scope.link import link_of

__all__ = ["clear_address", "forget_address", "write_address"]

_WRITTEN_KEY = "address"


def write_address(turn: Turn) -> None:
    """Put the question of a turn and its filters into the address, in words that stand alone once they are known."""
    address = link_of(replace(turn.query, question=turn.question_in_full))
    if address != st.session_state.get(_WRITTEN_KEY):
        st.session_state[_WRITTEN_KEY] = address
        st.query_params.from_dict(address)


def forget_address() -> None:
    """Have the address written again, as when a visit begins: that of a page just chosen is bare."""
    st.session_state.pop(_WRITTEN_KEY, None)


def clear_address() -> None:
    """Leave no question in the address."""
    forget_address()
    st.query_params.clear()
