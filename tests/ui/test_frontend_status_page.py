"""The status page on the stub back end, and its words for times and money."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from serving.frontend.contract.json_row import ContractError
from serving.frontend.contract.usage import Usage
from serving.frontend.status.measures import (
    build_usage_table,
    describe_budget,
    describe_latency,
    describe_uptime,
    write_usd,
)
from tests.ui.stub_backend import Reply, StubBackend
from tests.ui.stub_coverage import build_usage


def draw_page() -> None:
    """Draw the page alone; AppTest cannot follow a link to a page that is a function."""
    import os

    from serving.frontend.api_client import BackendClient
    from serving.frontend.status.backend_status import read_status
    from serving.frontend.status.page import draw_status

    client = BackendClient(os.environ["BACKEND_URL"], "k-secret")
    draw_status(client, read_status(client))


@pytest.fixture
def page(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    return run(AppTest.from_function(draw_page, default_timeout=20))


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def read_words(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.info, *page.warning])


def read_metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def read_usage(**changes: object) -> Usage:
    return Usage.from_json(build_usage() | changes)


def test_page_shows_state_index_times_and_cost(page: AppTest, stub: StubBackend) -> None:
    assert read_metrics(page) == {
        "State": "ok",
        "Store": "reachable",
        "Running for": "5 s",
        "Memory": "200 MiB",
        "Index version": "2024-07-01T00-00-00",
        "Filings": "3",
        "Passages": "1,842",
        "Half answered within": "84 ms",
        "95 % answered within": "2.3 s",
        "Cost today": r"\$0.1234",
        "Budget left today": r"\$4.88",
    }
    words = read_words(page)
    assert "| Questions | 42 | 1,042 |" in words
    assert f"Streamlit {st.__version__}" in words
    assert stub.url.removeprefix("http://") in words
    assert "k-secret" not in words
    assert not page.warning


def test_refresh_reads_everything_anew(page: AppTest, stub: StubBackend) -> None:
    usage = build_usage()
    usage["today"]["queries"] = 43
    stub.replies["/usage"] = Reply(200, usage)
    stub.mode = "degraded"
    page.button(key="status-refresh").click()
    run(page)
    assert "| Questions | 43 | 1,042 |" in read_words(page)
    assert [read_metrics(page)[name] for name in ("State", "Store")] == ["degraded", "unreachable"]


def test_usage_that_cannot_be_had_is_told_and_the_rest_is_shown(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/usage"] = Reply(429, {"detail": "Too many *calls*."})
    run(page)
    assert page.info[0].value == r"What was used is not known: Too many \*calls\*."
    assert read_metrics(page)["Filings"] == "3"


def test_missing_index_says_what_to_do_and_still_shows_the_process(page: AppTest, stub: StubBackend) -> None:
    stub.mode = "no index"
    run(page)
    assert "`finrag ingest SOURCE && finrag index`" in page.warning[0].value
    assert [read_metrics(page)[name] for name in ("State", "Index version", "Memory")] == [
        "no index",
        "none",
        "200 MiB",
    ]


def test_back_end_that_is_away_leaves_the_front_end_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", "http://127.0.0.1:9/a-secret-path")
    page = run(AppTest.from_function(draw_page, default_timeout=20))
    assert "`make run` or `finrag up`" in page.warning[0].value
    assert not page.metric
    words = read_words(page)
    assert "127.0.0.1:9" in words
    assert "a-secret-path" not in words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (7_500, "2 h 5 min"), (93_600, "1 d 2 h")],
)
def test_uptime_is_told_in_its_largest_units(seconds: float | None, words: str) -> None:
    assert describe_uptime(seconds) == words


@pytest.mark.parametrize(("milliseconds", "words"), [(None, "–"), (0.4, "0 ms"), (999.4, "999 ms"), (999.5, "1.0 s")])
def test_latency_changes_its_unit_at_a_second(milliseconds: float | None, words: str) -> None:
    assert describe_latency(milliseconds) == words


@pytest.mark.parametrize(
    ("usd", "words"),
    [(0, r"\$0.00"), (0.000_01, r"under \$0.0001"), (0.000_155, r"\$0.0002"), (1_234.5, r"\$1,234.50")],
)
def test_dollars_have_the_digits_that_tell_something(usd: float, words: str) -> None:
    assert write_usd(usd) == words


@pytest.mark.parametrize(
    ("changes", "since_start_only", "words"),
    [
        ({"daily_usd": None, "left_usd": None}, False, "no daily limit"),
        ({}, None, r"\$4.88 of today's \$5.00 for language models is left."),
        ({"is_spent": True, "left_usd": 0.0}, False, r"Today's \$5.00 for language models is spent"),
        ({"is_complete": False}, False, "still being counted"),
        ({"is_complete": False}, True, "is not known, and not counted"),
    ],
)
def test_budget_is_told_with_what_follows(
    changes: dict[str, object], since_start_only: bool | None, words: str
) -> None:
    usage = read_usage(budget=build_usage()["budget"] | changes, since_start_only=since_start_only)
    assert words in describe_budget(usage)


def test_usage_table_holds_today_beside_all_days() -> None:
    assert build_usage_table(read_usage()).splitlines() == [
        "| | Today (UTC) | Since 2024-06-01 |",
        "|:---|---:|---:|",
        "| Questions | 42 | 1,042 |",
        "| Tokens read | 61,234 (1,000 from a cache) | 1,261,234 |",
        "| Tokens written | 2,345 | 82,345 |",
        r"| Cost of models | \$0.1234 | \$7.50 |",
    ]


def test_first_process_without_a_question_has_no_times(page: AppTest, stub: StubBackend) -> None:
    stub.replies["/usage"] = Reply(200, build_usage() | {"latency_ms": {"p50": None, "p95": None}})
    run(page)
    assert read_metrics(page)["Half answered within"] == "–"
    assert "no times yet" in read_words(page)


def test_usage_of_another_shape_is_refused_by_field() -> None:
    with pytest.raises(ContractError, match="is_spent"):
        read_usage(budget={"daily_usd": None, "spent_today_usd": 0.0, "left_usd": None})


def test_what_does_not_work_although_questions_are_answered_is_told(page: AppTest, stub: StubBackend) -> None:
    warning = "The store does not allow writing logs/: queries are *not* logged."
    stub.replies["/health"] = Reply(200, {"status": "ok", "store": "ok", "warnings": [warning]})
    run(page)
    [shown] = page.warning
    assert shown.value == "The store does not allow writing logs/: queries are \\*not\\* logged."
