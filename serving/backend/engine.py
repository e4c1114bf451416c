"""Questions worked on: how many are taken, on which threads, and how they end when the server is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import anyio.to_thread

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.events import Event, Result, Sources
from finrag_ml_tg1.pipeline import FinRAG
from serving.backend.served_versions import ServedVersions

__all__ = ["MAX_WAITING", "WORKERS", "Engine", "EngineBusyError", "EngineStoppingError", "Slot"]

R = TypeVar("R")

WORKERS = 2
MAX_WAITING = 16
# A model that writes keeps a thread waiting, not a core working; beyond so many at once the filings are quoted.
WRITERS = 16
# How long answers that are being written may go on when the server is told to stop; less than uvicorn grants.
STOPPING_GRACE_S = 3.0

_BUSY = "too many questions are waiting: try again in a few seconds"
_STOPPING = "the server is shutting down: ask again in a moment"

_logger = logging.getLogger(__name__)


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
    """Works with the loaded pipeline off the event loop, a few calls at a time."""

    def __init__(self, versions: ServedVersions) -> None:
        self.versions = versions
        self._workers = anyio.CapacityLimiter(WORKERS)
        self._writers = anyio.CapacityLimiter(WRITERS)
        self._waiting = 0
        self._writing = 0
        self._refused = 0
        self._stopped = asyncio.Event()
        self.is_shutting_down = False

    def stop(self) -> None:
        """Take no more questions, and end those that are not answered after a moment of grace."""
        if not self.is_shutting_down:
            self.is_shutting_down = True
            asyncio.get_running_loop().call_later(STOPPING_GRACE_S, self._stopped.set)

    @contextmanager
    def admitted(self) -> Iterator[Slot]:
        """Take a place for a question; free again when it is released, at the latest when the block ends.

        Raises EngineStoppingError, IndexNotLoadedError or EngineBusyError when no question can be taken now.
        """
        if self.is_shutting_down:
            raise EngineStoppingError(_STOPPING)
        self.versions.check_loaded()
        if self._waiting >= MAX_WAITING:
            self._refused += 1
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

    @property
    def inside(self) -> int:
        """How many questions are worked on or wait for their turn."""
        return self._waiting

    @property
    def writing(self) -> int:
        """How many answers language models are writing."""
        return self._writing

    @property
    def refused(self) -> int:
        """How many questions were refused because too many were waiting."""
        return self._refused

    async def run(self, work: Callable[[FinRAG], R]) -> R:
        """Return `work(pipeline)`, done on a worker thread; raises what `admitted` raises."""
        with self.admitted(), self.versions.in_use() as finrag:
            return await anyio.to_thread.run_sync(work, finrag, limiter=self._workers)

    async def events(
        self,
        slot: Slot,
        events: Generator[Event, None, None],
        abort: Callable[[], None],
        *,
        is_streamed: bool = True,
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of a pipeline, each made on a thread; `abort()` ends what it waits for.

        Up to `Sources` a core is at work, and the slot is held. What follows may wait for a language model: on another
        thread, and no longer in the way of other questions. Raises EngineStoppingError when the server stops meanwhile.
        Unless it `is_streamed`, steps and words are not waited for one by one: `Sources` and `Result` alone come.
        """
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
