"""Lines of an answer that does not end by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from kserve_api.errors import ClusterError

__all__ = ["lines_of"]


async def lines_of(
    content: aiohttp.StreamReader, longest: int, deadline: float | None = None
) -> AsyncGenerator[bytes, None]:
    """Lines without their ends as they come, longer ones in pieces, until the stream ends.

    Raises TimeoutError once the loop's clock has passed `deadline`, ClusterError status 0 when the connection breaks.
    """
    rest = b""
    while chunk := await _next_chunk(content, deadline):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
        if len(rest) > longest:
            yield rest
            rest = b""
    if rest:
        yield rest


async def _next_chunk(content: aiohttp.StreamReader, deadline: float | None) -> bytes:
    try:
        async with asyncio.timeout_at(deadline):
            return await content.readany()
    except aiohttp.ClientError as error:
        raise ClusterError(0, "NoAnswer", f"The stream broke off: {type(error).__name__} {error}") from error
