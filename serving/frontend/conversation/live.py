"""An answer while it is on its way: the step it is at, how the question was understood, its sources, its words.

Keys: `live-N`, `stop`.
"""

import time

import streamlit as st

from serving.frontend.contract.stream_events import SourcesFound
from serving.frontend.conversation.asking import Asking, Progress
from serving.frontend.conversation.conversation import Turn, current_conversation
from serving.frontend.evidence.source_buttons import show_source_buttons
from serving.frontend.evidence.source_walk import SourceWalk
from serving.frontend.markup.escaping import escape_answer, escape_inline
from serving.frontend.scope.chips import show_plain_chips

__all__ = ["follow_answer", "show_stop"]

# The page is followed without a break at first: most answers are there in a moment. A slow one is looked at again and
# again, so that other parts of the page can be used meanwhile.
_FIRST_LOOK_S = 2.0
_LOOK_S = 0.3
_PAUSE_S = 0.4
# Words are drawn together as far as they come within this time.
_REDRAW_S = 0.08
_TICK_S = 0.25
_OPENED_KEY = "opened-while-live"
_AT_WORK = {
    "received": "Reading the question",
    "understanding": "Understood; looking up numbers",
    "facts": "Numbers looked up; searching the filings",
    "retrieval": "Passages found; reading them",
    "answering": "Sources found; writing the answer",
}
_DONE = {
    "understanding": "Understood",
    "facts": "Numbers looked up",
    "retrieval": "Passages found",
    "answering": "Quoted and calculated",
}


def show_stop() -> None:
    """Draw the button that ends the answer which is on its way."""
    st.button(
        "Stop",
        key="stop",
        icon=":material/stop_circle:",
        shortcut="Esc",
        on_click=current_conversation().stop,
    )


def follow_answer(turn: Turn) -> SourceWalk | None:
    """Draw the answer as it comes, and the whole page anew once it is whole; returns the source clicked meanwhile."""
    if turn.asking:
        st.fragment(run_every=_PAUSE_S)(_follow)(turn, turn.asking, time.monotonic())
    opened: SourceWalk | None = st.session_state.pop(_OPENED_KEY, None)
    return opened


def _follow(turn: Turn, asking: Asking, drawn_at: float) -> None:
    now = time.monotonic()
    is_first = now < drawn_at + _FIRST_LOOK_S / 2
    until = drawn_at + _FIRST_LOOK_S if is_first and _OPENED_KEY not in st.session_state else now + _LOOK_S
    progress = asking.progress
    view = _View(turn.number, asking)
    while asking.outcome is None and time.monotonic() < until:
        if asking.wait(progress, _TICK_S) and asking.outcome is None:
            time.sleep(_REDRAW_S)
        progress = asking.progress
        view.show(progress)
    turn.settle()
    # A source that was clicked is opened by this run first; the next look is soon.
    if turn.outcome and _OPENED_KEY not in st.session_state:
        st.rerun()


class _View:
    """The places of the page that an answer fills as it comes, each drawn again only when it changes."""

    def __init__(self, number: int, asking: Asking) -> None:
        progress = asking.progress
        self._number = number
        self._asking = asking
        self._shown = Progress()
        with st.container(key=f"live-{number}"):
            self._status = st.status(self._at_work(progress), type="compact")
            self._steps = self._status.empty()
            self._understood = st.container()
            # Never drawn empty first: the words would flicker at every look.
            self._words = st.markdown(escape_answer(progress.text))
            self._sources = st.container()
        self.show(progress)

    def show(self, progress: Progress) -> None:
        """Draw what is new."""
        self._status.update(label=self._at_work(progress))
        if progress.stages != self._shown.stages:
            done = [_DONE[stage.stage] + f" · {stage.ms:,.0f} ms" for stage in progress.stages if stage.stage in _DONE]
            self._steps.caption("  \n".join(done))
        if progress.understood and not self._shown.understood:
            with self._understood:
                show_plain_chips(progress.understood)
        if progress.text != self._shown.text:
            self._words.markdown(escape_answer(progress.text))
        if progress.sources and not self._shown.sources:
            self._show_sources(progress.sources)
        self._shown = progress

    def _show_sources(self, sources: SourcesFound) -> None:
        """Draw the sources; one that is clicked is opened by the page, which outlasts this view."""
        with self._sources:
            opened = show_source_buttons(self._number, sources.citations, is_numeric=sources.is_numeric, is_live=True)
        if opened:
            st.session_state[_OPENED_KEY] = opened
            st.rerun()

    def _at_work(self, progress: Progress) -> str:
        """Return what is being done, with the time since it began once that is worth telling."""
        stage = progress.stages[-1].stage if progress.stages else "received"
        words = "Writing the answer" if progress.sources else _AT_WORK.get(stage, "Working")
        if progress.is_put_off:
            words = "The back end is busy; asking again in a moment"
        seconds = int(self._asking.elapsed_s)
        return escape_inline(f"{words}… {seconds} s" if seconds else f"{words}…")
