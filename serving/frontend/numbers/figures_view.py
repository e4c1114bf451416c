"""What stands around the text of an answer in numbers: cards, charts, how it was calculated, and the CSV.

Keys: `cards-N`, `chart-N-M` (turn N, chart M), `exact-N`, `csv-N`.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Literal

import streamlit as st

from serving.frontend.contract.figures import Calculation, Fact
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.numbers.cards import choose_cards
from serving.frontend.numbers.chart_data import choose_charts
from serving.frontend.numbers.chart_spec import build_spec, describe_chart
from serving.frontend.numbers.figures_csv import build_csv
from serving.frontend.numbers.trace import build_trace

__all__ = ["Detail", "set_headline_plain", "show_cards", "show_charts", "show_exact_values", "split_after_table"]

Detail = Literal["brief", "standard", "full"]

# A bold statement that opens the answer, perhaps after a verdict ("Yes.").
_HEADLINE = re.compile(r"((?:Yes|No)\. )?\*\*([^*\n]+)\*\*")
_BOLD_LINE = re.compile(r"^(?:(?:Yes|No)\. )?\*\*", re.MULTILINE)
_MOST_ROWS = 100
# What a metric shows is cut where it is too narrow: three cards beside one another, or two.
_SHORT_CHARS = 14
_SHORT_CARD_PX = 205
_CARD_PX = 312


def split_after_table(text: str) -> tuple[str, str]:
    """Return an answer up to the end of its first table, and the rest; (text, "") where it holds no table."""
    blocks = text.split("\n\n")
    for position, block in enumerate(blocks, start=1):
        if block.startswith("|"):
            return "\n\n".join(blocks[:position]), "\n\n".join(blocks[position:])
    return text, ""


def set_headline_plain(text: str) -> str:
    """Return an answer whose one bold opening statement is plain: it says exactly what a card above it says large.

    The title of a table stays bold.
    """
    match = _HEADLINE.match(text)
    if match is None or len(_BOLD_LINE.findall(text)) > 1 or text[match.end() :].lstrip().startswith("|"):
        return text
    return f"{match[1] or ''}{match[2]}{text[match.end() :]}"


def show_cards(facts: Sequence[Fact], calculations: Sequence[Calculation], metrics: Sequence[str], *, key: str) -> bool:
    """Draw the numbers that were asked for, large and rounded, and return whether there were any."""
    cards = choose_cards(facts, calculations, metrics)
    if not cards:
        return False
    is_short = all(max(len(card.value), len(card.change)) <= _SHORT_CHARS for card in cards)
    with st.container(key=f"cards-{key}", horizontal=True, gap="small"):
        for card in cards:
            with st.container(border=True, gap=None, width=_SHORT_CARD_PX if is_short else _CARD_PX):
                # The label of the metric itself would be cut at the end of its line.
                st.caption(escape_inline(card.label))
                st.metric(
                    escape_inline(card.label),
                    escape_inline(card.value),
                    card.change or None,
                    # More is not better: what a change means is for the reader to say.
                    delta_color="off",
                    delta_arrow=card.arrow,
                    delta_description=card.against or None,
                    label_visibility="collapsed",
                )
    return True


def show_charts(
    facts: Sequence[Fact],
    calculations: Sequence[Calculation],
    metrics: Sequence[str],
    *,
    key: str,
    is_titled: bool = True,
    fewest_bars: int = 3,
    detail: Detail = "standard",
) -> None:
    """Draw what makes a chart, nothing where the answer is to be brief; `is_titled` says what is drawn above each."""
    if detail == "brief":
        return
    charts = choose_charts(facts, calculations, metrics, fewest_bars=fewest_bars)
    for position, chart in enumerate(charts, start=1):
        with st.container(key=f"chart-{key}-{position}", gap="xsmall"):
            if is_titled and chart.title:
                st.caption(escape_inline(chart.title))
            st.vega_lite_chart(build_spec(chart), alt=describe_chart(chart), width="stretch")


def show_exact_values(
    facts: Sequence[Fact],
    calculations: Sequence[Calculation],
    *,
    key: str,
    is_cited: bool = True,
    detail: Detail = "standard",
) -> None:
    """Draw the fold with every digit, step and tag, open where all is to be seen, and the download of the same numbers.

    `is_cited` says whether the numbers come with the sources they are printed in.
    """
    if not (facts or calculations):
        return
    title = "How it was calculated" if calculations else "Exact values and tags"
    with st.container(gap="xsmall"):
        with st.expander(title, expanded=detail == "full", key=f"exact-{key}", type="compact"):
            st.markdown(build_trace(facts[:_MOST_ROWS], calculations[:_MOST_ROWS], is_cited=is_cited))
            if max(len(facts), len(calculations)) > _MOST_ROWS:
                st.caption(f"The first {_MOST_ROWS} are listed; the CSV file has all.")
        st.download_button(
            "Download numbers (CSV)",
            # Made when it is asked for: every rerun draws every turn.
            partial(build_csv, facts, calculations),
            file_name=f"finrag-numbers-{key}.csv",
            mime="text/csv",
            key=f"csv-{key}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
