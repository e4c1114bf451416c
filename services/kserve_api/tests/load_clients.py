"""Clients that ask at the same time: bare HTTP/1.1 over a kept connection, so that they cost little themselves."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Apps", "Tally", "ask_all"]

_WRITES = 0.05


@dataclass(frozen=True, slots=True)
class Apps:
    """A tenant's key, where its apps are and how they are called."""

    key: str
    namespace: str
    names: Sequence[str]
    image: str


@dataclass(slots=True)
class Tally:
    """How long answers took, in seconds, and which were no success."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    def figures(self) -> dict[str, object]:
        """What is told of a run."""
        return {
            "requests": len(self.reads) + len(self.writes),
            "requests_per_s": round((len(self.reads) + len(self.writes)) / self.took_s, 1),
            "reads": _milliseconds(self.reads),
            "deploys": _milliseconds(self.writes),
            "errors": dict(self.errors),
        }


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    return {name: round(ordered[int((len(ordered) - 1) * share)] * 1000, 1) for name, share in shares.items()}


async def ask_all(url: str, tenants: Sequence[Apps], *, clients: int, seconds: float, pause_s: float) -> Tally:
    """Let the clients ask for so long: 95 % reads (lists, details, logs), 5 % deploys; each pauses between answers."""
    tally = Tally()
    began = time.perf_counter()
    await asyncio.gather(
        *(
            _ask(url, tenants[number % len(tenants)], random.Random(number), tally, seconds=seconds, pause_s=pause_s)
            for number in range(clients)
        )
    )
    tally.took_s = time.perf_counter() - began
    return tally


async def _ask(url: str, apps: Apps, chance: random.Random, tally: Tally, *, seconds: float, pause_s: float) -> None:
    ends = time.perf_counter() + seconds
    if pause_s:
        await asyncio.sleep(chance.random() * pause_s)
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    try:
        while time.perf_counter() < ends:
            is_write = chance.random() < _WRITES
            request = _deploy(apps, chance) if is_write else _read(apps, chance)
            began = time.perf_counter()
            writer.write(request)
            status, body = await _answer(reader)
            (tally.writes if is_write else tally.reads).append(time.perf_counter() - began)
            if not 200 <= status < 300:
                tally.errors[f"{request[:40].split()[0].decode()} {status} {body[:120].decode()}"] += 1
            if pause_s:
                await asyncio.sleep(pause_s * (0.5 + chance.random()))
    finally:
        writer.close()


def _read(apps: Apps, chance: random.Random) -> bytes:
    name = chance.choice(apps.names)
    path = chance.choice(
        (
            f"/models?namespace={apps.namespace}",
            f"/models/{apps.namespace}/{name}",
            f"/logs/{name}?namespace={apps.namespace}",
        )
    )
    return f"GET {path} HTTP/1.1\r\nHost: load\r\nX-API-Key: {apps.key}\r\n\r\n".encode()


def _deploy(apps: Apps, chance: random.Random) -> bytes:
    """Of which some change nothing."""
    body = json.dumps(
        {
            "name": chance.choice(apps.names),
            "namespace": apps.namespace,
            "image": apps.image,
            "envs": {"LEVEL": str(chance.randrange(3))},
        }
    ).encode()
    head = (
        f"POST /deploy HTTP/1.1\r\nHost: load\r\nX-API-Key: {apps.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    begin = head.lower().index(b"content-length:") + len(b"content-length:")
    length = int(head[begin : head.index(b"\r\n", begin)])
    return int(head[9:12]), await reader.readexactly(length)
