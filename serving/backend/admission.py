"""The way to the worker threads: a few work, a short queue waits, and who comes beyond is told when to come back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from finrag_ml_tg1.errors import FinRAGError
from serving.backend.fair_share import FairShare

__all__ = ["Admission", "EngineBusyError", "Slot"]

R = TypeVar("R")

_BUSY = "too many questions are waiting: try again in {} s"


class EngineBusyError(FinRAGError):
    """More is asked than can be answered soon; worth another try after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Slot:
    """A place among those who are let in, and once it has come, the turn on a worker thread."""

    def __init__(
        self, turns: anyio.CapacityLimiter, threads: anyio.CapacityLimiter, leave: Callable[[float | None], None]
    ) -> None:
        self._turns = turns
        self._threads = threads
        self._leave = leave
        self._is_held = True
        self._turn_began: float | None = None
        self._step: asyncio.Future[Any] | None = None

    def begin(self, work: Callable[..., R], *arguments: object) -> asyncio.Future[R]:
        """Return what `work` gives, done on a thread: after those who came before, and from then on at once."""
        step = asyncio.ensure_future(self._run(work, *arguments))
        self._step = step
        return step

    def abandon(self) -> None:
        """Leave the queue; work that has begun goes on to its end, since a thread cannot be cancelled."""
        if self._step is not None and self._turn_began is None:
            self._step.cancel()

    def release(self) -> None:
        """Make room for another question, once; while a thread is at work, as soon as it is done."""
        if self._is_held:
            self._is_held = False
            if self._step is None or self._step.done():
                self._free()
            else:
                self._step.add_done_callback(lambda done: self._free())

    async def _run(self, work: Callable[..., R], *arguments: object) -> R:
        if self._turn_began is None:
            await self._turns.acquire_on_behalf_of(self)
            self._turn_began = time.monotonic()
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._threads)

    def _free(self) -> None:
        began = self._turn_began
        if began is not None:
            self._turns.release_on_behalf_of(self)
        self._leave(None if began is None else time.monotonic() - began)


class Admission:
    """Lets `workers` + `waiting` in at once, each client no more than its share while others wait."""

    def __init__(self, workers: int, waiting: int) -> None:
        self._turns = anyio.CapacityLimiter(workers)
        self._threads = anyio.CapacityLimiter(workers)
        self._share = FairShare(workers, waiting)

    @property
    def inside(self) -> int:
        """How many are at work or wait."""
        return self._share.inside

    @contextmanager
    def admitted(self, client: str) -> Iterator[Slot]:
        """Give a place, free again when it is released, at the latest when the block ends; raises EngineBusyError."""
        retry_after_s = self._share.enter(client)
        if retry_after_s:
            raise EngineBusyError(_BUSY.format(retry_after_s), retry_after_s)
        slot = Slot(self._turns, self._threads, lambda work_s: self._share.leave(client, work_s))
        try:
            yield slot
        finally:
            slot.release()
