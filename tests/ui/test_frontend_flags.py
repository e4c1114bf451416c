"""What the evidence does not bear out is marked in the answer and explained; planted lines stay inert on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from serving.frontend.contract.answer import Flag
from serving.frontend.conversation.flags import mark_flags
from serving.frontend.markup.escaping import escape_answer, escape_inline, escape_lines
from tests.injections import INJECTIONS
from tests.ui.stub_backend import Reply, StubBackend, build_answer
from tests.ui.stub_numbers import build_revenues
from tests.ui.test_frontend_chat import ask, page, read_page

__all__ = ["page"]

ANSWER = "Net sales were $412.3 billion in fiscal 2024. Morale was excellent."
FLAGS: list[dict[str, Any]] = [
    {"kind": "number", "start": 15, "end": 29, "text": "$412.3 billion", "reason": "This figure stands in no source."},
    {"kind": "unsupported", "start": 46, "end": 67, "text": "Morale was excellent.", "reason": "It cites nothing."},
]


def test_flagged_words_are_marked_and_explained(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/query"] = Reply(200, {**build_answer("q", ANSWER, []), "flags": FLAGS})
    ask(page, "How large were net sales?")
    words = read_page(page)
    assert r"\$412.3 billion ⚠ in fiscal 2024. Morale was excellent. ⚠" in words
    assert r"“\$412.3 billion”: This figure stands in no source." in words
    assert "“Morale was excellent.”: It cites nothing." in words
    assert [warning.icon for warning in page.warning] == [":material/warning:"]


def test_answer_without_flags_has_no_warning(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    assert "⚠" not in read_page(page)
    assert not page.warning


def test_answer_given_before_costs_nothing(page: AppTest, stub: StubBackend) -> None:
    answer = build_answer("q", ANSWER, [])
    answer["metadata"]["cached"] = True
    stub.replies["/query"] = Reply(200, answer)
    ask(page, "How large were net sales?")
    assert "answered before, no cost" in read_page(page)


def test_price_that_nobody_knows_is_not_called_free(page: AppTest, stub: StubBackend) -> None:
    answer = build_answer("q", ANSWER, [])
    answer["metadata"]["llm"] |= {"model_id": "a-model", "price_known": False}
    stub.replies["/query"] = Reply(200, answer)
    ask(page, "How large were net sales?")
    assert "a-model · price not known" in read_page(page)


def test_answer_of_a_model_that_begins_in_bold_stays_whole(page: AppTest, stub: StubBackend) -> None:
    answer = {**build_answer("q", "**Velmora**'s net sales were stable.", []), "facts": build_revenues()}
    answer["metadata"]["llm"] |= {"model_id": "a-model"}
    stub.replies["/query"] = Reply(200, answer)
    ask(page, "How large were net sales?")
    assert "**Velmora**'s net sales were stable." in read_page(page)


def test_conversation_tells_what_it_cost(page: AppTest, stub: StubBackend) -> None:
    answer = build_answer("q", ANSWER, [])
    answer["metadata"]["llm"] |= {"model_id": "a-model", "cost": 0.25}
    stub.replies["/query"] = Reply(200, answer)
    ask(page, "How large were net sales?")
    ask(page, "And before?")
    words = read_page(page)
    assert r"a-model · \$0.2500" in words
    assert r"This conversation: \$0.5000" in words


def test_marks_stand_behind_what_they_mark_whatever_the_order() -> None:
    flags = [Flag("number", 4, 5, "5", ""), Flag("number", 0, 1, "1", ""), Flag("number", 4, 5, "5", "")]
    assert mark_flags("1 😀 5", flags) == "1 ⚠ 😀 5 ⚠"
    assert mark_flags("short", [Flag("number", 0, 99, "x", "")]) == "short"


@pytest.mark.parametrize("line", INJECTIONS.values(), ids=INJECTIONS)
@pytest.mark.parametrize("escape", [escape_answer, escape_inline, escape_lines])
def test_planted_line_is_escaped(line: str, escape: Callable[[str], str]) -> None:
    assert is_inert(escape(line)), escape(line)


def test_planted_lines_in_an_answer_are_shown_inert(page: AppTest, stub: StubBackend) -> None:
    lines = list(INJECTIONS.values())
    flags = [{"kind": "number", "start": 0, "end": 1, "text": line[:200], "reason": line[:200]} for line in lines]
    answer = build_answer("q", "\n\n".join(lines), [])
    answer["resolved"]["notes"] = lines
    stub.replies["/query"] = Reply(200, {**answer, "flags": flags})
    ask(page, "How large were net sales?")
    shown = [str(element.value) for element in [*page.markdown, *page.warning, *page.caption]]
    assert any("PWNED" in text for text in shown)
    for text in shown:
        own_icon = re.match(r":material/(?:info|check_circle): ", text)
        assert is_inert(text[own_icon.end() :] if own_icon else text), text


def is_inert(markdown: str) -> bool:
    """Whether Streamlit's Markdown makes no tag, link, image, code, formula, icon or colour of it."""
    opens = r"(?<!\\)(?:\\\\)*[<`$]|(?<!\\)(?:\\\\)*\]\(|(?<!\\)(?:\\\\)*:(?:red|material/|streamlit:|smile:)"
    return not re.search(opens, markdown) and not re.search(r"(?:https?:|www\.)\S", markdown)
