"""Many small objects become one of their day, hour by hour: who reads a week asks for few.

Nothing is lost or counted twice, whenever a worker dies: what is merged is written under a new name before its sources
are deleted, a reader takes each execution once, and who merges the same at the same time writes another object.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

from scheduler.executions.object_keys import day_folder, day_of, hour_of
from scheduler.executions.object_store import ObjectStore, StoredObject
from scheduler.executions.polars_process import PolarsProcess
from scheduler.settings import Settings

__all__ = ["Compaction"]

# The days that dashboards look at.
_DAYS = 8
# What ended so long ago is complete, but for records that waited in a spool: these are merged later.
_CLOSED_AFTER = timedelta(minutes=10)
# So many objects of an hour are merged before it is over.
_MANY = 64
# Of one merge, as JSON: it bounds the memory of the process that merges.
_MOST_BYTES = 32 << 20
# Parquet is about so much smaller than JSON.
_PACKED = 8
_TIMEOUT_S = 120.0
_PARQUET = "application/vnd.apache.parquet"

_logger = logging.getLogger(__name__)


class Compaction:
    """Merges the objects of the last days. One pass at a time is enough; two do no harm."""

    def __init__(self, settings: Settings, store: ObjectStore, polars: PolarsProcess) -> None:
        self._settings = settings
        self._store = store
        self._polars = polars

    async def run_once(self, now: datetime) -> int:
        """Merge what is due, and return how many objects fewer there are. Raises HistoryUnavailableError."""
        fewer = 0
        for root in await self._roots():
            for days in range(_DAYS):
                day = (now - timedelta(days=days)).astimezone(UTC).date()
                for sources, folder in due(await self._store.objects(day_folder(root, day)), root, day, now):
                    fewer += await self._merge(sources, folder)
        return fewer

    async def _roots(self) -> Sequence[str]:
        """Where years begin: in the common layout, and in that of each workspace."""
        prefix = self._settings.metrics_prefix
        found = await self._store.folders(prefix)
        return [prefix, *(folder for folder in found if folder.startswith(f"{prefix}workspace="))]

    async def _merge(self, sources: Sequence[StoredObject], folder: str) -> int:
        with tempfile.TemporaryDirectory(prefix="scheduler-merging-") as temporary:
            files: dict[str, StoredObject] = {}
            for number, source in enumerate(sources):
                path = Path(temporary) / f"{number}{Path(source.key).suffix}"
                if await self._store.fetch(source.key, path):
                    files[str(path)] = source
            target = Path(temporary) / "merged.parquet"
            answer = await self._polars.ask("merge", _TIMEOUT_S, files=list(files), target=str(target))
            for damaged in cast("list[str]", answer["damaged"]):
                _logger.error("%s is not merged: it cannot be read as records", files.pop(damaged).key)
            if len(files) < 2:
                return 0
            key = f"{folder}merged-{time.time_ns() // 1_000_000}-{secrets.token_hex(4)}.parquet"
            await self._store.put(key, await asyncio.to_thread(target.read_bytes), content_type=_PARQUET)
        await self._store.delete(source.key for source in files.values())
        _logger.info("%d objects became %s with %d executions", len(files), key, answer["records"])
        return len(files) - 1


def due(
    objects: Sequence[StoredObject], root: str, day: date, now: datetime
) -> Iterator[tuple[Sequence[StoredObject], str]]:
    """Yield what is to be merged of a day, and the folder for it: hours that are over into the day, others alone."""
    over: list[StoredObject] = []
    hours: defaultdict[datetime, list[StoredObject]] = defaultdict(list)
    for stored in objects:
        if day_of(stored.key) != day or _weight(stored) > _MOST_BYTES // 2:
            continue
        hour = hour_of(stored.key)
        if hour is None or now >= hour + timedelta(hours=1) + _CLOSED_AFTER:
            over.append(stored)
        else:
            hours[hour].append(stored)
    for sources in _portions(over):
        yield sources, day_folder(root, day)
    for hour, of_hour in hours.items():
        if len(of_hour) >= _MANY:
            for sources in _portions(of_hour):
                yield sources, f"{day_folder(root, day)}hour={hour:%H}/"


def _portions(objects: Sequence[StoredObject]) -> Iterator[Sequence[StoredObject]]:
    portion: list[StoredObject] = []
    size = 0
    for stored in objects:
        if portion and size + _weight(stored) > _MOST_BYTES:
            if len(portion) > 1:
                yield portion
            portion, size = [], 0
        portion.append(stored)
        size += _weight(stored)
    if len(portion) > 1:
        yield portion


def _weight(stored: StoredObject) -> int:
    return stored.size * (_PACKED if stored.key.endswith(".parquet") else 1)
