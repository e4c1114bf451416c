"""Rows of the query log on their way: gathered in a batch, which is written as one file for each day it has rows of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC

from serving.backend.dated_keys import day_folder
from serving.backend.query_journal import JournalFile
from serving.backend.query_record import QueryRecord, queries_parquet

__all__ = ["QUERIES_FOLDER", "Batch", "LogFile", "files_of", "rows_by_key"]

QUERIES_FOLDER = "logs/queries"

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """Rows of one name: in the store, on the disk until then, and after a crash.

    `journal` has all of the rows; where it could not have them all, there is none. `is_left`: another process made it.
    """

    name: str
    journal: JournalFile | None
    records: list[QueryRecord] = field(default_factory=list)
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class LogFile:
    """What is written of a batch: key and bytes stay the same through all attempts. `journal` has nothing beyond it.

    `is_left`: another process made the batch, and may have written this file before it ended.
    """

    key: str
    data: bytes
    rows: int
    journal: JournalFile | None = None
    is_left: bool = False


def files_of(batch: Batch) -> tuple[list[LogFile], int]:
    """Return the files of a batch, the last of which has its journal, and how many rows could not be made into one.

    When none could, the journal is removed.
    """
    files: list[LogFile] = []
    left_out = 0
    for key, rows in rows_by_key(batch.name, batch.records).items():
        try:
            files.append(LogFile(key, queries_parquet(rows), len(rows), is_left=batch.is_left))
        except Exception:
            # These rows would fail each time again, and hold up all that follow.
            _logger.exception("query log: %d rows cannot be written as Parquet and are left out", len(rows))
            left_out += len(rows)
    if files:
        files[-1] = replace(files[-1], journal=batch.journal)
    elif batch.journal is not None:
        batch.journal.remove()
    return files, left_out


def rows_by_key(name: str, records: Sequence[QueryRecord]) -> dict[str, list[QueryRecord]]:
    """Return the rows of a batch by the object they are written to: one a day."""
    found: dict[str, list[QueryRecord]] = {}
    for record in records:
        day = record.timestamp.astimezone(UTC).date()
        found.setdefault(f"{day_folder(QUERIES_FOLDER, day)}{name}.parquet", []).append(record)
    return found
