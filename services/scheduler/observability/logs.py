"""The log: one JSON object a line on standard error, with the id of the request."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.json import JsonFormatter

from scheduler.observability.context import REQUEST_ID
from scheduler.settings import Settings

__all__ = ["JsonLines", "configure_logging"]

# What these tell at lower levels has whole addresses and headers in it.
_QUIETED = ("aiobotocore", "asyncio", "botocore", "bullmq", "httpcore", "httpx", "redis", "urllib3")
_OF_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class JsonLines(JsonFormatter):
    """Formats a record as one JSON object: time, level, logger, message, request id, and what came as `extra`."""

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
        # Its access log tells whole addresses, in which anything may stand: ours tells the route instead.
        logger.propagate = name != "uvicorn.access"
    logging.captureWarnings(True)
