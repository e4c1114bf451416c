"""What a language model wrote and the evidence does not bear out: marked where it stands, and explained below."""

from collections.abc import Sequence

import streamlit as st

from serving.frontend.contract.answer import Flag
from serving.frontend.markup.escaping import escape_inline

__all__ = ["mark_flags", "show_flags"]

_SIGN = " ⚠"
_MAX_QUOTED_CHARS = 160
_MAX_LISTED = 8


def mark_flags(answer: str, flags: Sequence[Flag]) -> str:
    """Return the answer with a warning sign behind each flagged stretch."""
    marked = answer
    for end in sorted({flag.end for flag in flags if 0 < flag.end <= len(answer)}, reverse=True):
        marked = f"{marked[:end]}{_SIGN}{marked[end:]}"
    return marked


def show_flags(flags: Sequence[Flag], *, key: str) -> None:
    """Draw what is doubted and why, if anything is."""
    if not flags:
        return
    lines = [
        f"- “{escape_inline(_shortened(flag.text))}”: {escape_inline(flag.reason)}" for flag in flags[:_MAX_LISTED]
    ]
    if len(flags) > _MAX_LISTED:
        lines.append(f"- and {len(flags) - _MAX_LISTED} more, marked with ⚠ in the text")
    with st.container(key=f"flags-{key}"):
        st.warning("**Check this before you use it**\n\n" + "\n".join(lines), icon=":material/warning:")


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_QUOTED_CHARS else f"{text[: _MAX_QUOTED_CHARS - 1].rstrip()}…"
