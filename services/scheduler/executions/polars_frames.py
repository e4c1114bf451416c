"""Objects with records as Polars frames: JSON arrays as workers write them, and Parquet as they are merged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

__all__ = ["BEGAN", "ID", "Frames", "is_whole"]

ID = "execution_id"
# Milliseconds since 1970, made of `timestamp`.
BEGAN = "began_ms"
_TEXT = (
    "workspace_id job_id job_name trigger_url trigger_method timestamp status error_message environment execution_id "
    "attempts response"
).split()
_NUMBER = "duration_ms http_status retry_count lateness_ms began_ms".split()
_SCHEMA = pl.Schema({**dict.fromkeys(_TEXT, pl.String()), **dict.fromkeys(_NUMBER, pl.Int64())})


class Frames:
    """What files hold; `damaged` are those of which something could not be read.

    A Parquet file that is damaged shows only when its rows are: see `is_whole`.
    """

    def __init__(self, files: Sequence[str]) -> None:
        self.damaged: list[str] = []
        self._parquet: list[Path] = []
        self._frames = [pl.LazyFrame(schema=_SCHEMA)]
        for file in map(Path, files):
            if file.suffix == ".parquet":
                self._parquet.append(file)
            else:
                self._add_json(file)

    def rows(self) -> pl.LazyFrame:
        """Return all records; an execution may be in there twice."""
        if not self._parquet:
            return pl.concat(self._frames)
        # What a former version did not write is null.
        merged = pl.scan_parquet(
            self._parquet, schema=_SCHEMA, missing_columns="insert", extra_columns="ignore", glob=False
        )
        return pl.concat([merged, *self._frames])

    def _add_json(self, file: Path) -> None:
        """Add the rows of a JSON array, which are kept as Parquet beside it for the next time."""
        made = file.with_suffix(".json.parquet")
        if made.exists():
            self._parquet.append(made)
            return
        try:
            stored = list(json.loads(file.read_bytes()))
            rows = [row for record in stored if (row := _row(record)) is not None]
            frame = pl.DataFrame(rows, schema=_SCHEMA, strict=False)
        except (OSError, ValueError, TypeError, PolarsError):
            self.damaged.append(str(file))
            return
        if len(rows) < len(stored):
            self.damaged.append(str(file))
            self._frames.append(frame.lazy())
        else:
            frame.write_parquet(made, compression="lz4")
            self._parquet.append(made)


def is_whole(file: str) -> bool:
    """Return whether everything in a Parquet file can be read; costs as much as reading it."""
    try:
        pl.scan_parquet(file).select(pl.len(), pl.all().count()).collect()
    except PolarsError:
        return False
    return True


def _row(record: object) -> dict[str, object] | None:
    """Return a record as a row, or None for what is none. Records without an id are of the service's forerunner."""
    if not isinstance(record, dict) or not isinstance(record.get("workspace_id"), str):
        return None
    try:
        began = datetime.fromisoformat(record["timestamp"])
    except (KeyError, TypeError, ValueError):
        return None
    began = began if began.tzinfo else began.replace(tzinfo=UTC)
    row = {name: record.get(name) for name in _SCHEMA}
    row["attempts"] = json.dumps(record.get("attempts") or [])
    row[ID] = record.get(ID) or f"{record.get('job_id')}:{record['timestamp']}"
    row[BEGAN] = round(began.timestamp() * 1000)
    return row
