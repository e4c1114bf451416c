"""A page of executions, and the statistics of a period, from local files."""

from __future__ import annotations

import json
from typing import cast

import polars as pl
from polars.exceptions import PolarsError

from scheduler.executions.polars_frames import BEGAN, ID, Frames, is_whole

__all__ = ["page"]

_HOUR_MS = 3_600_000
_SUCCESS = pl.col("status") == "success"


def page(request: dict[str, object]) -> dict[str, object]:
    """Return the statistics of `workspace_id` (and `environment`) from `since_ms` to before `until_ms`, and the newest
    `limit` executions. `damaged` names files of which something could not be read.
    """
    files = cast("list[str]", request["files"])
    broken: list[str] = []
    while True:
        frames = Frames([file for file in files if file not in broken])
        try:
            answer = _answer(frames.rows(), request)
        except PolarsError:
            found = [file for file in files if file.endswith(".parquet") and file not in broken and not is_whole(file)]
            if not found:
                raise
            broken += found
        else:
            return {**answer, "damaged": [*broken, *frames.damaged]}


def _answer(rows: pl.LazyFrame, request: dict[str, object]) -> dict[str, object]:
    wanted = (
        (pl.col("workspace_id") == request["workspace_id"])
        & (pl.col(BEGAN) >= request["since_ms"])
        & (pl.col(BEGAN) < request["until_ms"])
    )
    if request["environment"] is not None:
        wanted &= pl.col("environment") == request["environment"]
    rows = rows.filter(wanted)
    narrow = _once(rows.select(ID, BEGAN, "status", "duration_ms")).collect()
    return {
        "statistics": _statistics(narrow),
        "hours": _hours(narrow),
        "executions": _newest(rows, narrow.tail(cast("int", request["limit"]))),
    }


def _once(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Sorted by time, with the last record of each execution."""
    return rows.sort(BEGAN, ID).unique(ID, keep="last", maintain_order=True)


def _statistics(rows: pl.DataFrame) -> dict[str, object]:
    return rows.select(
        total=pl.len(),
        success=_SUCCESS.sum(),
        avg_duration=pl.col("duration_ms").mean(),
        p95=pl.col("duration_ms").quantile(0.95, "linear"),
    ).row(0, named=True)


def _hours(rows: pl.DataFrame) -> list[dict[str, object]]:
    hours = rows.group_by(hour=pl.col(BEGAN) // _HOUR_MS).agg(total=pl.len(), success=_SUCCESS.sum()).sort("hour")
    return hours.to_dicts()


def _newest(rows: pl.LazyFrame, chosen: pl.DataFrame) -> list[dict[str, object]]:
    if chosen.is_empty():
        return []
    since, ids = chosen[BEGAN].min(), chosen[ID].to_list()
    found = _once(rows.filter(pl.col(BEGAN) >= since, pl.col(ID).is_in(ids))).drop(BEGAN).collect().to_dicts()
    return [{**row, "attempts": json.loads(row["attempts"])} for row in reversed(found)]
