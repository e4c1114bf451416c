"""One turn of the conversation: the question, and its answer with what it rests on.

Keys: `turn-N` (whole turn), `answer-N` (answer text), `abstained-N`, `failure-N`, `flags-N`, `understood-N`,
`cite-N-M` and `found-N-M` (source buttons: turn N, citation M), `retry-N`.
"""

from collections.abc import Sequence

import streamlit as st

from serving.frontend.contract.answer import Answer
from serving.frontend.contract.passages import Citation
from serving.frontend.conversation.conversation import Failure, Turn, request_question
from serving.frontend.conversation.flags import mark_flags, show_flags
from serving.frontend.evidence.source_pane import label_citation, label_item
from serving.frontend.markup.escaping import escape_answer, escape_inline, escape_lines
from serving.frontend.numbers.figures_view import (
    set_headline_plain,
    show_cards,
    show_charts,
    show_exact_values,
    split_after_table,
)

__all__ = ["ANSWER_ICON", "describe_cost", "describe_price", "describe_understanding", "show_question", "show_turn"]


ANSWER_ICON = ":material/find_in_page:"
_READER_ICON = ":material/person:"


def show_question(question: str) -> None:
    """Draw what the reader asked, word for word."""
    with st.chat_message("user", avatar=_READER_ICON):
        st.markdown(escape_lines(question))


def show_turn(turn: Turn, coverage: str) -> Citation | None:
    """Draw a turn and return the source clicked in it; `coverage` is said when the filings hold no answer."""
    with st.container(key=f"turn-{turn.number}"):
        show_question(turn.question)
        with st.chat_message("assistant", avatar=ANSWER_ICON):
            if isinstance(turn.outcome, Answer):
                return _show_answer(turn.number, turn.outcome, coverage)
            _show_failure(turn, turn.outcome or Failure("This question was interrupted.", "It can be asked again."))
    return None


def _show_failure(turn: Turn, failure: Failure) -> None:
    with st.container(key=f"failure-{turn.number}"):
        request = f"  \nRequest {escape_inline(failure.request_id)}" if failure.request_id else ""
        words = f"**{escape_inline(failure.title)}**  \n{escape_lines(failure.detail)}{request}"
        st.error(words, icon=":material/error:")
        st.button(
            "Ask again",
            key=f"retry-{turn.number}",
            icon=":material/refresh:",
            on_click=request_question,
            args=(turn.question,),
        )


def _show_answer(number: int, answer: Answer, coverage: str) -> Citation | None:
    if answer.abstained:
        with st.container(key=f"abstained-{number}"):
            words = f"**The filings covered here do not hold this answer.**\n\n{escape_answer(answer.text)}"
            st.info(words, icon=":material/search_off:")
            if coverage and not _says_what_is_covered(answer):
                st.caption(escape_inline(coverage))
    else:
        _show_text(number, answer)
        show_flags(answer.flags, key=str(number))
    opened = _show_sources(number, answer)
    show_exact_values(answer.facts, answer.calculations, key=str(number))
    with st.container(key=f"understood-{number}", gap=None):
        if answer.companies or not answer.abstained:
            st.caption(escape_inline(describe_understanding(answer)))
        for note in answer.notes:
            if note not in answer.text:
                st.caption(f":material/info: {escape_inline(note)}")
        st.caption(escape_inline(describe_cost(answer)))
    return opened


def _show_text(number: int, answer: Answer) -> None:
    """Draw the answer: what was asked for stands out, and charts follow the table they are drawn from."""
    with st.container(key=f"answer-{number}"):
        text = mark_flags(answer.text, answer.flags)
        if not answer.is_numeric:
            st.markdown(escape_answer(text))
            return
        if show_cards(answer.facts, answer.calculations, answer.metrics, key=str(number)) and answer.is_quoted:
            text = set_headline_plain(text)
        table, rest = split_after_table(text)
        if table:
            st.markdown(escape_answer(table))
        show_charts(answer.facts, answer.calculations, answer.metrics, key=str(number))
        if rest:
            st.markdown(escape_answer(rest))


def _says_what_is_covered(answer: Answer) -> bool:
    """Whether the answer lists the coverage itself, as an abstention for want of coverage does."""
    return "covered:" in answer.text.casefold()


def _show_sources(number: int, answer: Answer) -> Citation | None:
    """Draw one numbered button for each source and return the one clicked."""
    cited = [citation for citation in answer.citations if citation.cited]
    found = [citation for citation in answer.citations if not citation.cited]
    opened = _show_buttons(cited, prefix=f"cite-{number}") if cited else None
    if found:
        label = "Passages that may explain it" if answer.is_numeric else "Also found"
        with st.expander(f"{label} ({len(found)})", key=f"found-{number}"):
            opened = _show_buttons(found, prefix=f"found-{number}") or opened
    return opened


def _show_buttons(citations: Sequence[Citation], *, prefix: str) -> Citation | None:
    opened = None
    with st.container(horizontal=True, gap="small"):
        for citation in citations:
            label = escape_inline(f"{citation.n} · {label_citation(citation)}")
            if st.button(label, key=f"{prefix}-{citation.n}"):
                opened = citation
    return opened


def describe_understanding(answer: Answer) -> str:
    """Return the companies, years and items the question was read as, in plain words."""
    years = f"fiscal year{'s' if len(answer.fiscal_years) > 1 else ''} {', '.join(answer.fiscal_years)}"
    parts = [
        ", ".join(answer.companies) if answer.companies else "any company",
        years if answer.fiscal_years else "any fiscal year",
        *([", ".join(label_item(item) for item in answer.items)] if answer.items else []),
    ]
    return f"Understood as: {' · '.join(parts)}"


def describe_cost(answer: Answer) -> str:
    """Return time, model and price of an answer in plain words."""
    parts = [_duration(answer.processing_time_ms)] if answer.processing_time_ms is not None else []
    return " · ".join([*parts, _describe_writer(answer), _describe_cost_of(answer)])


def _describe_writer(answer: Answer) -> str:
    if not answer.is_quoted and answer.model_id:
        return answer.model_id
    return "quoted, the language model did not answer" if answer.cost else "quoted, no language model"


def _describe_cost_of(answer: Answer) -> str:
    if answer.is_kept:
        return "answered before, no cost"
    return describe_price(answer.cost) if answer.is_price_known else "price not known"


def describe_price(cost_usd: float | None) -> str:
    """Return a price in US dollars in plain words."""
    if not cost_usd:
        return "no model cost"
    return f"${cost_usd:.4f}" if cost_usd >= 0.0001 else "less than $0.0001"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 100 else "under 0.1 s"
