from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.frontend.markup.escaping import escape_answer, escape_inline, escape_lines
from serving.frontend.markup.hidden_controls import isolate, replace_controls
from serving.frontend.markup.passage_html import build_passage_html
from tests.ui.stub_hostile import OVERRIDDEN

# Every bidirectional control of Unicode 15 (UAX #9, section 2) but the isolate that is closed again.
CONTROLS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067"


@pytest.mark.parametrize("escape", [escape_inline, escape_lines, escape_answer, build_passage_html, replace_controls])
def test_no_direction_control_is_left(escape: Callable[[str], str]) -> None:
    shown = escape(f"{OVERRIDDEN} {CONTROLS}\u2068\u2069 end")
    assert not set(shown) & {*CONTROLS, "\u2068", "\u2069"}
    assert "\ufffd050,1\ufffd" in shown, "an override is not seen"


def test_letters_from_right_to_left_are_kept_by_themselves() -> None:
    assert isolate("in שלום עולם 10-K, مرحبا.") == "in \u2068שלום עולם\u2069 10-K, \u2068مرحبا\u2069."
    assert "<bdi>שלום</bdi> 10-K" in build_passage_html("שלום 10-K")
    assert escape_inline("שלום") == "\u2068שלום\u2069"
    assert isolate("plain, naïve 🛰") == "plain, naïve 🛰"


@settings(deadline=None)
@given(st.text())
def test_text_keeps_its_length_so_that_ranges_still_fit(text: str) -> None:
    assert len(replace_controls(text)) == len(text)


def test_what_no_encoding_holds_is_replaced() -> None:
    assert replace_controls("a\ud800b\x00c\nd\te") == "a\ufffdb\ufffdc\nd\te"
    assert escape_inline("\ud83d").encode()
