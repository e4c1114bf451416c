"""A worker process of tests that are killed: each call is one line that it appends to a file, when it begins and ends.

Run as `python -m scheduler.tests.worker_role FILE SECONDS OPTIONS` with the settings in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import uvloop

from scheduler.queueing.bullmq_worker import BullMqWorker
from scheduler.queueing.job import Call, Progress
from scheduler.queueing.redis_address import RedisAddress
from scheduler.settings_reading import read_settings
from scheduler.tests.queue_pieces import PREFIX, QUEUE, worker_options

__all__: list[str] = []


async def _work(file: Path, seconds: float, options: Mapping[str, float]) -> None:
    def note(what: str, call: Call, progress: Progress) -> None:
        line = [what, os.getpid(), call.job_id, progress.attempt, progress.recovered]
        with file.open("a") as written:
            written.write(json.dumps(line) + "\n")

    async def handler(call: Call, progress: Progress) -> Mapping[str, object]:
        note("begin", call, progress)
        await asyncio.sleep(seconds)
        note("end", call, progress)
        return {"pid": os.getpid()}

    address = RedisAddress.of(read_settings())
    await BullMqWorker(address, name=QUEUE, prefix=PREFIX, handler=handler, options=worker_options(**options)).run()


if __name__ == "__main__":
    uvloop.run(_work(Path(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3])))
