"""The loaded pipeline of this process: opened once, in the background, and asked on worker threads.

Until an index can be opened the reason is kept, so that probes, the API and the chat can say it; opening is tried
again by itself, so that a store that comes back or an index that is built later needs no restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread

from finrag_ml_tg1.errors import FinRAGError, IndexMissingError, StoreUnavailableError
from finrag_ml_tg1.events import Event, Result, Sources
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.pipeline import FinRAG

__all__ = ["MAX_WAITING", "WORKERS", "Engine", "EngineBusyError", "EngineNotReadyError", "EngineStoppingError", "Slot"]

R = TypeVar("R")

RETRY_SECONDS = 2.0
WORKERS = 2
MAX_WAITING = 16
# A model that writes keeps a thread waiting, not a core working; beyond so many at once the filings are quoted.
WRITERS = 16
# How long answers that are being written may go on when the server is told to stop; less than uvicorn grants.
STOPPING_GRACE_S = 3.0

_UNEXPECTED = "the index cannot be opened because of an unexpected error: the server's log names it"
_BUSY = "too many questions are waiting: try again in a few seconds"
_STOPPING = "the server is shutting down: ask again in a moment"

_logger = logging.getLogger(__name__)


class EngineNotReadyError(FinRAGError):
    """No index is loaded; the message says why and which command mends it."""


class EngineBusyError(FinRAGError):
    """More questions are waiting than can be answered soon."""


class EngineStoppingError(FinRAGError):
    """The server stops before the answer is whole."""


class Slot:
    """A place among the questions that are worked on."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._is_held = True

    def release(self) -> None:
        """Make room for another question, once."""
        if self._is_held:
            self._is_held = False
            self._leave()


