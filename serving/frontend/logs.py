"""What the front end itself logs: on standard error, as loud as LOG_LEVEL says, in the form LOG_FORMAT says.

Streamlit has a log of its own ([logger] level, STREAMLIT_LOGGER_LEVEL). LOG_LEVEL makes that quieter and never louder:
at `debug` Streamlit tells whole addresses and every message of a page, and so what readers ask.
"""

import json
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from streamlit.logger import set_log_level

__all__ = ["configure_logging"]

_OURS = "serving.frontend"
_LEVELS = ("debug", "info", "warning", "error", "critical")
# Of a call to the back end.
_FIELDS = ("request_id", "method", "route", "status", "duration_ms")


def configure_logging(environ: Mapping[str, str]) -> None:
    """Send what the front end logs through one handler; may be called again. A wrong value is told and passed over."""
    named = environ.get("LOG_LEVEL", "").strip().lower() or "info"
    level = named if named in _LEVELS else "info"
    handler = _StandardError()
    is_text = environ.get("LOG_FORMAT", "").strip().lower() == "text"
    handler.setFormatter(_TextLines() if is_text else _JsonLines())
    logger = logging.getLogger(_OURS)
    logger.handlers = [other for other in logger.handlers if not isinstance(other, _StandardError)] + [handler]
    logger.setLevel(level.upper())
    if level not in ("debug", "info"):
        set_log_level(level)
    if level != named:
        logger.warning("LOG_LEVEL is none of %s: info is taken", ", ".join(_LEVELS))


class _StandardError(logging.Handler):
    """Writes each record as one line to what is standard error then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; what cannot be written fails nothing."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return


class _JsonLines(logging.Formatter):
    """One JSON object a line, as the back end's: level, message and request first."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of ASCII."""
        told = {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        entry: dict[str, object] = {"level": record.levelname, "message": record.getMessage()}
        if "request_id" in told:
            entry["request_id"] = told.pop("request_id")
        entry["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry |= {"logger": record.name} | told
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class _TextLines(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (its name in the base class)
        """Return the record's own line, with the request it tells of."""
        request_id = getattr(record, "request_id", None)
        return super().formatMessage(record) + (f" [{request_id}]" if request_id else "")
