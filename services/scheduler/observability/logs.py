"""The log: one JSON object a line on standard error, with the id of what it belongs to, and without secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.json import JsonFormatter

from scheduler.observability.context import EXECUTION_ID, REQUEST_ID, SECRETS
from scheduler.observability.redaction import hide
from scheduler.settings import Settings

__all__ = ["JsonLines", "configure_logging"]

# What these tell at lower levels has whole addresses, headers and bodies in it.
_QUIETED = ("aiobotocore", "asyncio", "botocore", "bullmq", "httpcore", "httpx", "redis", "urllib3")
_OF_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class JsonLines(JsonFormatter):
    """Formats a record as one JSON object: time, level, logger, message, request or correlation id, `extra`."""

    def __init__(self) -> None:
        super().__init__(
            ("levelname", "name", "message"),
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception", "stack_info": "stack"},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],
        )

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: LogData) -> None:
        """Add the time and the id to what the record says."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        super().add_fields(log_data, record, message_dict)
        if (request_id := REQUEST_ID.get()) is not None:
            log_data.setdefault("request_id", request_id)
        if (execution_id := EXECUTION_ID.get()) is not None:
            log_data.setdefault("correlation_id", execution_id)

    def jsonify_log_record(self, log_data: LogData) -> str:
        """Return the object as one line; secrets go from within the values, where that cannot break the object."""
        return super().jsonify_log_record({key: _hidden(value) for key, value in log_data.items()})


def configure_logging(settings: Settings) -> None:
    """Send all logging of this process through one handler to standard error, uvicorn's and warnings too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other.formatter, JsonLines)] + [handler]
    root.setLevel(settings.log_level)
    for name in _QUIETED:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Audit records are no matter of verbosity.
    logging.getLogger("scheduler.audit").setLevel(logging.INFO)
    for name in _OF_UVICORN:
        logger = logging.getLogger(name)
        logger.handlers = []
        # Its access log tells whole addresses, in which anything may stand.
        logger.propagate = name != "uvicorn.access"
    logging.captureWarnings(True)


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return hide(value, SECRETS.get())
    if isinstance(value, Mapping):
        return {str(key): _hidden(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(part) for part in value]
    return value
