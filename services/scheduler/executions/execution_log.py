"""What workers write: each finished execution is on disk at once, and on S3 with the next batch."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import defaultdict

from scheduler.errors import HistoryUnavailableError
from scheduler.executions.object_keys import hour_folder, object_key
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.record import ExecutionRecord
from scheduler.executions.record_json import record_line
from scheduler.executions.spool import Batch, Spool, batch_name
from scheduler.observability.worker_metrics import FLUSHED_RECORDS, FLUSHES
from scheduler.settings import Settings

__all__ = ["ExecutionLog"]

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_logger = logging.getLogger(__name__)


class ExecutionLog:
    """Writes records in batches of `metrics_buffer`, or after `metrics_flush_s`.

    While S3 is away batches wait in the spool; nothing but the batch that is being sent is in memory.
    """

    def __init__(self, settings: Settings, store: ObjectStore, spool: Spool) -> None:
        self._settings = settings
        self._store = store
        self._spool = spool
        self._work = asyncio.Event()
        self._seal_at: float | None = None
        # Records that the disk did not take.
        self._unwritten: list[str] = []
        self._sending = asyncio.Lock()
        # Seconds since 1970.
        self.last_flush_at: float | None = None
        self.last_flush_error: str | None = None

    @property
    def pending_records(self) -> int:
        """Records that are not yet on S3."""
        return self._spool.records + len(self._unwritten)

    @property
    def pending_bytes(self) -> int:
        """The same in bytes, on disk."""
        return self._spool.size

    @property
    def is_full(self) -> bool:
        """Whether the worker must take no more jobs, lest records of theirs be lost."""
        return bool(self._unwritten) or self._spool.is_full

    def write(self, record: ExecutionRecord) -> None:
        """Keep a record: it survives this process when this returns, unless the disk is full (see `is_full`)."""
        line = record_line(record)
        try:
            self._spool.append(line)
        except OSError as error:
            _logger.error("the spool is not writable (%s): no more jobs are taken", error.strerror)  # noqa: TRY400
            self._unwritten.append(line)
        if self._seal_at is None:
            self._seal_at = time.monotonic() + self._settings.metrics_flush_s
        if self._spool.open_records >= self._settings.metrics_buffer or self.is_full:
            self._seal()
        self._work.set()

    async def run(self) -> None:
        """Send batches until cancelled; waits longer and longer while S3 is away."""
        wait = _FIRST_WAIT_S
        while True:
            await self._until_due()
            try:
                await self._send_all()
                wait = _FIRST_WAIT_S
            except HistoryUnavailableError:
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)

    async def flush(self) -> None:
        """Send everything now. Raises HistoryUnavailableError; what was not sent waits in the spool."""
        self._seal()
        await self._send_all()

    def _seal(self) -> None:
        self._spool.seal()
        self._seal_at = None

    async def _until_due(self) -> None:
        """Return when a batch is closed; closes the open one when it is old enough."""
        while not self._spool.batches and not self._unwritten:
            left = None if self._seal_at is None else self._seal_at - time.monotonic()
            if left is not None and left <= 0:
                self._seal()
                return
            self._work.clear()
            try:
                async with asyncio.timeout(left):
                    await self._work.wait()
            except TimeoutError:
                continue

    async def _send_all(self) -> None:
        async with self._sending:
            try:
                for batch in self._spool.batches:
                    await self._send(batch)
                if self._unwritten:
                    await self._send_unwritten()
            except HistoryUnavailableError as error:
                if self.last_flush_error is None:
                    _logger.warning("%d records wait in the spool: %s", self.pending_records, error)
                self.last_flush_error = str(error)
                FLUSHES.labels("failed").inc()
                raise
            if self.last_flush_error is not None:
                _logger.info("executions are written to S3 again")
            self.last_flush_error = None

    async def _send(self, batch: Batch) -> None:
        records = self._spool.read(batch)
        await self._put(batch.name, records)
        self._spool.remove(batch)

    async def _send_unwritten(self) -> None:
        lines = list(self._unwritten)
        await self._put(batch_name(), [json.loads(line) for line in lines])
        del self._unwritten[: len(lines)]

    async def _put(self, name: str, records: list[dict[str, object]]) -> None:
        folders: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
        for record in records:
            folders[hour_folder(self._settings, str(record["timestamp"]), str(record["workspace_id"]))].append(record)
        for folder, of_hour in folders.items():
            body = json.dumps(of_hour, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            await self._store.put(object_key(folder, name), body)
            FLUSHES.labels("done").inc()
            FLUSHED_RECORDS.inc(len(of_hour))
            self.last_flush_at = time.time()
