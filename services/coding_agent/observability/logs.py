"""The log: one JSON object a line on standard error, with the ids of request and job, and without secrets."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.json import JsonFormatter

from coding_agent.observability.context import JOB_ID, REQUEST_ID
from coding_agent.observability.redaction import Redactor
from coding_agent.settings import Settings

__all__ = ["JsonLines", "configure_logging"]

# What these tell below a level has addresses in it, and botocore's requests.
_QUIETED = ("httpx", "httpcore", "botocore", "boto3", "urllib3")
_OF_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class JsonLines(JsonFormatter):
    """Formats a record as one JSON object: level, message, ids, and what was passed as `extra`."""

    def __init__(self, redactor: Redactor) -> None:
        renamed = {"levelname": "level", "name": "logger", "exc_info": "exception", "stack_info": "stack"}
        super().__init__(
            ("levelname", "name", "message"),
            rename_fields=renamed,
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],
        )
        self._redactor = redactor

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: LogData) -> None:
        """Add the time and the ids to what the record says."""
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        super().add_fields(log_data, record, message_dict)
        for name, value in (("request_id", REQUEST_ID.get()), ("job_id", JOB_ID.get())):
            if value is not None:
                log_data.setdefault(name, value)

    def jsonify_log_record(self, log_data: LogData) -> str:
        """Return the object as one line; secrets go from within the values, where that cannot break the object."""
        redacted = self._redactor.redact_json(log_data)
        assert isinstance(redacted, dict)
        return super().jsonify_log_record(redacted)


def configure_logging(settings: Settings, redactor: Redactor) -> None:
    """Send all logging of this process through one handler to standard error, uvicorn's and warnings too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(redactor))
    root = logging.getLogger()
    root.handlers = [
        *(other for other in root.handlers if not isinstance(getattr(other, "formatter", None), JsonLines)),
        handler,
    ]
    root.setLevel(settings.log_level)
    for name in _QUIETED:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _OF_UVICORN:
        logger = logging.getLogger(name)
        logger.handlers = []
        # Its access log tells whole addresses, in which anything may stand: ours tells the route instead.
        logger.propagate = name != "uvicorn.access"
    logging.captureWarnings(True)
