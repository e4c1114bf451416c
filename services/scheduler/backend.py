"""The API role's HTTP service: `create_app` makes it, `python -m scheduler api` serves it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from fastapi import FastAPI

from scheduler.api.auth import Authentication
from scheduler.api.document import application
from scheduler.api.edge import Edge
from scheduler.api.keys import Keys
from scheduler.api.request_limits import RequestLimits
from scheduler.api.service import Ports, Service
from scheduler.api.sessions import Sessions
from scheduler.observability.logs import configure_logging
from scheduler.queueing.bullmq_queue import BullMqQueue
from scheduler.queueing.redis_address import RedisAddress
from scheduler.reconciling.reconciler import Reconciler
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError
from scheduler.triggers.redis_store import RedisTriggerStore
from scheduler.triggers.triggers import Triggers

__all__ = ["create_app"]


def create_app(settings: Settings, ports: Ports | None = None) -> FastAPI:
    """Return the application. Without `ports` it opens Redis and S3 at its start, and reconciles.

    It takes no job and makes no call: that is the worker's role, in processes of its own.

    Raises ConfigurationError where keys cannot be read, or nobody would be kept out.
    """
    configure_logging(settings)
    keys = Keys(settings)
    sessions = Sessions(settings, keys)
    address = _address(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            await _in_background(held, keys.follow_file())
            opened = ports or await _open(settings, address, held)
            triggers = Triggers(opened.store, opened.queue, most=settings.max_triggers)
            app.state.service = Service(settings, keys, sessions, opened, triggers)
            yield

    app = application(lifespan)
    app.add_middleware(RequestLimits)
    app.add_middleware(Authentication, keys=keys, sessions=sessions)
    app.add_middleware(Edge, trusted_proxies=settings.trusted_proxies)
    return app


async def _open(settings: Settings, address: RedisAddress, held: AsyncExitStack) -> Ports:
    store = RedisTriggerStore(address, prefix=settings.prefix)
    held.push_async_callback(store.close)
    queue = BullMqQueue(address, name=settings.queue, prefix=settings.prefix)
    held.push_async_callback(queue.close)
    reconciler = Reconciler(store, queue, address, prefix=settings.prefix, every_s=settings.reconcile_s)
    held.push_async_callback(reconciler.close)
    await _in_background(held, reconciler.run())
    # Its libraries take longer to import than all the rest.
    from scheduler.executions.s3_history import S3ExecutionHistory

    history = await held.enter_async_context(S3ExecutionHistory.open(settings))
    return Ports(store, queue, history)


async def _in_background(held: AsyncExitStack, work: Coroutine[object, object, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    held.push_async_callback(end)


def _address(settings: Settings) -> RedisAddress:
    try:
        return RedisAddress.of(settings)
    except ValueError as error:
        raise ConfigurationError(f"SCHEDULER_REDIS_URL: {error}") from None
