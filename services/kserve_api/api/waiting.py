"""Waits for as long as somebody wants to know: not for a client that has left, nor when the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from kserve_api.errors import ApiError

__all__ = ["client_left", "while_wanted"]

_Result = TypeVar("_Result")


async def while_wanted(work: Coroutine[Any, Any, _Result], receive: Receive, stopping: asyncio.Event) -> _Result:
    """Return what the work returns, or raise what it raises. Raises ApiError 503 `interrupted` when it was given up."""
    wanted = asyncio.create_task(work)
    endings = asyncio.create_task(client_left(receive)), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((wanted, *endings), return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
        raise ApiError(503, "interrupted", "The service stops, so it waits no longer: look at the app for its state")
    finally:
        for task in (wanted, *endings):
            task.cancel()
        await asyncio.gather(wanted, *endings, return_exceptions=True)


async def client_left(receive: Receive) -> None:
    """Return when the client has closed its connection; what is left of the request's body is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass
