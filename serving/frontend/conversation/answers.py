"""One turn of the conversation: the question, and its answer with what it rests on.

Keys: `turn-N` (whole turn), `answer-N` (answer text), `abstained-N`, `failure-N`, `stopped-N`, `notes-N`, `cost-N`,
`retry-N`; those of chips, sources and numbers are in their own folders.
"""

from collections.abc import Callable

import streamlit as st

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.conversation.actions import Wanted, show_actions
from serving.frontend.conversation.asking import Failure, Progress, Stopped
from serving.frontend.conversation.conversation import Turn
from serving.frontend.conversation.cost import describe_cost, describe_steps
from serving.frontend.conversation.flags import mark_flags, show_flags
from serving.frontend.conversation.live import follow_answer
from serving.frontend.detail import Detail
from serving.frontend.evidence.source_buttons import show_source_buttons
from serving.frontend.evidence.source_labels import shorten
from serving.frontend.evidence.source_walk import SourceWalk
from serving.frontend.markup.escaping import escape_answer, escape_inline, escape_lines
from serving.frontend.numbers.figures_view import (
    set_headline_plain,
    show_cards,
    show_charts,
    show_exact_values,
    split_after_table,
)
from serving.frontend.scope.chips import describe_filters, show_chips
from serving.frontend.suggestions.offered import split_offered

__all__ = ["Clicked", "show_turn"]

ANSWER_ICON = ":material/find_in_page:"
_READER_ICON = ":material/person:"
_MOST_CHARS_LEFT_OUT = 200

# What was clicked in a turn: a source, the chips of how it was understood, or what to do with the answer.
Clicked = SourceWalk | Turn | Wanted | None


def show_turn(
    client: BackendClient, turn: Turn, coverage: str, detail: Detail, ask_again: Callable[[Turn], None]
) -> Clicked:
    """Draw a turn and return what was clicked in it; `coverage` is said when the filings hold no answer."""
    with st.container(key=f"turn-{turn.number}"):
        _show_question(turn)
        with st.chat_message("assistant", avatar=ANSWER_ICON):
            match turn.outcome:
                case Answer():
                    clicked = _show_answer(turn, turn.outcome, coverage, detail)
                    return show_actions(client, turn, turn.outcome.request_id) or clicked
                case Stopped():
                    return _show_stopped(turn, turn.outcome, ask_again)
                case Failure():
                    return _show_failure(turn, turn.outcome, ask_again)
                case None:
                    return follow_answer(turn)


def _show_question(turn: Turn) -> None:
    """Draw what the reader asked, word for word, what it was limited to by hand, and what a link could not limit."""
    with st.chat_message("user", avatar=_READER_ICON):
        st.markdown(escape_lines(turn.question))
        limits = describe_filters(turn.query.filters)
        if limits:
            st.caption(escape_inline(f"Limited to {limits}"))
        if turn.left_out:
            # A toast would go with the run that draws it, which is over when the answer comes.
            left_out = shorten(", ".join(turn.left_out), _MOST_CHARS_LEFT_OUT)
            st.caption(escape_inline(f"Not usable in this link, left out: {left_out}"))


def _show_failure(turn: Turn, failure: Failure, ask_again: Callable[[Turn], None]) -> SourceWalk | None:
    """Draw what there was of an answer when it failed, and why it did."""
    with st.container(key=f"failure-{turn.number}"):
        opened = _show_progress(turn.number, failure.progress)
        request = f"  \nRequest {escape_inline(failure.request_id)}" if failure.request_id else ""
        words = f"**{escape_inline(failure.title)}**  \n{escape_lines(failure.detail)}{request}"
        st.error(words, icon=":material/error:")
        _show_retry(turn, ask_again)
    return opened


