"""The chat page: the conversation, the question that was asked, and its answer as it comes.

Keys: `new-conversation`, `example-N`, `next-N-M` (suggestion M after turn N), `question` (the input),
`backend-obstacle`, `limits` (pickers `limit-…`), `settings`; those of a turn and of the source pane are in `answers`
and `evidence`.
"""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.query import ANY, Filters
from serving.frontend.conversation.actions import Wanted, open_wanted
from serving.frontend.conversation.address import clear_address, forget_address, write_address
from serving.frontend.conversation.answers import Clicked, show_turn
from serving.frontend.conversation.asker import INPUT_KEY, LIMIT_KEY, Asker
from serving.frontend.conversation.conversation import Conversation, Turn, current_conversation, start_conversation
from serving.frontend.conversation.cost import describe_price
from serving.frontend.conversation.earlier import list_earlier, show_line
from serving.frontend.conversation.live import show_stop
from serving.frontend.conversation.settings import Settings, draw_settings
from serving.frontend.coverage.covered import describe_coverage
from serving.frontend.evidence.source_pane import open_source
from serving.frontend.evidence.source_walk import SourceWalk
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.scope.chips import describe_filters, filters_of, open_change
from serving.frontend.scope.link import read_link
from serving.frontend.scope.pickers import draw_pickers
from serving.frontend.status.backend_status import BackendStatus, show_obstacle
from serving.frontend.suggestions.choice import choose_examples, choose_follow_ups
from serving.frontend.suggestions.view import show_suggestions

__all__ = ["draw_chat"]

_LINK_TAKEN_KEY = "link-taken"
_OPENED_KEY = "opened"
_TYPED_EARLY_KEY = "typed-early"


def draw_chat(client: BackendClient, status: BackendStatus, catalog: Catalog | str, beside: DeltaGenerator) -> None:
    """Draw the conversation and answer the question that was asked, if any; controls go `beside` the page."""
    conversation = current_conversation()
    begins = INPUT_KEY not in st.session_state
    if begins:
        # Streamlit forgets the input of a page that is not shown: a visit begins.
        forget_address()
        _close()
    settings, limits = Settings(), ANY
    with beside:
        st.button("New conversation", key="new-conversation", icon=":material/add:", on_click=_start_anew)
        if isinstance(catalog, Catalog):
            limits = _draw_limits(catalog)
            with st.expander("Settings", key="settings"):
                settings = draw_settings(catalog)
        _show_cost_so_far(conversation)
    asker = Asker(client, conversation, settings, has_limits=isinstance(catalog, Catalog))
    if status.can_answer:
        _take_link(asker)
        _ask_typed_early(asker)
    typed = _draw_input(asker, limits, can_answer=status.can_answer)
    if begins and typed:
        st.session_state[_TYPED_EARLY_KEY] = typed
        st.rerun()
    st.title("FinRAG", anchor=False)
    # Places of their own, empty from the start: what was in them would stay beside an answer that is on its way.
    welcome, said, offered = st.empty(), st.container(), st.empty()
    if conversation.turns:
        with said:
            _draw_conversation(asker, catalog)
    else:
        with welcome.container():
            _draw_welcome(asker, catalog)
    if status.can_answer:
        with offered.container():
            _draw_suggestions(asker, catalog)
    else:
        show_obstacle(client, status)


def _start_anew() -> None:
    _close()
    start_conversation()
    clear_address()


def _draw_limits(catalog: Catalog) -> Filters:
    """Draw the pickers that limit every question from now on, and return what is chosen."""
    with st.expander("Limit questions to", key="limits"):
        return draw_pickers(catalog, ANY, key=LIMIT_KEY, is_lasting=True)


def _show_cost_so_far(conversation: Conversation) -> None:
    if conversation.cost_usd:
        rest = ", without answers that were not finished" if conversation.has_untold_costs else ""
        st.caption(escape_inline(f"This conversation: {describe_price(conversation.cost_usd)}{rest}"))


def _draw_input(asker: Asker, limits: Filters, *, can_answer: bool) -> str | None:
    """Draw what is pinned to the foot of the page: the input, what it is limited to, and Stop while it is needed.

    Returns what was sent, which `on_submit` has asked already unless the session begins with it.
    """
    with st.bottom:
        if asker.conversation.asked_now:
            show_stop()
        elif limits:
            st.caption(escape_inline(f"Typed questions are limited to {describe_filters(limits)}"))
        # Put here by hand: where Streamlit puts it by itself, the page follows its own foot, and an answer that is
        # longer than the window is seen from its end.
        typed: str | None = st.chat_input(
            "Ask about a company and a year" if can_answer else "Questions can be asked once the back end is ready",
            key=INPUT_KEY,
            disabled=not can_answer,
            on_submit=asker.ask_typed,
        )
    return typed


