"""Coroutines run to their end, wherever the test stands: browser tests leave an event loop in the main thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["run"]

R = TypeVar("R")


def run(coroutine: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine returns, run on an event loop of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
