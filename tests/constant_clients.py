"""Clients that are at work all the time while something else happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

__all__ = ["constantly"]


@contextmanager
def constantly(work: Callable[[int], object], clients: int, numbers: Iterator[int] | None = None) -> Iterator[None]:
    """Have so many threads call `work`, one call after the other, each with another number, until the block ends."""
    over = threading.Event()
    numbered = numbers or count()

    def go_on() -> None:
        while not over.is_set():
            work(next(numbered))

    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(go_on) for _ in range(clients)]
        try:
            yield
        finally:
            over.set()
    for client in working:
        client.result()
