"""The chat page: the conversation, the question that was asked, and its answer as it comes.

Keys: `new-conversation`, `example-N`, `question` (the input), `backend-obstacle`; those of a turn and of the source
pane are in `answers` and `evidence`.
"""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.catalog import Catalog
from serving.frontend.contract.passages import Citation
from serving.frontend.conversation.answers import ANSWER_ICON, describe_price, show_question, show_turn
from serving.frontend.conversation.conversation import (
    Conversation,
    Failure,
    current_conversation,
    request_question,
    start_conversation,
    take_question,
)
from serving.frontend.coverage.covered import describe_coverage
from serving.frontend.evidence.source_pane import open_source
from serving.frontend.markup.escaping import escape_answer, escape_inline
from serving.frontend.status.backend_status import BackendStatus, show_obstacle
from serving.frontend.suggestions.examples import build_examples

__all__ = ["draw_chat"]

_MAX_QUESTION_CHARS = 3500
_INPUT_KEY = "question"


def draw_chat(client: BackendClient, status: BackendStatus, catalog: Catalog | str, beside: DeltaGenerator) -> None:
    """Draw the conversation and answer the question that was asked, if any; controls go `beside` the page."""
    st.title("FinRAG", anchor=False)
    st.caption("Ask about companies' annual reports (SEC Form 10-K). Every answer opens on the words it rests on.")
    with beside:
        _draw_sidebar()
    conversation = current_conversation()
    question = _read_question(can_answer=status.can_answer)
    welcome = st.empty()  # drawn empty at once when a question comes: its buttons would stay beside the first answer
    if status.can_answer and not conversation.turns and not question and isinstance(catalog, Catalog):
        with welcome.container():
            _draw_welcome(catalog)
    source = _draw_turns(conversation, describe_coverage(catalog) if isinstance(catalog, Catalog) else "")
    if not status.can_answer:
        show_obstacle(client, status)
    if source:
        open_source(client, source)
    elif question:
        _answer(client, conversation, question)


def _draw_sidebar() -> None:
    st.button("New conversation", key="new-conversation", icon=":material/add:", on_click=start_conversation)
    cost_usd = current_conversation().cost_usd
    if cost_usd:
        st.caption(escape_inline(f"This conversation: {describe_price(cost_usd)}"))


def _read_question(*, can_answer: bool) -> str | None:
    """Draw the input at the foot of the page and return the question to answer now, typed or requested."""
    st.chat_input(
        "Ask about a company and a year" if can_answer else "Questions can be asked once the back end is ready",
        key=_INPUT_KEY,
        max_chars=_MAX_QUESTION_CHARS,
        disabled=not can_answer,
        # A second question sent now would interrupt the first.
        submit_mode="disable",
        on_submit=_request_typed,
    )
    return take_question()


def _request_typed() -> None:
    """Keep what was typed: an input that turns out disabled in the same run would lose it."""
    request_question(st.session_state[_INPUT_KEY])


def _draw_welcome(catalog: Catalog) -> None:
    """Draw example questions, one button each."""
    examples = build_examples(catalog)
    if not examples:
        st.info("The index holds no filing yet. Add some with `finrag ingest SOURCE && finrag index`.")
        return
    st.markdown("**Questions to begin with**")
    for position, example in enumerate(examples, start=1):
        st.button(
            escape_inline(example),
            key=f"example-{position}",
            on_click=request_question,
            args=(example,),
            width="stretch",
        )


def _draw_turns(conversation: Conversation, coverage: str) -> Citation | None:
    """Draw the conversation and return the source clicked in it."""
    if conversation.dropped:
        st.caption(f"Only the last {len(conversation.turns)} questions are kept; {conversation.dropped} older dropped.")
    clicked = [show_turn(turn, coverage) for turn in conversation.turns]
    return next((citation for citation in clicked if citation), None)


def _answer(client: BackendClient, conversation: Conversation, question: str) -> None:
    """Ask the back end, show its words as they come, and draw the page anew with what came of it."""
    history = conversation.history()
    turn = conversation.begin(question)
    show_question(question)
    with st.chat_message("assistant", avatar=ANSWER_ICON), st.spinner("Reading the filings…", show_time=True):
        words = st.empty()
        turn.outcome = _ask(client, question, history, lambda text: _show_words(words, text))
    st.rerun()


def _show_words(place: DeltaGenerator, text: str) -> None:
    place.markdown(escape_answer(text))


def _ask(
    client: BackendClient, question: str, history: list[dict[str, str]], on_text: Callable[[str], None]
) -> Answer | Failure:
    try:
        return client.ask(question, history, on_text)
    except BackendAwayError as error:
        return Failure("No answer arrived.", f"{error} The question can be asked again.")
    except ApiError as error:
        return _describe_refusal(error)


def _describe_refusal(error: ApiError) -> Failure:
    lines = [error.detail, *error.field_errors]
    if error.retry_after_s is not None:
        unit = "second" if error.retry_after_s == 1 else "seconds"
        lines.append(f"Try again in {error.retry_after_s} {unit}.")
    return Failure(f"{error.title} ({error.status})", "\n".join(lines), error.request_id)
