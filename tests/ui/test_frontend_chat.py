"""The page as a reader uses it, run by Streamlit's AppTest against the stub back end."""

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.stub_backend import (
    COMPANY,
    REQUEST_ID,
    Reply,
    StubBackend,
    answer_question,
    build_problem,
    serve_stub,
    stream_of,
)

CHAT = Path(__file__).parents[2] / "serving" / "frontend" / "chat.py"


@pytest.fixture
def page(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, opened with the stub as its back end."""
    monkeypatch.setenv("BACKEND_URL", stub.url)
    monkeypatch.delenv("FINRAG_API_KEY", raising=False)
    return open_page()


def open_page() -> AppTest:
    page = AppTest.from_file(str(CHAT), default_timeout=20).run()
    assert not page.exception
    return page


def ask(page: AppTest, question: str) -> None:
    page.chat_input(key="question").set_value(question).run()
    assert not page.exception


def click(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert not page.exception


def read_page(page: AppTest) -> str:
    """Return all Markdown sources, captions, boxes and labels of folds of the page, one a line."""
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return "\n".join([*(str(element.value) for element in elements), *(str(fold.label) for fold in page.expander)])


def read_html(page: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in page.get("html"))


def find_keys(page: AppTest) -> set[str]:
    return {str(button.key) for button in page.button}


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_empty_page_shows_state_coverage_and_examples(page: AppTest) -> None:
    words = read_page(page)
    assert page.title[0].value == "FinRAG"
    assert "Back end: **ok**" in words
    assert "3 filings · 1,842 passages" in words
    assert page.get("page_link")[0].proto.label == "Covered: 1 company"
    assert "(fictional) do not exist" in words
    examples = [button.label for button in page.button if str(button.key).startswith("example-")]
    assert 3 <= len(examples) <= 4
    assert all("Velmora Instruments" in example for example in examples)


def test_example_is_asked_when_clicked(page: AppTest, stub: StubBackend) -> None:
    label = page.button(key="example-1").label
    click(page, "example-1")
    assert [body["question"] for body in stub.questions] == [label]
    assert "example-1" not in find_keys(page)


def test_answer_comes_with_sources_understanding_and_cost(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    words = read_page(page)
    assert r"Net sales were **\$412.3 million** in fiscal 2024" in words
    assert r"\[1\]" in words
    assert "| Net sales |" in words
    chips = [page.button(key=f"chip-1-{position}").label for position in (1, 2, 3)]
    assert chips == [COMPANY, "fiscal 2023, 2024", "Item 7, Item 1A"]
    assert "Fiscal 2024 ends on 2024-06-30." in words
    assert "1.2 s · quoted, no language model · no model cost" in words
    assert page.button(key="cite-1-1").label == "1 · VLMR FY2024 Item 7"
    assert page.button(key="cite-1-2").label == "2 · VLMR FY2024 Item 1A"
    assert page.button(key="found-1-3").label == "3 · VLMR FY2024 Item 1A"
    assert page.expander[0].label == "Also found (1)"
    assert "cite-1-3" not in find_keys(page)


def test_calculated_number_stands_out_and_comes_with_its_trace(page: AppTest) -> None:
    ask(page, "gross margin?")
    words = read_page(page)
    (card,) = page.metric
    assert (card.label, card.value, card.delta) == ("Gross margin, FY2024", "39.1 %", "")
    # The words of the back end stay, without being as loud as the card.
    assert f"{COMPANY}: Gross margin, fiscal 2024: about 39.10 %" in words.replace("\\", "")
    assert f"**{COMPANY}: Gross margin" not in words.replace("\\", "")
    assert r"- Revenue: \$412,300 thousand \[1\]" in words
    assert "- Exact result: 0.3909774436090226\n- Rounded: 39.1 %" in words
    assert r":small[us-gaap\:Revenues · filing 0009990001-24-000001]" in words
    assert r":small[412,300,000 USD] | :small[\[1\]] |" in words
    assert page.download_button(key="csv-1").label == "Download numbers (CSV)"
    assert not page.get("vega_lite_chart")
    assert [fold.label for fold in page.expander][:2] == ["Passages that may explain it (1)", "How it was calculated"]
    click(page, "cite-1-1")
    assert "<mark><b>Net sales</b></mark>" in read_html(page)


def test_series_is_drawn_below_its_table(page: AppTest) -> None:
    ask(page, "trend of revenue")
    (card,) = page.metric
    assert (card.label, card.value, card.delta) == ("Revenue, FY2024", r"\$412.3 million", "+5.79 %")
    assert card.proto.delta_description == "vs FY2023"
    assert [fold.label for fold in page.expander][:1] == ["Exact values and tags"]
    chart = page.get("vega_lite_chart")[0].proto
    assert "FY2022 371,204,000 USD; FY2023 389,750,000 USD; FY2024 412,300,000 USD" in chart.alt
    assert not chart.data.data, "the numbers went through pandas"
    table, note = (
        element.value for element in page.markdown if "Revenue | fiscal" in element.value or "Note" in element.value
    )
    assert "fiscal 2024" in table
    assert note == "Note: Fiscal years end in June."
    assert page.download_button(key="csv-1")


def test_answer_in_prose_has_neither_headline_nor_download(page: AppTest) -> None:
    ask(page, "How large were net sales?")
    assert not page.download_button
    assert not page.get("vega_lite_chart")
    assert not page.metric
    assert not page.subheader


def test_earlier_turns_are_sent_and_forgotten_on_request(page: AppTest, stub: StubBackend) -> None:
    ask(page, "How large were net sales?")
    ask(page, "And the year before?")
    assert [message["role"] for message in stub.questions[1]["history"]] == ["user", "assistant"]
    assert stub.questions[1]["history"][0]["content"] == "How large were net sales?"
    click(page, "new-conversation")
    assert "example-1" in find_keys(page)
    ask(page, "Who supplies the sensors?")
    assert stub.questions[2]["history"] == []


def test_conversation_is_bounded(page: AppTest, stub: StubBackend) -> None:
    for number in range(1, 22):
        ask(page, f"question {number}")
    assert "Only the last 20 questions are kept; 1 older dropped." in read_page(page)
    assert "cite-1-1" not in find_keys(page)
    assert "cite-21-1" in find_keys(page)
    assert len(stub.questions[-1]["history"]) == 20


def test_abstention_is_calm_and_says_what_is_covered(page: AppTest) -> None:
    ask(page, "please abstain")
    assert "do not hold this answer" in page.info[0].value
    assert "No filing of fiscal year 1999 is covered." in page.info[0].value
    assert f"Covered here: {COMPANY}, fiscal years 2022 to 2024." in read_page(page)
    assert not page.error


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("wrongly put", ["Unprocessable Content (422)", "question\\: at least 3 characters", f"Request {REQUEST_ID}"]),
        ("a long question", ["Content Too Large (413)", "larger than 64 KiB"]),
        ("over the limit", ["Too Many Requests (429)", "Try again in 7 seconds."]),
        ("broken", ["Unexpected answer (200)", "not shaped as agreed"]),
    ],
)
def test_refusal_is_shown_in_words(page: AppTest, question: str, parts: list[str]) -> None:
    ask(page, question)
    assert len(page.error) == 1
    shown = page.error[0].value
    assert [part for part in parts if part.replace("\\:", ":") not in shown.replace("\\:", ":")] == []


@pytest.mark.parametrize("typed", ["", " ", "hi", "  ab  "])
def test_what_is_no_question_is_not_asked(page: AppTest, stub: StubBackend, typed: str) -> None:
    ask(page, typed)
    assert not stub.questions
    assert not page.chat_message
    assert "at least 3 characters" in page.toast[0].value


def test_refusal_is_not_said_twice(page: AppTest, stub: StubBackend) -> None:
    errors = [{"field": "question", "message": "is too vague"}]
    detail = "The request cannot be used: question: is too vague."
    stub.replies["/query/stream"] = build_problem(422, "Unprocessable Content", detail, errors=errors)
    ask(page, "How large were net sales?")
    assert page.error[0].value.count("is too vague") == 1


def test_answer_that_breaks_off_keeps_what_there_is_of_it(page: AppTest, stub: StubBackend) -> None:
    whole = stream_of(Reply(200, answer_question("How large were net sales?")))
    before_end, _, _ = str(whole.body).partition("event: done")
    stub.replies["/query/stream"] = Reply(200, before_end, content_type=whole.content_type)
    ask(page, "How large were net sales?")
    assert "Net sales were **" in read_page(page)
    assert "cite-1-1" in find_keys(page)
    assert "The answer broke off." in page.error[0].value
    assert "not the whole answer" in page.error[0].value
    assert "retry-1" in find_keys(page)


def test_question_is_asked_again_on_request(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/query"] = Reply(503, {})
    ask(page, "How large were net sales?")
    del stub.replies["/query"]
    click(page, "retry-1")
    assert [body["question"] for body in stub.questions] == ["How large were net sales?"]
    assert "cite-2-1" in find_keys(page)


def test_hostile_text_is_inert(page: AppTest) -> None:
    ask(page, "hostile *text* <b>")
    shown = next(element.value for element in page.markdown if "Still a citation" in element.value)
    for live in ("![pixel](", "[click](", "<script", "<img", "https://", "www.evil", " $x", ":red[", "\n# "):
        assert live not in shown.replace("\\<", "\\ ").replace("\\[", "\\ ")
    assert all(not element.allow_html for element in page.markdown)
    click(page, "cite-1-1")
    assert "<script" not in read_html(page)
    assert "&lt;script&gt;" in read_html(page)


def test_page_comes_back_when_the_back_end_does(monkeypatch: pytest.MonkeyPatch) -> None:
    port = find_free_port()
    monkeypatch.setenv("BACKEND_URL", f"127.0.0.1:{port}")
    page = open_page()
    assert "Back end: **away**" in read_page(page)
    assert "`make run` or `finrag up`" in page.warning[0].value
    assert page.chat_input(key="question").disabled
    with serve_stub(StubBackend(), port):
        page.run()
        assert "Back end: **ok**" in read_page(page)
        assert not page.warning
        assert not page.chat_input(key="question").disabled


def test_question_is_kept_when_the_back_end_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = StubBackend()
    with serve_stub(stub):
        monkeypatch.setenv("BACKEND_URL", stub.url)
        page = open_page()
    ask(page, "How large were net sales?")
    assert "No answer arrived." in page.error[0].value
    assert "Back end: **away**" in read_page(page)
    with serve_stub(stub, urlsplit(stub.url).port or 0):
        click(page, "retry-1")
    assert "cite-2-1" in find_keys(page)


def test_missing_index_says_which_command_to_run(page: AppTest, stub: StubBackend) -> None:
    stub.mode = "no index"
    page.run()
    assert "Back end: **no index**" in read_page(page)
    assert "`finrag ingest SOURCE && finrag index`" in page.warning[0].value
    assert "The store holds no current index version." in page.warning[0].value
    stub.mode = "ok"
    page.run()
    assert not page.warning


@pytest.mark.parametrize(
    "replies",
    [
        {"/health": Reply(502, "<html>Bad gateway</html>", content_type="text/html")},
        {"/health": Reply(503, "no healthy upstream", content_type="text/plain")},
        {
            "/health": Reply(503, {"status": "unavailable", "store": "ok", "index_version": None}),
            "/readyz": Reply(503, {"title": "x", "status": 503, "detail": "Not yet.", "reason": "loading"}),
        },
    ],
)
def test_back_end_that_starts_is_said_to_wake_up(page: AppTest, stub: StubBackend, replies: dict[str, Reply]) -> None:
    stub.replies |= replies
    page.run()
    assert "Back end: **waking up**" in read_page(page)
    assert "this takes up to a minute" in page.warning[0].value
    assert page.chat_input(key="question").disabled
    for path in replies:
        del stub.replies[path]
    page.run()
    assert not page.warning


def test_index_that_could_not_be_loaded_is_told_and_is_no_outage(page: AppTest, stub: StubBackend) -> None:
    reason = "index version 0123456789abcdef has format 9: rebuild"
    stub.replies["/health"] = Reply(200, {"status": "degraded", "store": "ok", "refresh_error": reason})
    page.run()
    words = read_page(page)
    assert f"A newer index could not be loaded: {reason}" in words
    assert "storage is unreachable" not in words


def test_unreachable_storage_is_told_apart(page: AppTest, stub: StubBackend) -> None:
    stub.mode = "degraded"
    page.run()
    assert "Back end: **degraded**" in read_page(page)
    assert not page.warning
    stub.replies["/health"] = Reply(503, {"status": "storage unavailable", "store": "unreachable"})
    stub.replies["/readyz"] = Reply(503, {})
    page.run()
    assert "Back end: **storage unavailable**" in read_page(page)
    assert "`finrag doctor`" in page.warning[0].value


def test_other_service_behind_the_address_is_called_not_usable(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/health"] = Reply(200, "<html>", content_type="text/html")
    page.run()
    assert "Back end: **not usable**" in read_page(page)
    assert "BACKEND\\_URL" in page.warning[0].value


def test_missing_catalog_leaves_the_chat_usable(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    stub.replies["/catalog"] = Reply(500, {"detail": "No catalog today."})
    page = open_page()
    assert "cannot be shown: No catalog today." in read_page(page)
    ask(page, "How large were net sales?")
    assert "cite-1-1" in find_keys(page)


def test_nonsense_address_gives_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", "<internal hostname>")
    page = open_page()
    assert len(page.error) == 1
    assert "BACKEND\\_URL is not the http or https address" in page.error[0].value
    assert not page.chat_input


def test_key_is_sent_with_every_call(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    monkeypatch.setenv("FINRAG_API_KEY", "k-123")
    ask(open_page(), "How large were net sales?")
    assert {headers.get("X-API-Key") for headers in stub.headers} == {"k-123"}


def test_front_end_loads_neither_data_frames_nor_the_pipeline() -> None:
    program = (
        "import importlib, pkgutil, sys, serving.frontend\n"
        "for module in pkgutil.walk_packages(serving.frontend.__path__, 'serving.frontend.'):\n"
        "    module.name == 'serving.frontend.chat' or importlib.import_module(module.name)\n"
        "from serving.frontend.contract.figures import read_facts\n"
        "from serving.frontend.numbers.figures_view import show_cards, show_charts, show_exact_values\n"
        "from serving.frontend.contract.json_row import JsonRow\n"
        "from tests.ui.stub_numbers import build_revenues\n"
        "facts = read_facts(JsonRow({'facts': build_revenues()}), 'facts')\n"
        "assert show_cards(facts, (), (), key='1')\n"
        "show_charts(facts, (), (), key='1')\n"
        "show_exact_values(facts, (), key='1')\n"
        "print(sorted({'pandas', 'numpy', 'polars', 'pyarrow', 'finrag_ml_tg1', 'serving.backend'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
