"""Clients that read, as a process of its own: `python -m kserve_api.tests.read_load URL KEY CLIENTS SECONDS PAUSE_S`.

Prints the times of all answers in seconds, as JSON. Each client waits a moment between two requests, as people and
dashboards do: without that the test would measure how fast the machine is.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp

__all__ = ["PATHS"]

PATHS = ("/models", *(f"/models/team-a/app-{number}" for number in range(10)))


async def _drive(url: str, key: str, clients: int, seconds: float, pause_s: float) -> list[float]:
    times: list[float] = []
    end = time.monotonic() + seconds

    async def read(session: aiohttp.ClientSession, number: int) -> None:
        await asyncio.sleep(pause_s * number / clients)
        while time.monotonic() < end:
            number += 1
            began = time.perf_counter()
            # Lists as often as details.
            path = PATHS[0] if number % 2 else PATHS[1 + number % 10]
            async with session.get(url + path) as answer:
                await answer.read()
                if answer.status != 200:
                    raise SystemExit(f"{path}: {answer.status}")
            times.append(time.perf_counter() - began)
            await asyncio.sleep(pause_s)

    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(connector=connector, headers={"X-API-Key": key}) as session:
        await asyncio.gather(*(read(session, number) for number in range(clients)))
    return times


if __name__ == "__main__":
    _, target, credential, count, duration, pause = sys.argv
    found = asyncio.run(_drive(target, credential, int(count), float(duration), float(pause)))
    sys.stdout.write(json.dumps(found))
