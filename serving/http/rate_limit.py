"""How many requests one client may send in a minute."""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.storage.memory import Entry
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.client_address import UNKNOWN, client_of
from serving.http.errors import problem_response
from serving.http.probes import PROBES

__all__ = ["BoundedMemory", "RateLimit"]

# What one subscriber is given at the least (RFC 6177), so all of it counts as one client.
_IPV6_CLIENT_BITS = 64
_MAX_CLIENTS = 20_000


class BoundedMemory(MemoryStorage):
    """The moments of requests in memory, for `max_clients` at most; beyond that, who was silent longest is forgotten.

    The library's own storage looks through all clients at each request, on a thread for each of them; here each
    request removes what is over at the front of a list that the most recent client ends.
    """

    def __init__(self, max_clients: int = _MAX_CLIENTS) -> None:
        super().__init__()
        self._max_clients = max_clients

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Return whether one more request (`amount` is 1) fits into the last `expiry` seconds, and note it then."""
        now = time.time()
        moments = self.events.pop(key, [])
        while moments and moments[-1].expiry <= now:
            moments.pop()
        is_within = len(moments) < limit
        if is_within:
            moments.insert(0, Entry(expiry))
        self.events[key] = moments
        self._forget(now)
        return is_within

    def _forget(self, now: float) -> None:
        while self.events:
            key, moments = next(iter(self.events.items()))
            if len(self.events) <= self._max_clients and moments[0].expiry > now:
                return
            del self.events[key]


class RateLimit:
    """Answers 429 to a client that has sent `per_minute` requests in the last minute; refused ones do not count."""

    def __init__(self, app: ASGIApp, per_minute: int, moments: BoundedMemory | None = None) -> None:
        """`moments` keeps when clients have sent requests; in memory unless it is given."""
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(moments or BoundedMemory())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            client = _counted_as(client_of(scope))
            if not await self._limiter.hit(self._limit, client):
                window = await self._limiter.get_window_stats(self._limit, client)
                seconds = max(1, ceil(window.reset_time - time.time()))
                detail = (
                    f"One client may send {self._limit.amount} requests a minute: send the next in {seconds} seconds."
                )
                await problem_response(429, detail, headers={"Retry-After": str(seconds)})(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _counted_as(client: str) -> str:
    """Return what stands for the client in the count: its address, or the network it can choose addresses from."""
    address = None if client == UNKNOWN else ip_address(client)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_CLIENT_BITS), strict=False))
    return client
