"""What stands around the text of an answer in numbers: its headline, charts, exact values, and the CSV.

Keys: `chart-N-M` (turn N, chart M), `exact-N`, `csv-N`.
"""

import re
from collections.abc import Sequence
from functools import partial

import streamlit as st

from serving.frontend.contract.figures import Calculation, Fact
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.numbers.chart_data import choose_charts
from serving.frontend.numbers.chart_spec import build_spec, describe_chart
from serving.frontend.numbers.exact_list import build_list
from serving.frontend.numbers.figures_csv import build_csv

__all__ = ["show_charts", "show_exact_values", "split_after_table", "split_headline"]

# A bold statement that opens the answer, perhaps after a verdict ("Yes.").
_HEADLINE = re.compile(r"((?:Yes|No)\. )?\*\*([^*\n]+)\*\*[.:]?\s*")
_BOLD_LINE = re.compile(r"^(?:(?:Yes|No)\. )?\*\*", re.MULTILINE)
_MOST_ROWS = 100


def split_after_table(text: str) -> tuple[str, str]:
    """Return an answer up to the end of its first table, and the rest; (text, "") where it holds no table."""
    blocks = text.split("\n\n")
    for position, block in enumerate(blocks, start=1):
        if block.startswith("|"):
            return "\n\n".join(blocks[:position]), "\n\n".join(blocks[position:])
    return text, ""


def split_headline(text: str) -> tuple[str, str]:
    """Return the one bold statement that opens an answer, and the rest; ("", text) where there is none or several."""
    match = _HEADLINE.match(text)
    if match is None or len(_BOLD_LINE.findall(text)) > 1:
        return "", text
    return (match[1] or "") + match[2], text[match.end() :]


def show_charts(
    facts: Sequence[Fact],
    calculations: Sequence[Calculation],
    metrics: Sequence[str],
    *,
    key: str,
    is_titled: bool = True,
) -> None:
    """Draw what makes a chart, nothing for a number or two; `is_titled` says what is drawn above each."""
    for position, chart in enumerate(choose_charts(facts, calculations, metrics), start=1):
        with st.container(key=f"chart-{key}-{position}", gap="xsmall"):
            if is_titled and chart.title:
                st.caption(escape_inline(chart.title))
            st.vega_lite_chart(build_spec(chart), alt=describe_chart(chart), width="stretch")


def show_exact_values(facts: Sequence[Fact], calculations: Sequence[Calculation], *, key: str) -> None:
    """Draw the fold with every digit and tag, and the download of the same numbers."""
    if not (facts or calculations):
        return
    with st.container(gap="xsmall"):
        with st.expander("Exact values and tags", key=f"exact-{key}", type="compact"):
            st.markdown(build_list(facts[:_MOST_ROWS], calculations[:_MOST_ROWS]))
            if max(len(facts), len(calculations)) > _MOST_ROWS:
                st.caption(f"The first {_MOST_ROWS} are listed; the CSV file has all.")
        st.download_button(
            "Download CSV",
            # Made when it is asked for: every rerun draws every turn.
            partial(build_csv, facts, calculations),
            file_name=f"finrag-numbers-{key}.csv",
            mime="text/csv",
            key=f"csv-{key}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
