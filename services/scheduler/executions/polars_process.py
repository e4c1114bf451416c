"""The child process with Polars, as its parent sees it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

from scheduler.errors import HistoryUnavailableError

__all__ = ["PolarsProcess"]

_SERVICES = Path(__file__).parents[2]
_LENGTH_BYTES = 4
# One thread and one arena; what is freed goes back at once.
_SMALL = {
    "POLARS_MAX_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0,narenas:1",
}


class PolarsProcess:
    """One child, started with the first request, and anew after one that failed."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the child if there is none: it gets ready while its parent does something else."""
        async with self._turn:
            if self._process is None:
                self._process = await _started()

    async def ask(self, work: str, timeout_s: float, **request: object) -> dict[str, object]:
        """Return what the child answers. Raises HistoryUnavailableError where it ends or takes too long."""
        async with self._turn:
            try:
                async with asyncio.timeout(timeout_s):
                    return await self._answer({"work": work, **request})
            except TimeoutError:
                await self._end()
                raise HistoryUnavailableError(
                    f"Reading the executions took longer than {timeout_s:g} s: ask for a shorter period"
                ) from None
            except (OSError, asyncio.IncompleteReadError):
                await self._end()
                raise HistoryUnavailableError(
                    "The process that reads executions ended: the log says why, and the next request starts it anew"
                ) from None
            except asyncio.CancelledError:
                # Its answer would be taken for that to the next request.
                await self._end()
                raise

    async def close(self) -> None:
        """End the child."""
        async with self._turn:
            await self._end()

    async def _answer(self, request: Mapping[str, object]) -> dict[str, object]:
        if self._process is None:
            self._process = await _started()
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        text = json.dumps(request).encode()
        process.stdin.write(len(text).to_bytes(_LENGTH_BYTES, "big") + text)
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(_LENGTH_BYTES), "big")
        answer: dict[str, object] = json.loads(await process.stdout.readexactly(length))
        return answer

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _started() -> Process:
    path = os.pathsep.join(filter(None, (str(_SERVICES), os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "scheduler.executions.polars_child",
        stdin=PIPE,
        stdout=PIPE,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": path, **_SMALL},
    )
