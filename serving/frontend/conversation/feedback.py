"""What the reader says about an answer: that it is good, or what of it is wrong and, in a dialog, why.

What is said later about the same answer is sent again; the last word counts. What could not be sent stays with the turn
and stands in the dialog when it is opened again.

Keys: `feedback-N` (turn N: what was said, or why it was not taken); in the dialog `feedback-form-N`,
`feedback-reason-N`, `feedback-comment-N`, `feedback-send-N`.
"""

from collections.abc import Callable
from textwrap import shorten

import streamlit as st

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.feedback import MAX_COMMENT_CHARS, Feedback, Verdict
from serving.frontend.conversation.conversation import Turn
from serving.frontend.markup.escaping import escape_inline, escape_lines

__all__ = ["ask_what_is_wrong", "send_feedback", "show_feedback"]

_REASONS: dict[Verdict, str] = {"answer_wrong": "The answer is wrong", "evidence_wrong": "The evidence is wrong"}
_EXPLANATIONS = (
    "What it says is not so, or is not what was asked.",
    "The sources do not bear it out, or better ones were missed.",
)
_MOST_QUOTED_CHARS = 120


def send_feedback(client: BackendClient, turn: Turn, request_id: str, feedback: Feedback) -> str:
    """Send what the reader says and keep it with the turn; return "" once it is taken, else why not and what to do."""
    turn.unsent = feedback
    try:
        client.send_feedback(request_id, feedback)
    except BackendAwayError as error:
        return f"{error} Send it again in a moment."
    except ApiError as error:
        wait = f"Send it again in {error.retry_after_s} s." if error.retry_after_s is not None else ""
        return "\n".join(filter(None, [error.detail, *error.field_errors, wait]))
    turn.feedback, turn.unsent = feedback, None
    return ""


def show_feedback(turn: Turn, obstacle: str) -> None:
    """Draw what was said about an answer, or why it was not taken just now; nothing where nothing was said."""
    said = turn.unsent or turn.feedback
    if said is None:
        return
    with st.container(key=f"feedback-{turn.number}"):
        if obstacle:
            _show_obstacle(obstacle)
        elif turn.unsent:
            st.caption(f":material/warning: Not sent yet: {_describe(said)} Press the button again to send it.")
        else:
            st.caption(f":material/check: Noted: {_describe(said)} It can be changed.")


def ask_what_is_wrong(client: BackendClient, turn: Turn, request_id: str, close: Callable[[], None]) -> None:
    """Open the dialog for the reason and a comment, with what was said before; `close` is called at its end."""
    st.dialog("What is wrong?", on_dismiss=close)(_draw_form)(client, turn, request_id, close)


def _draw_form(client: BackendClient, turn: Turn, request_id: str, close: Callable[[], None]) -> None:
    before = turn.unsent or turn.feedback
    verdicts = list(_REASONS)
    with st.form(f"feedback-form-{turn.number}", border=False):
        verdict = st.radio(
            "Reason",
            verdicts,
            index=verdicts.index(before.verdict) if before and before.verdict in verdicts else 0,
            format_func=_REASONS.__getitem__,
            captions=_EXPLANATIONS,
            key=f"feedback-reason-{turn.number}",
        )
        comment = st.text_area(
            "Comment (optional)",
            before.comment if before else "",
            max_chars=MAX_COMMENT_CHARS,
            placeholder="What should it say, and where does it stand?",
            key=f"feedback-comment-{turn.number}",
        )
        is_sent = st.form_submit_button("Send", key=f"feedback-send-{turn.number}", type="primary")
    if not is_sent:
        return
    obstacle = send_feedback(client, turn, request_id, Feedback(verdict, comment.strip()))
    if obstacle:
        _show_obstacle(obstacle)
    else:
        close()
        st.rerun()


def _show_obstacle(obstacle: str) -> None:
    words = f"**This was not sent.** What you said is kept.  \n{escape_lines(obstacle)}"
    st.error(words, icon=":material/error:")


def _describe(feedback: Feedback) -> str:
    """Return what was said as inert Markdown."""
    if feedback.verdict == "good":
        return "a good answer."
    comment = shorten(feedback.comment, _MOST_QUOTED_CHARS, placeholder="…")
    quoted = f" “{escape_inline(comment)}”" if comment else ""
    return f"{_REASONS[feedback.verdict].lower()}.{quoted}"
