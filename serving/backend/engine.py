"""Questions worked on: how many are taken, on which threads, and how they end when the server is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.events import Event, Result, Sources
from finrag_ml_tg1.pipeline import FinRAG
from serving.backend.admission import Admission, EngineBusyError, Slot
from serving.backend.served_versions import ServedVersions

__all__ = ["MAX_WAITING", "WORKERS", "Engine", "EngineStoppingError", "QueryTimeoutError"]

R = TypeVar("R")

WORKERS = 2
# Measured: with more waiting, the slowest answers under load take longer than four times those of a server at rest.
MAX_WAITING = 2
# What is looked up rather than searched for takes milliseconds, and the chat needs several to draw a page.
READERS = 1
MAX_READS_WAITING = 32
# A model that writes keeps a thread waiting, not a core working; beyond so many at once the filings are quoted.
WRITERS = 16
# How long answers under way may go on when the server is told to stop; uvicorn grants 20 seconds.
STOPPING_GRACE_S = 18.0

_STOPPING = "the server is shutting down: ask again in a moment"
_TOO_LONG = "the answer took longer than {:g} s: ask for less at once, or raise FINRAG_QUERY_TIMEOUT_S"

_logger = logging.getLogger(__name__)


class EngineStoppingError(FinRAGError):
    """The server stops before the answer is whole."""


class QueryTimeoutError(FinRAGError):
    """The answer is not whole in the time that a question has."""


class Engine:
    """Works with the loaded pipeline off the event loop, a few calls at a time.

    A question or a look-up has `query_timeout_s` seconds; when the server is told to stop, those under way have
    `grace_s`.
    """

    def __init__(self, versions: ServedVersions, *, query_timeout_s: float, grace_s: float = STOPPING_GRACE_S) -> None:
        self.versions = versions
        self.is_shutting_down = False
        self._questions = Admission(WORKERS, MAX_WAITING)
        self._reads = Admission(READERS, MAX_READS_WAITING)
        self._writers = anyio.CapacityLimiter(WRITERS)
        self._query_timeout_s = query_timeout_s
        self._grace_s = grace_s
        self._under_way = 0
        self._writing = 0
        self._refused = 0
        self._stopped = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def stop(self) -> None:
        """Take no more questions, and end those that are not answered when the grace is over."""
        if not self.is_shutting_down:
            self.is_shutting_down = True
            asyncio.get_running_loop().call_later(self._grace_s, self._stopped.set)

    async def wait_until_idle(self) -> None:
        """Return once nothing is under way."""
        await self._idle.wait()

    @contextmanager
    def admitted(self, client: str) -> Iterator[Slot]:
        """Take a place for a question of a client; free again when it is released, at the latest when the block ends.

        Raises EngineStoppingError, IndexNotLoadedError or EngineBusyError when no question can be taken now.
        """
        with self._admitted(self._questions, client) as slot:
            yield slot

    @property
    def can_write(self) -> bool:
        """Whether one more language model may write now."""
        return self._writing < WRITERS

    @property
    def inside(self) -> int:
        """How many questions are worked on or wait for their turn."""
        return self._questions.inside

    @property
    def writing(self) -> int:
        """How many answers language models are writing."""
        return self._writing

    @property
    def refused(self) -> int:
        """How many questions were refused because too many were waiting."""
        return self._refused

    async def read(self, client: str, work: Callable[[FinRAG], R]) -> R:
        """Return `work(pipeline)`, for what is looked up and takes no time; raises what `admitted` and `work` raise."""
        with self._admitted(self._reads, client) as slot, self.versions.in_use() as finrag:
            return await self.work(slot, work, finrag)

    async def work(self, slot: Slot, work: Callable[..., R], *arguments: object) -> R:
        """Return `work(*arguments)`, done on a thread when it is the slot's turn.

        Raises EngineStoppingError, QueryTimeoutError.
        """
        ends_at = asyncio.get_running_loop().time() + self._query_timeout_s
        try:
            return await self._in_time(slot.begin(work, *arguments), ends_at)
        finally:
            slot.abandon()

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
        thread, and no longer in the way of other questions. Raises EngineStoppingError when the server stops meanwhile,
        QueryTimeoutError when the question's time is up. Unless it `is_streamed`, steps and words are not waited for
        one by one: `Sources` and `Result` alone come.
        """
        advance = _next_event if is_streamed else _next_turn
        ends_at = asyncio.get_running_loop().time() + self._query_timeout_s
        is_written = False
        with ExitStack() as writing:
            try:
                while True:
                    step = self._write(advance, events) if is_written else slot.begin(advance, events)
                    event = await self._in_time(step, ends_at)
                    if event is None:
                        return
                    if isinstance(event, Sources):
                        slot.release()
                        if event.expected is None:
                            break
                        is_written = True
                        writing.enter_context(self._counted_as_writing())
                    yield event
                # The answer is whole: what is left is to hand it out, which takes no thread.
                yield event
                while (event := advance(events)) is not None:
                    yield event
            finally:
                abort()
                slot.abandon()
                if step.done():
                    events.close()
                else:
                    # A thread cannot be cancelled: what it works at is closed when it comes back.
                    step.add_done_callback(lambda done: _close_late(events, done))

    @contextmanager
    def _admitted(self, admission: Admission, client: str) -> Iterator[Slot]:
        if self.is_shutting_down:
            raise EngineStoppingError(_STOPPING)
        self.versions.check_loaded()
        with ExitStack() as place:
            try:
                slot = place.enter_context(admission.admitted(client))
            except EngineBusyError as busy:
                self._refused += 1
                _logger.debug("refused: %d are at work or wait, again in %d s", admission.inside, busy.retry_after_s)
                raise
            _logger.debug("admitted: %d are at work or wait", admission.inside)
            self._under_way += 1
            self._idle.clear()
            try:
                yield slot
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._idle.set()

    def _write(
        self, advance: Callable[[Iterator[Event]], Event | None], events: Iterator[Event]
    ) -> asyncio.Future[Event | None]:
        return asyncio.ensure_future(anyio.to_thread.run_sync(advance, events, limiter=self._writers))

    async def _in_time(self, step: asyncio.Future[R], ends_at: float) -> R:
        """Return what a step gives; raises EngineStoppingError or QueryTimeoutError when it is not done in time."""
        stopped = asyncio.ensure_future(self._stopped.wait())
        left_s = max(0.0, ends_at - asyncio.get_running_loop().time())
        try:
            both: tuple[asyncio.Future[Any], ...] = (step, stopped)
            await asyncio.wait(both, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                return step.result()
            if stopped.done():
                raise EngineStoppingError(_STOPPING)
            raise QueryTimeoutError(_TOO_LONG.format(self._query_timeout_s))
        finally:
            stopped.cancel()

    @contextmanager
    def _counted_as_writing(self) -> Iterator[None]:
        self._writing += 1
        try:
            yield
        finally:
            self._writing -= 1


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
