"""The log of a service: one JSON object a line for machines, or lines for people (LOG_FORMAT=text).

Whatever the process logs goes through one handler, uvicorn's own lines too, so that each has the request's id and has
lost its secrets. A line break in what is logged begins no new entry. What cannot be written is counted, and fails
nothing.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import MemoryHandler
from typing import TextIO

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.json import JsonFormatter

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.http.redaction import Redaction, secrets_of
from serving.http.request_context import current_request

__all__ = ["REQUESTS", "JsonLines", "LogHandler", "TextLines", "configure_logging", "held_back", "lost_lines"]

# The logger that tells of each request.
REQUESTS = "serving.http.requests"
# What is ours may be told at `debug`; of libraries that has credentials, whole addresses and questions in it.
_OURS = ("finrag_ml_tg1", "serving")
# What these tell below a level has whole addresses in it.
_QUIETED = {"httpx": logging.WARNING}
_OF_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_CONTROL_CHARACTERS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) != "\t"} | {
    0x0A: "\\n",
    0x0D: "\\r",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
_encode = json.JSONEncoder(default=str).encode


def configure_logging(config: MLConfig) -> None:
    """Send all logging of this process through one handler, at the level and in the format of the settings."""
    redaction = Redaction(secrets_of(config, os.environ))
    handler = LogHandler()
    handler.setFormatter(JsonLines(redaction) if config.log_format == "json" else TextLines(redaction))
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, LogHandler)] + [handler]
    level = logging.getLevelNamesMapping()[config.log_level.upper()]
    root.setLevel(max(level, logging.INFO))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    for name, least in _QUIETED.items():
        logging.getLogger(name).setLevel(max(least, level))
    for name in _OF_UVICORN:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"  # it tells whole addresses, in which anything may stand
        logger.setLevel(max(logger.level, root.level))
    # What is told of requests in the place of its access log is as loud as that: `uvicorn --log-level warning`.
    loudness = logging.getLogger("uvicorn.access").level
    logging.getLogger(REQUESTS).setLevel(loudness if loudness > logging.INFO else logging.NOTSET)
    logging.captureWarnings(True)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_uncaught


@contextmanager
def held_back() -> Iterator[None]:
    """Keep what is logged in this block until its end: how it is to be written is told by settings yet to be read."""
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, LogHandler)]
    early = MemoryHandler(capacity=1_000, flushLevel=logging.CRITICAL + 1)
    root.addHandler(early)
    try:
        yield
    finally:
        root.removeHandler(early)
        for record in early.buffer:
            root.handle(record)


class LogHandler(logging.Handler):
    """Writes each record as one line to standard error, or to `stream`; `lost` counts those that could not be."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; never raises."""
        try:
            stream = self._stream or sys.stderr
            stream.write(f"{self.format(record)}\n")
            stream.flush()
        except Exception:  # noqa: BLE001 (to log it is what failed)
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (its name in the base class)
        """Count the record as lost: the base class would print it, with all its secrets."""
        self.lost += 1


def lost_lines() -> int:
    """Return how many lines of this process's log could not be written."""
    return sum(handler.lost for handler in logging.getLogger().handlers if isinstance(handler, LogHandler))


class JsonLines(JsonFormatter):
    """Formats a record as one JSON object: level, message, request_id, and what tells less at a glance.

    A log view shows the beginning of a line, and has a time of its own before it.
    """

    def __init__(self, redaction: Redaction) -> None:
        renamed = {"levelname": "level", "name": "logger", "exc_info": "exception", "stack_info": "stack"}
        super().__init__(
            ("levelname", "message"), rename_fields=renamed, reserved_attrs=[*RESERVED_ATTRS, "color_message"]
        )
        self._redaction = redaction

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: LogData) -> None:
        """Add the time and the request to what the record says."""
        log_data["level"], log_data["message"] = record.levelname, ""
        request = current_request()
        if request is not None:
            log_data["request_id"] = request.request_id
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["logger"] = record.name
        super().add_fields(log_data, record, message_dict)
        if request is not None and request.trace is not None:
            log_data["trace_id"] = request.trace.trace_id

    def jsonify_log_record(self, log_data: LogData) -> str:
        """Return the object as one line of ASCII, without secrets."""
        line = _encode(log_data)
        if self._redaction.redacted(line) == line:
            return line
        # Within the values, where what is cut out cannot break the object.
        return _encode(self._redaction.redacted_values(log_data))


class TextLines(logging.Formatter):
    """Formats a record for people; the lines of a traceback are indented, so that none can pass for an entry."""

    converter = staticmethod(time.gmtime)

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """Return the record without secrets."""
        first, *others = super().format(record).splitlines()
        return self._redaction.redacted(
            "\n".join([first, *(f"    {line.translate(_CONTROL_CHARACTERS)}" for line in others)])
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (its name in the base class)
        """Return the record's own line."""
        request = current_request()
        record.request = f" [{request.request_id}]" if request is not None else ""
        return super().formatMessage(record).translate(_CONTROL_CHARACTERS)


def _log_uncaught(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is SystemExit or failed.exc_value is None:
        return
    name = failed.thread.name if failed.thread is not None else "unknown"
    logging.getLogger(__name__).critical(
        "the thread %s ended with an error", name, exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback)
    )
