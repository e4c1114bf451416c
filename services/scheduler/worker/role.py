"""The worker role: a process that takes jobs, makes their calls and records them, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from contextlib import AsyncExitStack

from scheduler.calls.caller import Caller
from scheduler.errors import HistoryUnavailableError
from scheduler.executions.attempt_trail import AttemptTrail
from scheduler.executions.execution_log import ExecutionLog
from scheduler.executions.housekeeping import Housekeeping
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.spool import Spool
from scheduler.observability.logs import configure_logging
from scheduler.observability.worker_metrics import SPOOL_BYTES, SPOOL_RECORDS
from scheduler.queueing.bullmq_worker import BullMqWorker, RecordState, WorkerOptions
from scheduler.queueing.redis_address import RedisAddress
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError
from scheduler.triggers.current_trigger import CurrentTrigger
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.worker.execution import Execution
from scheduler.worker.health import serving_health

__all__ = ["work"]

# At the end, for records; what S3 does not take in this time waits in the spool.
_FLUSH_S = 10.0
_SPOOL_POLL_S = 0.2
_MB = 1 << 20
_GARBAGE_BATCH = 20_000

_logger = logging.getLogger(__name__)


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT: then no job is taken, calls under way end, and records are written.

    Raises ConfigurationError where it cannot start, and whatever ends it otherwise than in order.
    """
    configure_logging(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        role = await _Role.open(settings, stack)
        await stack.enter_async_context(serving_health(settings, role.state))
        # What is there for good is not looked through again; what calls leave behind is garbage in larger batches.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE_BATCH)
        await role.run(stopping)


class _Role:
    """What works together in a worker."""

    def __init__(self, settings: Settings, worker: BullMqWorker, log: ExecutionLog, housekeeping: Housekeeping) -> None:
        self._settings = settings
        self._housekeeping = housekeeping
        self._worker = worker
        self._log = log
        self._is_stopping = False
        SPOOL_RECORDS.set_function(lambda: log.pending_records)
        SPOOL_BYTES.set_function(lambda: log.pending_bytes)

    @classmethod
    async def open(cls, settings: Settings, stack: AsyncExitStack) -> _Role:
        try:
            address = RedisAddress.of(settings)
        except ValueError as error:
            raise ConfigurationError(f"SCHEDULER_REDIS_URL: {error}") from None
        try:
            spool = Spool(settings.spool_dir, settings.spool_mb * _MB)
        except OSError as error:
            told = f"SCHEDULER_SPOOL_DIR: {settings.spool_dir} cannot be written: {error.strerror}"
            raise ConfigurationError(told) from None
        stack.callback(spool.close)
        objects = await stack.enter_async_context(ObjectStore.open(settings))
        log = ExecutionLog(settings, objects, spool)
        caller = await stack.enter_async_context(Caller(settings))
        redis = address.connect(most=settings.concurrency)
        stack.push_async_callback(redis.aclose)
        store = RedisTriggerStore(address, prefix=settings.prefix)
        stack.push_async_callback(store.close)
        worker = BullMqWorker(
            address,
            name=settings.queue,
            prefix=settings.prefix,
            handler=Execution(CurrentTrigger(store), caller, log, AttemptTrail(redis, settings.prefix)),
            options=WorkerOptions.of(settings),
            records=lambda: RecordState(log.pending_records, log.last_flush_at, log.last_flush_error),
        )
        return cls(settings, worker, log, Housekeeping(settings, objects, redis))

    def state(self) -> tuple[str, dict[str, object]]:
        """Return why no jobs are taken (empty: they are), and what else a probe may want to know."""
        idle = ""
        if self._is_stopping:
            idle = "stopping"
        elif self._log.is_full:
            idle = "the spool is full: no jobs are taken until S3 answers"
        elif not self._worker.connected:
            idle = "Redis does not answer"
        return idle, {
            "worker_id": self._worker.id,
            "running": self._worker.running,
            "pending_records": self._log.pending_records,
            "last_flush_at": self._log.last_flush_at,
            "last_flush_error": self._log.last_flush_error,
        }

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping`, then end in order; an error of any part ends all."""
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(self._worker.run())
            parts = [
                tasks.create_task(part) for part in (self._log.run(), self._watch_spool(), self._housekeeping.run())
            ]
            _logger.info("the worker %s takes jobs", self._worker.id)
            await stopping.wait()
            self._is_stopping = True
            _logger.info("told to stop: %d calls are under way", self._worker.running)
            await self._worker.stop(self._settings.stop_s)
            await working
            for part in parts:
                part.cancel()
        await self._flush()

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(_FLUSH_S):
                await self._log.flush()
        except (HistoryUnavailableError, TimeoutError) as error:
            reason = str(error) or f"S3 took longer than {_FLUSH_S:g} s"
            _logger.warning("%d records wait in the spool for the next worker: %s", self._log.pending_records, reason)
        else:
            _logger.info("all records are on S3")

    async def _watch_spool(self) -> None:
        while True:
            if self._log.is_full:
                self._worker.hold_back()
            else:
                self._worker.go_on()
            await asyncio.sleep(_SPOOL_POLL_S)
