"""How answers are made and shown in this session: who writes, from what, and how much of it is drawn.

Keys: `setting-model`, `setting-numbers`, `setting-text`, `setting-detail`.
"""

from dataclasses import dataclass
from typing import get_args

import streamlit as st

from serving.frontend.contract.catalog import Catalog, Model
from serving.frontend.detail import Detail
from serving.frontend.markup.escaping import escape_inline

__all__ = ["Settings", "draw_settings"]

_QUOTING = "extractive"
_DETAIL_HELP = "Brief: the answer and its sources. Standard: charts as well. Full: calculations and times unfolded."


@dataclass(frozen=True, slots=True)
class Settings:
    """What the reader chose; without a `model_key` the back end's default writes."""

    model_key: str | None = None
    include_kpi: bool = True
    include_rag: bool = True
    detail: Detail = "standard"


def draw_settings(catalog: Catalog) -> Settings:
    """Draw the settings and return what is chosen; at least one of numbers and text stays on."""
    model_key = _choose_model(catalog.models)
    has_numbers = st.session_state.get("setting-numbers", True)
    has_text = st.session_state.get("setting-text", True)
    include_kpi = st.toggle(
        "Answer from tagged numbers",
        True,
        key="setting-numbers",
        disabled=has_numbers and not has_text,
        help="Numbers as the filer tagged them, and arithmetic on them.",
        persist_state="session",
    )
    include_rag = st.toggle(
        "Answer from the text",
        True,
        key="setting-text",
        disabled=has_text and not has_numbers,
        help="Passages of the filings.",
        persist_state="session",
    )
    # No segmented control: its chosen option is written in the primary colour, too dark to read on a dark page.
    detail: Detail = st.radio(
        "Detail",
        get_args(Detail),
        get_args(Detail).index("standard"),
        horizontal=True,
        format_func=str.capitalize,
        key="setting-detail",
        help=_DETAIL_HELP,
        persist_state="session",
    )
    return Settings(model_key, include_kpi, include_rag, detail)


def _choose_model(models: tuple[Model, ...]) -> str | None:
    if len(models) < 2:
        st.caption("Answers quote the filings. No language model is set up at the back end.")
        return None
    by_key = {model.key: model for model in models}
    default = next((model.key for model in models if model.is_default), models[0].key)
    chosen = st.selectbox(
        "Who writes the answer",
        list(by_key),
        list(by_key).index(default),
        format_func=lambda key: _describe_model(by_key[key]),
        key="setting-model",
        persist_state="session",
    )
    price = _describe_price(by_key[chosen])
    if price:
        st.caption(escape_inline(price))
    return None if chosen == default else chosen


def _describe_model(model: Model) -> str:
    if model.key == _QUOTING:
        return "Quotations only, no language model"
    return f"{model.key.replace('_', ' ')} · {model.model_id}"


def _describe_price(model: Model) -> str:
    if model.key == _QUOTING:
        return "Quotations cost nothing."
    if model.input_price is None or model.output_price is None:
        return "The price of this model is not known."
    return f"${model.input_price:g} for a million tokens read, ${model.output_price:g} for a million written."
