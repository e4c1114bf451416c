"""Many files of records become one."""

from __future__ import annotations

from typing import cast

from scheduler.executions.polars_frames import BEGAN, ID, Frames, is_whole

__all__ = ["merge"]

# So that a reader skips what is another workspace's.
_ROWS = 20_000


def merge(request: dict[str, object]) -> dict[str, object]:
    """Write the records of `files`, each execution once, as Parquet to `target`.

    Nothing of a file in `damaged` is in there. `records` is how many were written.
    """
    files = cast("list[str]", request["files"])
    damaged = [file for file in files if file.endswith(".parquet") and not is_whole(file)]
    damaged += Frames([file for file in files if file not in damaged]).damaged
    rows = Frames([file for file in files if file not in damaged]).rows()
    once = rows.sort("workspace_id", BEGAN, ID).unique(ID, keep="last", maintain_order=True).collect()
    once.write_parquet(cast("str", request["target"]), compression="zstd", row_group_size=_ROWS)
    return {"records": once.height, "damaged": damaged}
