"""Redis is away for a while: work that needs it waits, and goes on in an order that repeats no call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from scheduler.errors import StoreUnavailableError

__all__ = ["Outage"]

_POLL_S = 0.25
# After Redis is back, workers keep what ended meanwhile and take their locks again before anybody takes a job.
_SETTLE_S = 1.0

_logger = logging.getLogger(__name__)


class Outage:
    """Knows whether Redis is there. `recover` runs when it is back, before jobs are taken again."""

    def __init__(self, ping: Callable[[], Awaitable[object]], recover: Callable[[], Awaitable[None]]) -> None:
        self._ping = ping
        self._recover = recover
        self._answers = asyncio.Event()
        self._answers.set()
        self._settled = asyncio.Event()
        self._settled.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def settled(self) -> bool:
        """Whether Redis is there and jobs may be taken."""
        return self._settled.is_set()

    def begin(self, reason: str) -> None:
        """Take note that Redis did not answer."""
        self._settled.clear()
        if self._task is None or self._task.done():
            _logger.warning("no more jobs are taken until Redis is back: %s", reason)
            self._answers.clear()
            self._task = asyncio.get_running_loop().create_task(self._wait())

    async def answered(self) -> None:
        """Return when Redis answers: for what ended and is to be kept."""
        await self._answers.wait()

    async def over(self) -> None:
        """Return when Redis is there and everybody has kept what ended meanwhile: jobs may be taken."""
        await self._settled.wait()

    def wake(self) -> None:
        """Let those who wait to take jobs see that there is nothing more to take."""
        self._settled.set()

    async def close(self) -> None:
        """Wait no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _wait(self) -> None:
        while True:
            try:
                await self._ping()
                self._answers.set()
                await self._recover()
                await asyncio.sleep(_SETTLE_S)
                await self._ping()
            except StoreUnavailableError:
                self._answers.clear()
                await asyncio.sleep(_POLL_S)
                continue
            _logger.info("Redis is back: jobs are taken again")
            self._settled.set()
            return
