"""A line is one entry, has its request's id and no secret, and to write it cannot fail what is logged."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.logs import REQUESTS, JsonLines, LogHandler, TextLines, configure_logging, held_back, lost_lines
from serving.http.redaction import Redaction
from serving.http.request_context import begin_request
from tests.event_loops import run

SECRET = 'the"secret\\of-this-test'
FORGED = 'fine\n{"level": "CRITICAL", "message": "forged"}\r\n2026-01-01T00:00:00Z CRITICAL x: forged\u2028\x1b[2J\x00'


class Written:
    """A logger that writes into a text."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.stream = io.StringIO()
        handler = LogHandler(self.stream)
        handler.setFormatter(formatter)
        self.logger = logging.Logger("test", logging.DEBUG)
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().split("\n")[:-1]

    @property
    def entry(self) -> dict[str, Any]:
        (line,) = self.lines
        entry: dict[str, Any] = json.loads(line)
        return entry


@pytest.fixture
def as_json() -> Written:
    return Written(JsonLines(Redaction([SECRET])))


@pytest.fixture
def as_text() -> Written:
    return Written(TextLines(Redaction([SECRET])))


def fail(message: str) -> NoReturn:
    raise ValueError(message)


def test_entry_has_time_level_logger_and_message(as_json: Written) -> None:
    as_json.logger.warning("%d things", 3, extra={"route": "/query", "status": 200})
    entry = as_json.entry
    assert entry.pop("timestamp").endswith("+00:00")
    assert entry == {"level": "WARNING", "logger": "test", "message": "3 things", "route": "/query", "status": 200}


@settings(deadline=None)
@given(text=st.text())
def test_whatever_is_logged_is_one_line_that_reads_as_it_was(text: str) -> None:
    written = Written(JsonLines(Redaction()))
    written.logger.info("%s", f"a {text}", extra={"told": {text: text}})
    assert written.entry["message"] == f"a {text}" or "***" in written.entry["message"]


def test_traceback_is_one_field_of_the_entry(as_json: Written) -> None:
    try:
        fail(FORGED)
    except ValueError:
        as_json.logger.exception("it failed: %s", FORGED)
    assert as_json.entry["exception"].startswith("Traceback")
    assert "in fail" in as_json.entry["exception"]
    assert as_json.entry["message"].endswith(FORGED)


def test_line_break_begins_no_entry_for_people_either(as_text: Written) -> None:
    try:
        fail(FORGED)
    except ValueError:
        as_text.logger.exception("it failed: %s", FORGED)
    first, *others = as_text.lines
    assert " ERROR test: it failed: fine\\n" in first
    assert all(line.startswith("    ") for line in others)
    assert not {"\x1b", "\x00", "\r", "\u2028"} & set(as_text.stream.getvalue())


def test_secret_is_hidden_wherever_it_stands(as_json: Written, as_text: Written) -> None:
    for written in (as_json, as_text):
        try:
            fail(f"with {SECRET}")
        except ValueError:
            written.logger.exception("a %s", SECRET, extra={"b": [SECRET], "c": {SECRET: 1}}, stack_info=True)
        told = written.stream.getvalue()
        assert SECRET not in told
        assert json.dumps(SECRET)[1:-1] not in told
        assert "***" in told
    assert as_json.entry["message"] == "a ***"
    assert as_json.entry["b"] == ["***"]
    assert as_json.entry["c"] == {"***": 1}


def test_request_is_named_in_its_task_and_its_threads_alone(as_json: Written) -> None:
    async def serve(name: str) -> None:
        begin_request(name)
        await anyio.sleep(0)
        as_json.logger.info("in the task of %s", name)
        await anyio.to_thread.run_sync(as_json.logger.info, "in a thread of %s", name)

    async def serve_several() -> None:
        async with anyio.create_task_group() as tasks:
            for name in ("first", "second", "third"):
                tasks.start_soon(serve, name)
        as_json.logger.info("of nobody")

    run(serve_several())
    entries = [json.loads(line) for line in as_json.lines]
    assert len(entries) == 7
    for entry in entries:
        assert entry["message"].rpartition(" ")[2] == entry.get("request_id", "nobody")


def test_log_that_cannot_be_written_fails_nothing_and_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    handler = LogHandler(Full())
    handler.setFormatter(JsonLines(Redaction()))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.error("with a %s", SECRET)
    logger.error("with %d", "no number")
    assert handler.lost == 2
    assert capsys.readouterr().err == ""


@pytest.fixture
def restored() -> Iterator[None]:
    """Leave the process's logging as it was."""
    names = (
        "",
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "uvicorn.asgi",
        "boto3",
        "botocore",
        "s3transfer",
        "urllib3",
        "httpcore",
        "httpx",
        REQUESTS,
    )
    before = [(log := logging.getLogger(name), list(log.handlers), log.level, log.propagate) for name in names]
    yield
    for log, handlers, level, propagate in before:
        log.handlers, log.propagate = handlers, propagate
        log.setLevel(level)
    logging.captureWarnings(False)


@pytest.mark.usefixtures("restored")
def test_servers_own_lines_take_the_same_way_but_for_its_access_log(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    access = logging.getLogger("uvicorn.access")
    access.addHandler(logging.StreamHandler(stream))
    with held_back():
        logging.getLogger("finrag_ml_tg1.loaders").warning("before the settings are read")
        configure_logging(MLConfig())
    logging.getLogger("uvicorn.error").info("Started")
    access.info("GET /query?token=x")
    for library in ("botocore.endpoint", "requests", "python_multipart.multipart", "a_library_not_known_today"):
        logging.getLogger(library).debug("Authorization: x")
    logging.getLogger("httpx").info("HTTP Request: GET http://localhost/?token=x")
    told = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert told == ["before the settings are read", "Started"]
    assert not access.hasHandlers()
    assert logging.getLogger(REQUESTS).getEffectiveLevel() == logging.INFO
    assert lost_lines() == 0


@pytest.mark.usefixtures("restored")
def test_requests_are_told_as_loudly_as_the_servers_access_log_would_be() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)  # uvicorn --log-level warning
    configure_logging(MLConfig(log_level="debug"))
    assert not logging.getLogger(REQUESTS).isEnabledFor(logging.INFO)
    assert logging.getLogger("serving").isEnabledFor(logging.DEBUG)