def _show_stopped(turn: Turn, stopped: Stopped, ask_again: Callable[[Turn], None]) -> SourceWalk | None:
    """Draw what there was of an answer when it was stopped, and that it is not whole."""
    with st.container(key=f"stopped-{turn.number}"):
        opened = _show_progress(turn.number, stopped.progress)
        rest = "What is here is not the whole answer." if stopped.progress.text else "Nothing of it was written yet."
        st.warning(f"**This answer was stopped.** {rest}", icon=":material/stop_circle:")
        _show_retry(turn, ask_again)
    return opened


def _show_progress(number: int, progress: Progress) -> SourceWalk | None:
    """Draw the words and sources of an answer that came to no end; returns the source that was clicked."""
    if progress.text:
        st.markdown(escape_answer(progress.text))
    sources = progress.sources
    return show_source_buttons(number, sources.citations, is_numeric=sources.is_numeric) if sources else None


def _show_retry(turn: Turn, ask_again: Callable[[Turn], None]) -> None:
    st.button("Ask again", key=f"retry-{turn.number}", icon=":material/refresh:", on_click=ask_again, args=(turn,))


def _show_answer(turn: Turn, answer: Answer, coverage: str, detail: Detail) -> Clicked:
    number = turn.number
    if answer.understood.read_as:
        st.caption(escape_inline(f"Read as “{answer.understood.read_as}”"))
    wants_change = show_chips(number, answer)
    if answer.abstained:
        with st.container(key=f"abstained-{number}"):
            said, _ = split_offered(answer.text)  # what it offers is drawn as buttons
            words = f"**The filings covered here do not hold this answer.**\n\n{escape_answer(said)}"
            st.info(words, icon=":material/search_off:")
            if coverage and not _says_what_is_covered(answer):
                st.caption(escape_inline(coverage))
    else:
        _show_text(number, answer, detail)
        show_flags(answer.flags, key=str(number))
    opened = show_source_buttons(number, answer.citations, is_numeric=answer.is_numeric)
    show_exact_values(answer.facts, answer.calculations, key=str(number), detail=detail)
    _show_notes(number, answer)
    _show_cost(number, answer, detail)
    return opened or (turn if wants_change else None)


def _show_text(number: int, answer: Answer, detail: Detail) -> None:
    """Draw the answer: what was asked for stands out, and charts follow the table they are drawn from."""
    with st.container(key=f"answer-{number}"):
        text = mark_flags(answer.text, answer.flags)
        if not answer.is_numeric:
            st.markdown(escape_answer(text))
            return
        metrics = answer.understood.metrics
        has_cards = show_cards(answer.facts, answer.calculations, metrics, key=str(number))
        # What a model wrote is prose, whose first bold words may be any.
        if has_cards and answer.is_quoted:
            text = set_headline_plain(text)
        table, rest = split_after_table(text)
        if table:
            st.markdown(escape_answer(table))
        show_charts(answer.facts, answer.calculations, metrics, key=str(number), detail=detail)
        if rest:
            st.markdown(escape_answer(rest))


def _says_what_is_covered(answer: Answer) -> bool:
    """Whether the answer lists the coverage itself, as an abstention for want of coverage does."""
    return "covered:" in answer.text.casefold()


def _show_notes(number: int, answer: Answer) -> None:
    """Draw what had to be assumed, unless the answer says it itself."""
    notes = [note for note in answer.understood.assumptions if note not in answer.text]
    if notes:
        with st.container(key=f"notes-{number}", gap=None):
            for note in notes:
                st.caption(f":material/info: {escape_inline(note)}")


def _show_cost(number: int, answer: Answer, detail: Detail) -> None:
    """Draw time, writer and price; the steps they are made of are folded, or open when everything is wanted."""
    steps = describe_steps(answer)
    cost = escape_inline(describe_cost(answer))
    with st.container(key=f"cost-{number}"):
        if detail == "brief" or not steps:
            st.caption(cost)
            return
        with st.expander(cost, expanded=detail == "full", type="compact"):
            st.caption("  \n".join(map(escape_inline, steps)))