def _take_link(asker: Asker) -> None:
    """Ask what the page was opened with, once."""
    if st.session_state.get(_LINK_TAKEN_KEY):
        return
    st.session_state[_LINK_TAKEN_KEY] = True
    link = read_link(st.query_params.to_dict())
    if link is None or asker.conversation.turns:
        return
    asker.ask(link.query.question, link.query.filters)
    asker.conversation.turns[-1].left_out = link.refused


def _ask_typed_early(asker: Asker) -> None:
    """Ask what a session began with, once the question in its address has an answer that it may lean on.

    That is a page whose front end is gone: it is drawn already, so a reader may type, and the session that takes what
    was typed knows of no callback yet.
    """
    if not asker.conversation.asked_now and (typed := st.session_state.pop(_TYPED_EARLY_KEY, None)):
        asker.ask_words(typed)


def _draw_conversation(asker: Asker, catalog: Catalog | str) -> None:
    conversation = asker.conversation
    if conversation.dropped:
        st.caption(f"Only the last {len(conversation.turns)} questions are kept; {conversation.dropped} older dropped.")
    *earlier, latest = conversation.turns
    write_address(latest)
    coverage = describe_coverage(catalog) if isinstance(catalog, Catalog) else ""
    with st.container(gap=None):
        for turn in list_earlier(earlier):
            show_line(turn)
            if turn.is_unfolded:
                _draw_turn(asker, turn, coverage)
    _draw_turn(asker, latest, coverage)
    _draw_opened(asker, catalog)


def _draw_turn(asker: Asker, turn: Turn, coverage: str) -> None:
    clicked = show_turn(asker.client, turn, coverage, asker.settings.detail, asker.ask_again)
    if clicked:
        st.session_state[_OPENED_KEY] = clicked


def _draw_opened(asker: Asker, catalog: Catalog | str) -> None:
    """Draw what lies over the page. It stays while the page is drawn anew, as when an answer comes to its end."""
    opened: Clicked = st.session_state.get(_OPENED_KEY)
    if isinstance(opened, SourceWalk):
        open_source(asker.client, opened, _close)
    elif isinstance(opened, Wanted):
        open_wanted(asker.client, opened, asker.conversation.turns, _close)
    elif isinstance(opened, Turn) and isinstance(opened.outcome, Answer) and isinstance(catalog, Catalog):
        chosen = filters_of(opened.outcome.understood, opened.query.filters, opened.outcome.told_years)
        question = opened.question_in_full
        open_change(catalog, opened.number, question, chosen, partial(_close_and_ask, asker, question), _close)


def _close() -> None:
    st.session_state.pop(_OPENED_KEY, None)


def _close_and_ask(asker: Asker, question: str, filters: Filters) -> None:
    _close()
    asker.ask(question, filters)


def _draw_welcome(asker: Asker, catalog: Catalog | str) -> None:
    """Draw what this is, and example questions, one button each."""
    st.caption("Ask about companies' annual reports (SEC Form 10-K). Every answer shows the words it rests on.")
    if not isinstance(catalog, Catalog):
        return
    if not any(company.filings for company in catalog.companies):
        st.info("The index holds no filing yet. Add some with `finrag ingest SOURCE && finrag index`.")
        return
    settings = asker.settings
    examples = choose_examples(asker.client, catalog, numbers=settings.include_kpi, words=settings.include_rag)
    show_suggestions(examples, asker.ask_unlimited, key="example", heading="Questions to begin with")


def _draw_suggestions(asker: Asker, catalog: Catalog | str) -> None:
    """Draw what can be asked after the latest answer; it is chosen once for each."""
    turns = asker.conversation.turns
    if not turns or not isinstance(turns[-1].outcome, Answer):
        return
    turn, answer = turns[-1], turns[-1].outcome
    if turn.suggestions is None:
        turn.suggestions = choose_follow_ups(
            asker.client,
            answer,
            catalog if isinstance(catalog, Catalog) else None,
            {turn.question for turn in turns},
            numbers=turn.query.include_kpi,
            words=turn.query.include_rag,
        )
    show_suggestions(turn.suggestions, asker.ask_unlimited, key=f"next-{turn.number}")
