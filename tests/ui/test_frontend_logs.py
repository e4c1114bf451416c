"""LOG_LEVEL reaches what the front end logs itself, and never makes Streamlit tell what readers ask."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import streamlit.logger

from serving.frontend.api_client import BackendAwayError, BackendClient
from serving.frontend.contract.query import Query
from serving.frontend.logs import configure_logging
from tests.local_processes import free_port
from tests.ui.stub_backend import REQUEST_ID, StubBackend

WORDS = "How large were net sales?"
KEY = "the-key-of-this-test"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    ours, streamlits = logging.getLogger("serving.frontend"), streamlit.logger.get_logger("root")
    before = list(ours.handlers), ours.level, streamlits.level
    # A back end that an earlier test had in this process may have left its handler there, which tells all once more.
    root = logging.getLogger()
    of_root, root.handlers = root.handlers, []
    yield
    root.handlers = of_root
    ours.handlers = before[0]
    ours.setLevel(before[1])
    streamlit.logger.set_log_level(before[2])


def call_all(stub: StubBackend) -> None:
    with closing(BackendClient(stub.url, KEY)) as client:
        client.fetch_health()
        client.fetch_passage("vlmr/2024:t1")
        client.fetch_facts(["VLMR"], ["revenue"], [2024])
        list(client.open_answer(Query(WORDS)))


def entries(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def test_each_call_is_told_at_debug_with_request_and_duration(
    stub: StubBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging({"LOG_LEVEL": "debug"})
    call_all(stub)
    told = [entry for entry in entries(capsys) if "route" in entry]
    # A page that an earlier test drew may still be asking: what is told of it is told likewise.
    assert {"/health", "/passages/{passage_id}", "/facts", "/query/stream"} <= {entry["route"] for entry in told}
    assert {(entry["level"], entry["status"]) for entry in told} == {("DEBUG", 200)}
    assert all(entry["duration_ms"] > 0 for entry in told)
    (asked,) = [entry for entry in told if entry["route"] == "/query/stream"]
    assert asked["request_id"] == REQUEST_ID
    assert list(asked)[:3] == ["level", "message", "request_id"]


@pytest.mark.parametrize("text_or_json", ["text", "json"])
def test_words_of_questions_addresses_and_the_key_are_not_told(
    stub: StubBackend, capsys: pytest.CaptureFixture[str], text_or_json: str
) -> None:
    configure_logging({"LOG_LEVEL": "debug", "LOG_FORMAT": text_or_json})
    call_all(stub)
    told = capsys.readouterr().err
    assert "POST /query/stream 200 in" in told
    assert not any(word in told for word in (WORDS, "VLMR", "vlmr", KEY))


@pytest.mark.parametrize("level", ["info", "warning", ""])
def test_calls_are_not_told_above_debug(stub: StubBackend, capsys: pytest.CaptureFixture[str], level: str) -> None:
    configure_logging({"LOG_LEVEL": level})
    call_all(stub)
    assert entries(capsys) == []


def test_back_end_that_is_away_is_told_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"LOG_LEVEL": "DEBUG"})
    with closing(BackendClient(f"http://127.0.0.1:{free_port()}")) as client, pytest.raises(BackendAwayError):
        client.fetch_health()
    assert "GET /health failed: ConnectionError" in [entry["message"] for entry in entries(capsys)]


@pytest.mark.parametrize(("level", "of_streamlit"), [("debug", logging.INFO), ("error", logging.ERROR)])
def test_streamlits_own_log_is_made_quieter_and_never_louder(level: str, of_streamlit: int) -> None:
    streamlit.logger.set_log_level("info")
    configure_logging({"LOG_LEVEL": level})
    assert streamlit.logger.get_logger("root").level == of_streamlit


def test_wrong_level_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"LOG_LEVEL": "loud"})
    assert [entry["message"] for entry in entries(capsys)] == [
        "LOG_LEVEL is none of debug, info, warning, error, critical: info is taken"
    ]
