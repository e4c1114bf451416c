"""The sources of an answer as a reader walks over them, run by Streamlit's AppTest against the stub back end."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.stub_backend import RISK_SENTENCE, RISK_TEXT, Reply, StubBackend, build_passage, build_problem
from tests.ui.test_frontend_chat import ask, click, find_keys, page, read_html, read_page

__all__ = ["page"]

QUESTION = "How large were net sales?"
TABLE, RISK = "/passages/vlmr%2F2024%3At1", "/passages/vlmr%2F2024%3Ar1"


def draw(url: str, answer: object, position: int) -> None:
    """Draw the drawer alone."""
    import streamlit as st

    from serving.frontend.api_client import BackendClient
    from serving.frontend.contract.answer import Answer
    from serving.frontend.evidence.source_pane import show_source
    from serving.frontend.evidence.source_walk import SourceWalk

    client = BackendClient(url)
    if "walk" not in st.session_state:
        st.session_state.walk = SourceWalk(Answer.from_json(answer).citations, position)
    show_source(client, st.session_state.walk)
    client.close()


def open_drawer(stub: StubBackend, *, position: int = 0, question: str = QUESTION) -> AppTest:
    """Return the drawer, opened at one of the sources of an answer."""
    answer = stub.answer("/query", {"question": question}).body
    drawer = AppTest.from_function(draw, default_timeout=20, args=(stub.url, answer, position)).run()
    assert not drawer.exception
    return drawer


def change_answer(stub: StubBackend, change: Callable[[dict[str, Any]], None]) -> None:
    """Have the stub answer with its first citation changed."""
    answer = stub.answer("/query", {"question": QUESTION}).body
    assert isinstance(answer, dict)
    change(answer["citations"][0])
    stub.replies["/query"] = Reply(200, answer)


def test_source_opens_on_the_cited_words(page: AppTest) -> None:
    ask(page, QUESTION)
    click(page, "cite-1-2")
    html, words = read_html(page), read_page(page)
    assert f"<mark><b>{RISK_SENTENCE}</b></mark>" in html.replace("<wbr>", "")
    assert "test a second &lt;source&gt;" in html
    assert "We sell gauges to laboratories" in html
    assert "Prices of parts may rise" in html
    assert "Form 10-K · fiscal year 2024 · Item 1A. Risk Factors · accession 0009990001-24-000001" in words
    assert "**Source 2, cited:** the words it rests on are marked." in words
    assert page.link_button(key="source-link").url == "https://filings.example/velmora-2024.htm"
    assert page.link_button(key="source-link").label == "Open the filing at filings.example"


def test_reader_walks_over_all_sources_cited_ones_first(stub: StubBackend) -> None:
    drawer = open_drawer(stub)
    seen = []
    for _ in range(4):
        words = read_page(drawer)
        seen.append(next(f"{n} of 3" for n in (1, 2, 3) if f"**{n} of 3**" in words))
        seen.append(next(f"source {n}" for n in (1, 2, 3) if f"**Source {n}, " in words))
        click(drawer, "source-next")
    assert seen == ["1 of 3", "source 1", "2 of 3", "source 2", "3 of 3", "source 3", "1 of 3", "source 1"]
    click(drawer, "source-previous")
    click(drawer, "source-previous")
    assert "**3 of 3**" in read_page(drawer)
    assert "A rival could copy our gauges." in read_html(drawer)
    assert "Net sales" not in read_html(drawer), "the words of another source are still there"


def test_single_source_has_nowhere_to_walk(stub: StubBackend) -> None:
    drawer = open_drawer(stub, question="trend of revenue")
    assert "**1 of 1**" in read_page(drawer)
    assert not find_keys(drawer) & {"source-next", "source-previous"}


def test_found_source_is_not_called_evidence(page: AppTest) -> None:
    ask(page, QUESTION)
    click(page, "found-1-3")
    assert "**Source 3, also found:** the answer does not cite it." in read_page(page)
    assert "<mark>" not in read_html(page)


def test_marked_places_far_apart_are_shown_one_after_the_other(stub: StubBackend) -> None:
    text = "FIRST " + "words of a sentence. " * 40 + "SECOND end."
    second = text.index("SECOND")
    marks = [[0, 5], [second, second + 6]]
    change_answer(stub, lambda citation: citation.update(text=text, highlights=marks))
    stub.replies[TABLE] = Reply(200, {"passage": build_passage("p", text), "before": [], "after": []})
    drawer = open_drawer(stub)
    assert "2 marked places, number 1 in sight" in read_page(drawer)
    assert len(drawer.get("html")) == 1
    click(drawer, "source-mark")
    assert "2 marked places, number 2 in sight" in read_page(drawer)
    folded, shown = (str(element.proto.body) for element in drawer.get("html"))
    assert "<b>FIRST</b>" in folded
    assert shown.index("<b>SECOND</b>") < 250
    click(drawer, "source-mark")
    assert "number 1 in sight" in read_page(drawer)


def test_several_marks_near_each_other_are_counted(stub: StubBackend) -> None:
    change_answer(stub, lambda citation: citation.update(highlights=[[0, 9], [12, 21], [24, 33]]))
    drawer = open_drawer(stub)
    assert "3 marked places." in read_page(drawer)
    assert "source-mark" not in find_keys(drawer)


def test_reader_reads_on_until_the_filing_ends(stub: StubBackend) -> None:
    further = [build_passage("vlmr/2024:a2", "A passage far behind.") | {"item": "1B", "item_title": "Comments"}]
    reply = {"passage": build_passage("vlmr/2024:a1", ""), "before": [], "after": further}
    stub.replies["/passages/vlmr%2F2024%3Aa1"] = Reply(200, reply)
    stub.replies["/passages/vlmr%2F2024%3Aa2"] = Reply(200, {**reply, "after": []})
    drawer = open_drawer(stub, position=1)
    click(drawer, "source-more-after")
    html = read_html(drawer)
    assert html.index("Prices of parts") < html.index("A passage far behind.")
    assert "Item 1B. Comments" in read_page(drawer)
    click(drawer, "source-more-after")
    assert "source-more-after" not in find_keys(drawer)
    assert "source-more-before" in find_keys(drawer)


def test_reading_further_back_is_bounded(stub: StubBackend) -> None:
    again = {"passage": build_passage("b", ""), "before": [build_passage("vlmr/2024:b1", "Earlier.")], "after": []}
    stub.replies["/passages/vlmr%2F2024%3Ab1"] = Reply(200, again)
    drawer = open_drawer(stub, position=1)
    steps = 0
    while "source-more-before" in find_keys(drawer):
        click(drawer, "source-more-before")
        steps += 1
    assert steps == 10
    assert "stands in the filing itself" in read_page(drawer)


def test_what_was_read_is_kept_when_more_cannot_be_had(stub: StubBackend) -> None:
    stub.replies["/passages/vlmr%2F2024%3Aa1"] = Reply(500, {"detail": "The store is slow."})
    drawer = open_drawer(stub, position=1)
    click(drawer, "source-more-after")
    assert "More of the filing cannot be shown: The store is slow." in read_page(drawer)
    assert "Prices of parts may rise" in read_html(drawer)
    assert "source-more-after" in find_keys(drawer)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(500, {"detail": "The store is slow."}), "The store is slow."),
        (build_problem(404, "Not Found", "The index holds no such passage."), "The index holds no such passage."),
        (Reply(200, {"passage": None}), "not shaped as agreed"),
        (
            Reply(200, {"passage": build_passage("t1", "Other words"), "before": [], "after": []}),
            "The index has changed since this answer",
        ),
    ],
)
def test_cited_words_are_shown_when_the_passage_cannot_be_had(stub: StubBackend, reply: Reply, reason: str) -> None:
    stub.replies[TABLE] = reply
    drawer = open_drawer(stub)
    assert "<mark><b>Net sales</b></mark>" in read_html(drawer)
    assert "<table" in read_html(drawer)
    assert "The words the answer used are below. What stands around them cannot be shown: " in drawer.warning[0].value
    assert reason in drawer.warning[0].value
    del stub.replies[TABLE]
    click(drawer, "source-retry")
    assert not drawer.warning
    assert "We sell gauges to laboratories" in read_html(drawer)


def test_cited_words_are_shown_when_the_back_end_is_away(stub: StubBackend) -> None:
    drawer = open_drawer(stub)
    stub.replies[RISK] = Reply(503, {})
    click(drawer, "source-next")
    assert RISK_TEXT.split()[0] in read_html(drawer)
    assert "busy or starting" in drawer.warning[0].value


def test_neighbours_of_a_source_are_fetched_once(stub: StubBackend) -> None:
    drawer = open_drawer(stub, position=1)
    calls = len(stub.headers)
    click(drawer, "source-more-after")
    assert len(stub.headers) == calls + 1


def test_source_link_is_left_out_when_it_is_no_web_address(page: AppTest, stub: StubBackend) -> None:
    change_answer(stub, lambda citation: citation.update(source_url="javascript:alert(1)"))
    ask(page, QUESTION)
    click(page, "cite-1-1")
    assert not page.get("link_button")


def test_walk_goes_on_while_the_page_is_drawn_anew(page: AppTest) -> None:
    ask(page, QUESTION)
    click(page, "found-1-3")
    assert "**3 of 3**" in read_page(page)
    click(page, "source-previous")
    page.run()
    assert "**2 of 3**" in read_page(page)