class Engine:
    """Holds the pipeline; `await engine.run(...)` works with it off the event loop, a few calls at a time."""

    def __init__(self, config: MLConfig, store: ObjectStore) -> None:
        self._config = config
        self._store = store
        self._finrag: FinRAG | None = None
        self._reason = "the index is still being loaded"
        self._workers = anyio.CapacityLimiter(WORKERS)
        self._writers = anyio.CapacityLimiter(WRITERS)
        self._waiting = 0
        self._writing = 0
        self._stopped = asyncio.Event()
        self.is_store_reachable = True
        self.is_shutting_down = False

    @property
    def loaded(self) -> FinRAG:
        """The pipeline; raises EngineNotReadyError with the reason while there is none."""
        if self._finrag is None:
            raise EngineNotReadyError(self._reason)
        return self._finrag

    @property
    def is_ready(self) -> bool:
        """Whether questions can be answered and will be."""
        return self._finrag is not None and not self.is_shutting_down

    @property
    def unready_reason(self) -> str:
        """Why no index is loaded, and which command mends it."""
        return self._reason

    async def load(self) -> None:
        """Try to open the store's index until it works."""
        while not await self._try_to_open():
            await asyncio.sleep(RETRY_SECONDS)

    async def _try_to_open(self) -> bool:
        try:
            self._finrag = await anyio.to_thread.run_sync(self._open, abandon_on_cancel=True)
        except FinRAGError as error:
            self.is_store_reachable = not isinstance(error, StoreUnavailableError)
            self._keep_reason(str(error), logging.INFO if isinstance(error, IndexMissingError) else logging.WARNING)
            return False
        except OSError as error:
            self._keep_reason(f"the index cannot be opened ({error}): check FINRAG_CACHE_DIR and its free space")
            return False
        except Exception:
            # Left alone it would end this task unseen, and the server would be loading for ever.
            if self._reason != _UNEXPECTED:
                _logger.exception("no index loaded")
            self._reason = _UNEXPECTED
            return False
        self.is_store_reachable = True
        _logger.info("index %s loaded: %d passages", self._finrag.index.version, self._finrag.index.manifest.passages)
        return True

    def stop(self) -> None:
        """Take no more questions, and end those that are not answered after a moment of grace."""
        if not self.is_shutting_down:
            self.is_shutting_down = True
            asyncio.get_running_loop().call_later(STOPPING_GRACE_S, self._stopped.set)

    @contextmanager
    def admitted(self) -> Iterator[Slot]:
        """Take a place for a question; free again when it is released, at the latest when the block ends.

        Raises EngineStoppingError, EngineNotReadyError or EngineBusyError when no question can be taken now.
        """
        if self.is_shutting_down:
            raise EngineStoppingError(_STOPPING)
        if self.loaded and self._waiting >= MAX_WAITING:
            raise EngineBusyError(_BUSY)
        self._waiting += 1
        slot = Slot(self._leave)
        try:
            yield slot
        finally:
            slot.release()

    @property
    def can_write(self) -> bool:
        """Whether one more language model may write now."""
        return self._writing < WRITERS

    async def run(self, work: Callable[[FinRAG], R]) -> R:
        """Return `work(pipeline)`, done on a worker thread; raises what `admitted` raises."""
        finrag = self.loaded
        with self.admitted():
            return await anyio.to_thread.run_sync(work, finrag, limiter=self._workers)

    async def events(
        self,
        slot: Slot,
        begin: Callable[[FinRAG], Generator[Event, None, None]],
        abort: Callable[[], None],
        *,
        is_streamed: bool = True,
    ) -> AsyncGenerator[Event, None]:
        """Yield the events that `begin(pipeline)` yields on threads; `abort()` ends what it waits for.

        Up to `Sources` a core is at work, and the slot is held. What follows may wait for a language model: on another
        thread, and no longer in the way of other questions. Raises EngineStoppingError when the server stops meanwhile.
        Unless it `is_streamed`, steps and words are not waited for one by one: `Sources` and `Result` alone come.
        """
        events = begin(self.loaded)
        advance = _next_event if is_streamed else _next_turn
        limiter = self._workers
        with ExitStack() as writing:
            try:
                while True:
                    step = asyncio.ensure_future(anyio.to_thread.run_sync(advance, events, limiter=limiter))
                    event = await self._unless_stopped(step)
                    if event is None:
                        return
                    if isinstance(event, Sources):
                        slot.release()
                        if event.expected is not None:
                            limiter = self._writers
                            writing.enter_context(self._counted_as_writing())
                    yield event
            finally:
                abort()
                if step.done():
                    events.close()
                else:
                    # A thread cannot be cancelled: what it works at is closed when it comes back.
                    step.add_done_callback(lambda done: _close_late(events, done))

    async def _unless_stopped(self, step: asyncio.Future[R]) -> R:
        stopped = asyncio.ensure_future(self._stopped.wait())
        try:
            both: tuple[asyncio.Future[Any], ...] = (step, stopped)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if not step.done():
            raise EngineStoppingError(_STOPPING)
        return step.result()

    @contextmanager
    def _counted_as_writing(self) -> Iterator[None]:
        self._writing += 1
        try:
            yield
        finally:
            self._writing -= 1

    def _leave(self) -> None:
        self._waiting -= 1

    def _keep_reason(self, reason: str, level: int = logging.WARNING) -> None:
        if reason != self._reason:
            _logger.log(level, "no index loaded: %s", reason)
        self._reason = reason

    def _open(self) -> FinRAG:
        folder = Path(self._config.cache_dir)
        return FinRAG.open(self._store, DiskCache(folder, self._store, self._config.cache_bytes), folder)


def _next_event(events: Iterator[Event]) -> Event | None:
    return next(events, None)


def _next_turn(events: Iterator[Event]) -> Event | None:
    """Of the events that are left the next after which something else is to be done."""
    return next((event for event in events if isinstance(event, Sources | Result)), None)


def _close_late(events: Generator[Event, None, None], last: asyncio.Future[Event | None]) -> None:
    """Close the events of a question that nobody waits for any more; a failure of its last step is told in the log."""
    failure = None if last.cancelled() else last.exception()
    if failure is not None:
        _logger.error("a question that nobody waited for failed", exc_info=failure)
    events.close()
