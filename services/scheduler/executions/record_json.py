"""Records as JSON: the fields as they are named, the same on disk, on S3 and in answers of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import cast

from scheduler.executions.record import Attempt, ExecutionRecord

__all__ = ["record_from", "record_line"]

_FIELDS = tuple(field.name for field in fields(ExecutionRecord))


def record_line(record: ExecutionRecord) -> str:
    """Return a record as one line of JSON."""
    return json.dumps(asdict(record), ensure_ascii=False, separators=(",", ":"))


def record_from(stored: Mapping[str, object]) -> ExecutionRecord:
    """Return the record of a JSON object that `record_line` wrote; fields of later versions are left out."""
    attempts = cast("list[dict[str, object]]", stored.get("attempts") or [])
    values = {name: stored.get(name) for name in _FIELDS}
    values["attempts"] = tuple(Attempt(**attempt) for attempt in attempts)  # type: ignore[arg-type]
    return ExecutionRecord(**values)  # type: ignore[arg-type]
