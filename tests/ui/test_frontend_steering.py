"""What the reader steers: stopping an answer, changing what was understood, limits, settings, links."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.stub_backend import COMPANY, Reply, StubBackend, answer_question, build_catalog
from tests.ui.test_frontend_chat import CHAT, ask, click, find_keys, page, read_page

__all__ = ["page"]

MODELS = [
    {"key": "extractive", "model_id": "extractive", "input_price": 0, "output_price": 0, "is_default": False},
    {"key": "development", "model_id": "a-model", "input_price": 0.1, "output_price": 0.5, "is_default": True},
    {"key": "own", "model_id": "b-model", "input_price": None, "output_price": None, "is_default": False},
]


def test_stopped_answer_keeps_its_words_and_sources_and_can_be_asked_again(page: AppTest, stub: StubBackend) -> None:
    ask(page, "held")
    assert "Writing the answer…" in page.status[0].label
    assert "live-cite-1-1" in find_keys(page)
    assert f"Understood as: {COMPANY}" in read_page(page)
    click(page, "stop")
    assert "This answer was stopped." in page.warning[0].value
    assert "cite-1-1" in find_keys(page)
    assert "stop" not in find_keys(page)
    assert stub.is_left.wait(5)
    stub.gate.set()
    click(page, "retry-1")
    assert "cite-2-1" in find_keys(page)
    assert not page.status


def test_source_opens_while_the_answer_is_written(page: AppTest, stub: StubBackend) -> None:
    ask(page, "held")
    click(page, "live-cite-1-2")
    assert "Item 1A. Risk Factors" in read_page(page)
    assert page.status, "the answer went on"
    stub.gate.set()
    page.run()
    assert "cite-1-1" in find_keys(page)


def test_source_clicked_as_the_answer_comes_to_its_end_opens(page: AppTest, stub: StubBackend) -> None:
    ask(page, "held")
    asking = page.session_state["conversation"].turns[0].asking
    stub.gate.set()
    while asking.outcome is None:
        asking.wait(asking.progress, 5)
    click(page, "live-cite-1-2")
    assert "Item 1A. Risk Factors" in read_page(page)
    page.run()
    assert "cite-1-1" in find_keys(page)
    assert "Item 1A. Risk Factors" in read_page(page), "the drawer outlasts the end of the answer"


def test_answer_goes_on_while_a_setting_is_changed(page: AppTest, stub: StubBackend) -> None:
    ask(page, "held")
    page.toggle(key="setting-numbers").set_value(False).run()
    assert page.status
    assert len(stub.questions) == 1
    stub.gate.set()
    page.run()
    assert "cite-1-1" in find_keys(page)


@pytest.mark.parametrize("chip", ["chip-1-1", "chip-1-3", "change-1"])
def test_chip_opens_the_change_of_what_was_understood(page: AppTest, stub: StubBackend, chip: str) -> None:
    ask(page, "How large were net sales?")
    click(page, chip)
    assert page.multiselect(key="limit-1-companies").value == ["VLMR"]
    assert page.multiselect(key="limit-1-years").value == [2024, 2023]
    assert page.multiselect(key="limit-1-items").value == ["7", "1A"]
    page.multiselect(key="limit-1-years").set_value([2022])
    page.multiselect(key="limit-1-items").set_value([])
    click(page, "ask-again")
    assert stub.questions[-1]["question"] == "How large were net sales?"
    assert stub.questions[-1]["filters"] == {"tickers": ["VLMR"], "fiscal_years": [2022], "items": [], "forms": []}
    assert "Limited to VLMR · fiscal 2022" in read_page(page)
    assert "cite-2-1" in find_keys(page)


def test_change_of_a_trend_leaves_its_years_to_the_question(page: AppTest, stub: StubBackend) -> None:
    ask(page, "trend of revenue")  # tells fiscal 2022 to 2024, and was understood as 2023 and 2024
    click(page, "change-1")
    assert page.multiselect(key="limit-1-years").value == []
    click(page, "ask-again")
    assert stub.questions[-1]["filters"]["fiscal_years"] == []


def ask_follow_up(page: AppTest, stub: StubBackend) -> str:
    """Ask a question that leans on those before it, and return the words it was read in."""
    words = f"What were net sales of {COMPANY} in fiscal 2023?"
    whole = answer_question("and the year before?")
    whole["resolved"]["notes"] = [f"Read as: \u201c{words}\u201d"]
    stub.answers["and the year before?"] = whole
    ask(page, "How large were net sales?")
    ask(page, "and the year before?")
    return words


def test_changed_follow_up_is_asked_in_the_words_it_was_read_in(page: AppTest, stub: StubBackend) -> None:
    words = ask_follow_up(page, stub)
    click(page, "chip-2-1")
    click(page, "ask-again")
    assert stub.questions[-1]["question"] == words


def test_address_of_a_follow_up_means_the_same_elsewhere(page: AppTest, stub: StubBackend) -> None:
    words = ask_follow_up(page, stub)
    assert page.query_params["q"] in (words, [words])


def test_limits_hold_for_every_typed_question(page: AppTest, stub: StubBackend) -> None:
    page.multiselect(key="limit-years").set_value([2023, 2022]).run()
    assert "Typed questions are limited to fiscal 2022, 2023" in read_page(page)
    for question in ("How large were net sales?", "And costs?"):
        ask(page, question)
        assert stub.questions[-1]["filters"]["fiscal_years"] == [2022, 2023]


def test_question_without_limits_is_sent_without_filters(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    assert stub.questions[0]["filters"] is None
    assert (stub.questions[0]["include_kpi"], stub.questions[0]["include_rag"]) == (True, True)
    assert stub.questions[0]["model_key"] is None


def test_one_of_numbers_and_text_stays_on(page: AppTest, stub: StubBackend) -> None:
    page.toggle(key="setting-text").set_value(False).run()
    assert page.toggle(key="setting-numbers").disabled
    ask(page, "How large were net sales?")
    assert (stub.questions[0]["include_kpi"], stub.questions[0]["include_rag"]) == (True, False)


def test_chosen_model_is_asked_and_its_price_is_told(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.replies["/catalog"] = Reply(200, {**build_catalog(), "models": MODELS})
    monkeypatch.setenv("BACKEND_URL", stub.url)
    page = AppTest.from_file(str(CHAT), default_timeout=20).run()
    assert page.selectbox(key="setting-model").value == "development"
    assert r"\$0.1 for a million tokens read, \$0.5 for a million written." in read_page(page)
    page.selectbox(key="setting-model").set_value("own").run()
    assert "The price of this model is not known." in read_page(page)
    ask(page, "How large were net sales?")
    assert stub.questions[0]["model_key"] == "own"


def test_without_a_model_there_is_nothing_to_choose(page: AppTest) -> None:
    assert not page.selectbox
    assert "No language model is set up" in read_page(page)


def test_detail_decides_how_much_is_drawn(page: AppTest) -> None:
    ask(page, "trend of revenue")
    cost = "1.2 s · quoted, no language model · no model cost"
    assert cost in [fold.label for fold in page.expander]
    page.radio(key="setting-detail").set_value("brief").run()
    assert cost in [caption.value for caption in page.caption]
    page.radio(key="setting-detail").set_value("full").run()
    assert next(fold for fold in page.expander if fold.label == cost).proto.expanded


def test_link_asks_its_question_with_its_filters_once(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    page = AppTest.from_file(str(CHAT), default_timeout=20)
    page.query_params["q"] = "How large were net sales?"
    page.query_params["years"] = "2023,x"
    page.run()
    assert [body["question"] for body in stub.questions] == ["How large were net sales?"]
    assert stub.questions[0]["filters"]["fiscal_years"] == [2023]
    assert "cite-1-1" in find_keys(page)
    page.run()
    assert len(stub.questions) == 1
    assert "left out: x" in read_page(page), "it is said as long as the question stands there"


def test_address_carries_the_latest_question_and_its_filters(page: AppTest) -> None:
    page.multiselect(key="limit-companies").set_value(["VLMR"]).run()
    ask(page, "How large were net sales?")
    assert page.query_params["q"] in ("How large were net sales?", ["How large were net sales?"])
    assert page.query_params["tickers"] in ("VLMR", ["VLMR"])
    click(page, "new-conversation")
    assert "q" not in page.query_params


def test_reader_who_goes_back_is_not_brought_forward_again(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    page.query_params.clear()
    page.run()
    assert "q" not in page.query_params
    ask(page, "gross margin?")
    assert page.query_params["q"] in ("gross margin?", ["gross margin?"])


def test_earlier_answer_is_one_line_that_unfolds(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    ask(page, "please abstain")
    ask(page, "gross margin?")
    assert page.button(key="earlier-1").label == "How large were net sales?"
    assert page.button(key="earlier-2").label == "please abstain (not in the filings)"
    assert "cite-1-1" not in find_keys(page)
    assert "cite-3-1" in find_keys(page)
    click(page, "earlier-1")
    assert {"cite-1-1", "cite-3-1"} <= find_keys(page)
    click(page, "earlier-1")
    assert "cite-1-1" not in find_keys(page)


def test_unfolded_answer_makes_room_for_the_next(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    ask(page, "gross margin?")
    click(page, "earlier-1")
    ask(page, "trend of revenue")
    assert not {"cite-1-1", "cite-2-1"} & find_keys(page)


def test_older_questions_are_listed_on_request(page: AppTest) -> None:
    for number in range(1, 9):
        ask(page, f"question {number}")
    assert "earlier-2" not in find_keys(page)
    assert {f"earlier-{number}" for number in range(3, 8)} <= find_keys(page)
    assert page.button(key="older").label == "Show 2 older questions"
    click(page, "older")
    assert {f"earlier-{number}" for number in range(1, 8)} <= find_keys(page)


def test_question_that_is_too_long_keeps_its_beginning_and_says_the_limit(page: AppTest, stub: StubBackend) -> None:
    ask(page, "revenue? " * 500)
    assert "The question is too long." in page.error[0].value
    assert "It has 4,499 characters; at most 3,500 can be asked." in page.error[0].value
    assert page.markdown[0].value.startswith("revenue? revenue?")
    assert stub.questions == []


def test_years_of_the_reports_are_told_apart_from_those_of_the_numbers(page: AppTest, stub: StubBackend) -> None:
    answer = answer_question("trend of revenue")
    answer["resolved"]["fiscal_years"] = [2024]
    stub.answers["revenue over the last three years"] = answer
    ask(page, "revenue over the last three years")
    assert page.button(key="chip-1-2").label == "reports of fiscal 2024"


def test_cost_of_the_conversation_says_what_it_leaves_out(page: AppTest, stub: StubBackend) -> None:
    answer = answer_question("costly")
    answer["metadata"]["llm"] |= {"model_id": "a-model", "cost": 0.25}
    stub.answers["costly"] = answer
    ask(page, "costly")
    assert r"This conversation: \$0.2500" in [caption.value for caption in page.caption]
    ask(page, "held")
    click(page, "stop")
    assert r"This conversation: \$0.2500, without answers that were not finished" in read_page(page)
