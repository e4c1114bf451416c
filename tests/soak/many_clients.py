"""Clients that ask one question after the other, each from an address of its own, and wait when they are told to."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import httpx

from tests.soak.mixed_requests import draw_question

__all__ = ["Client", "HealthProbes", "ask_for", "fairness", "percentile", "probed"]

PROBE_EVERY_S = 0.25
PROBE_PATHS = ("/livez", "/readyz", "/health", "/metrics")
MOST_PROBE_S = 1.0
_STREAMED_SHARE = 0.25
_SHORTEST_PAUSE_S = 0.05


@dataclass(slots=True)
class Client:
    """One client: the milliseconds its admitted questions took, and what else it was told."""

    address: str
    heeds_retry_after: bool = True
    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0
    waits_s: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class HealthProbes:
    """How long each probe took, in milliseconds, and what was wrong with it."""

    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def ask_for(url: str, seconds: float, clients: Sequence[Client], companies: list[dict[str, Any]]) -> None:
    """Have each client ask questions of its own for that long; what became of them is kept in the clients."""
    async with AsyncExitStack() as opened:
        sessions = [
            await opened.enter_async_context(
                httpx.AsyncClient(
                    base_url=url, timeout=60, transport=httpx.AsyncHTTPTransport(local_address=client.address)
                )
            )
            for client in clients
        ]
        # Only now: to make so many of them takes seconds where others work too.
        ends_at = time.monotonic() + seconds
        await asyncio.gather(
            *(
                _ask_until(ends_at, client, session, random.Random(client.address), companies)
                for client, session in zip(clients, sessions, strict=True)
            )
        )


async def _ask_until(
    ends_at: float,
    client: Client,
    session: httpx.AsyncClient,
    chooser: random.Random,
    companies: list[dict[str, Any]],
) -> None:
    while time.monotonic() < ends_at:
        body = {"question": draw_question(chooser, companies)}
        path = "/query/stream" if chooser.random() < _STREAMED_SHARE else "/query"
        wait_s = await _ask(client, session, path, body)
        while wait_s and time.monotonic() + wait_s < ends_at:
            await asyncio.sleep(wait_s)
            wait_s = await _ask(client, session, path, body)
        if wait_s:
            return


async def _ask(client: Client, session: httpx.AsyncClient, path: str, body: dict[str, str]) -> float:
    """Ask once; return 0 when it was answered or failed, else after how many seconds to ask again."""
    started = time.perf_counter()
    try:
        response = await session.post(path, json=body)
    except httpx.HTTPError as error:
        client.failures.append(f"{path}: {error!r}")
        return 0
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        client.refused += 1
        wait_s = int(response.headers["Retry-After"])
        client.waits_s[wait_s] += 1
        return wait_s if client.heeds_retry_after else _SHORTEST_PAUSE_S
    is_whole = path == "/query" or "event: done" in response.text
    if response.status_code != httpx.codes.OK or not is_whole:
        client.failures.append(f"{path}: {response.status_code} {response.text[-300:]}")
    else:
        client.milliseconds.append((time.perf_counter() - started) * 1000)
    return 0


@contextmanager
def probed(url: str) -> Iterator[HealthProbes]:
    """Ask the probes' routes in turn all through the block, from a thread; one that takes over a second has failed."""
    probes = HealthProbes()
    over = Event()

    def probe() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=10) as session:
            paths = [path for path in PROBE_PATHS if session.get(path).status_code != httpx.codes.NOT_FOUND]
            while not over.is_set():
                for path in paths:
                    _probe(session, path, probes)
                    over.wait(PROBE_EVERY_S)

    thread = Thread(target=probe)
    thread.start()
    try:
        yield probes
    finally:
        over.set()
        thread.join()


def _probe(session: httpx.Client, path: str, probes: HealthProbes) -> None:
    started = time.perf_counter()
    try:
        status = session.get(path).status_code
    except httpx.HTTPError as error:
        probes.failures.append(f"{path}: {error!r}")
        return
    elapsed_s = time.perf_counter() - started
    probes.milliseconds.append(elapsed_s * 1000)
    if status != httpx.codes.OK or elapsed_s > MOST_PROBE_S:
        probes.failures.append(f"{path}: {status} after {elapsed_s:.2f} s")


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile; of few values the nearest one there is."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def fairness(counts: Sequence[int]) -> float:
    """Return Jain's index: 1 when all counts are the same, 1/n when one client has everything."""
    return sum(counts) ** 2 / (len(counts) * sum(count**2 for count in counts)) if any(counts) else 0.0
