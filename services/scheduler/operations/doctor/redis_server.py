"""Redis: does it answer, over TLS, with the right clock, and does it keep what it is given."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from scheduler.errors import StoreUnavailableError
from scheduler.operations.doctor.finding import Check, Finding, fail, ok, unknown, warn
from scheduler.operations.doctor.surroundings import Surroundings

__all__ = ["redis_checks"]

_SLOW_S = 0.25
_TLS_S = 5.0
_HANDSHAKE_S = 2.0
_CERTIFICATE_DAYS = 14
# Ticks are computed on API and worker, kept times compared on Redis: a second is unimportant, a minute is a tick.
_CLOCK_WARN_S, _CLOCK_FAIL_S = 2.0, 30.0
_PING = 'redis-cli -u "$SCHEDULER_REDIS_URL" ping'


def redis_checks(around: Surroundings) -> Iterator[Check]:
    """Yield the checks of the Redis server."""
    yield Check("redis", lambda: _answers(around), _PING)
    yield Check("redis tls", lambda: _tls(around))
    memory = 'redis-cli -u "$SCHEDULER_REDIS_URL" info memory'
    yield Check("redis memory", lambda: _memory(around), memory, needs=("redis",))
    yield Check("clock", lambda: _clock(around), 'redis-cli -u "$SCHEDULER_REDIS_URL" time', needs=("redis",))


async def _answers(around: Surroundings) -> Sequence[Finding]:
    try:
        took = await around.store.ping()
    except StoreUnavailableError as error:
        return [fail(str(error), "start Redis, or correct SCHEDULER_REDIS_URL: nothing runs without it", _PING)]
    if took > _SLOW_S:
        told = f"{around.address.place} answers after {took * 1000:.0f} ms"
        return [warn(told, "let Redis run near the service: each call takes about ten commands", _PING)]
    return [ok(f"{around.address.place} answers in {took * 1000:.0f} ms")]


async def _tls(around: Surroundings) -> Sequence[Finding]:
    parts = urlsplit(around.settings.redis_url.get_secret_value())
    host, port = parts.hostname or "", parts.port or 6379
    command = f"openssl s_client -connect {host}:{port} </dev/null"
    if around.address.tls:
        return [await _certificate(host, port, around.settings.redis_ca_file, command)]
    if _is_here(host):
        return [ok("not needed: Redis is on this machine")]
    told = f"the way to {around.address.place} is not encrypted: its password and the triggers can be read on it"
    return [warn(told, "write rediss:// in SCHEDULER_REDIS_URL, with the port that speaks TLS", command)]


async def _certificate(host: str, port: int, ca_file: Path | None, command: str) -> Finding:
    try:
        until = await _end_of_certificate(host, port, ca_file)
    except ssl.SSLCertVerificationError as error:
        fix = "name the authority's certificate: SCHEDULER_REDIS_CA_FILE (component redis-ca of the manifests)"
        return fail(f"Redis' certificate is not accepted: {error.verify_message}", fix, command)
    # A Redis without TLS waits for the rest of what it takes for a command: the handshake does not end.
    except (ssl.SSLError, ConnectionAbortedError, ConnectionResetError):
        fix = "take the port that speaks TLS, or write redis:// if there is none"
        return fail(f"{host}:{port} does not speak TLS", fix, command)
    except (OSError, TimeoutError):
        return unknown("see redis: nothing answers there", command=command)
    if (until - datetime.now(UTC)).days < _CERTIFICATE_DAYS:
        return warn(f"Redis' certificate ends on {until:%Y-%m-%d}", "have it renewed", command)
    return ok(f"Redis' certificate is accepted, until {until:%Y-%m-%d}")


async def _end_of_certificate(host: str, port: int, ca_file: Path | None) -> datetime:
    context = ssl.create_default_context(cafile=ca_file)
    async with asyncio.timeout(_TLS_S):
        _, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname=host, ssl_handshake_timeout=_HANDSHAKE_S
        )
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"]), UTC)
    finally:
        # Not closed in order: TLS would wait for Redis' farewell.
        writer.transport.abort()
        await writer.wait_closed()


async def _memory(around: Surroundings) -> Sequence[Finding]:
    async with around.address.connect() as redis:
        with around.address.errors():
            told = await redis.info("memory")
    policy = str(told.get("maxmemory_policy", ""))
    most, used = int(told.get("maxmemory", 0)), int(told.get("used_memory", 0))
    command = 'redis-cli -u "$SCHEDULER_REDIS_URL" config get maxmemory-policy'
    if most and policy != "noeviction":
        fix = "set maxmemory-policy to noeviction: a key of the queue that is thrown away stops a trigger"
        return [fail(f"Redis throws keys away when its memory is full ({policy})", fix, command)]
    if most and used > 0.9 * most:
        return [warn(f"{used / most:.0%} of Redis' memory is used", "give it more, or see what else is in it", command)]
    if policy != "noeviction":
        fix = "set maxmemory-policy to noeviction before somebody sets maxmemory"
        return [warn(f"Redis' policy is {policy}; it has no limit of memory yet", fix, command)]
    return [ok(f"{used / 1e6:.0f} MB used, nothing is thrown away")]


async def _clock(around: Surroundings) -> Sequence[Finding]:
    async with around.address.connect() as redis:
        with around.address.errors():
            before = time.time()
            seconds, micros = await redis.time()
            after = time.time()
    apart = (before + after) / 2 - (seconds + micros / 1e6)
    told = f"this machine's clock and Redis' are {abs(apart):.1f} s apart"
    fix = "have both set their clocks from the network (NTP)"
    if abs(apart) > _CLOCK_FAIL_S:
        return [fail(told, fix, "timedatectl status")]
    if abs(apart) > _CLOCK_WARN_S:
        return [warn(told, fix, "timedatectl status")]
    return [ok(told)]


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
