"""What the checks are made with; tests put their own in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from kserve_api.cluster.cluster import Cluster
from kserve_api.settings import Settings

__all__ = ["Surroundings", "fetch_status", "resolve_host"]

_TIMEOUT_S = 60.0  # A pod that starts from zero may take as long.
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


async def resolve_host(host: str) -> Sequence[str]:
    """Return the addresses of a host, none when the name does not exist. Raises OSError when no resolver answers."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return ()
        raise
    return sorted({str(each[4][0]) for each in found})


async def fetch_status(url: str) -> int:
    """Return the status that GET of a URL is answered with. Raises httpx.HTTPError when there is no answer."""
    async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
        return (await client.get(url)).status_code


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cluster, the settings, and the ways out of it: DNS, HTTP and clocks."""

    cluster: Cluster
    settings: Settings
    server_time: Callable[[], Awaitable[datetime | None]]
    service_namespace: str = "kserve-api"
    service_host: str = ""  # Empty: kserve-api. under the base domain.
    resolve: Callable[[str], Awaitable[Sequence[str]]] = resolve_host
    fetch: Callable[[str], Awaitable[int]] = fetch_status
    now: Callable[[], datetime] = _now

    @property
    def own_host(self) -> str:
        """Where the service itself is reached."""
        return self.service_host or f"kserve-api.{self.settings.base_domain}"
