"""How many requests of a tenant may be open for long at a time: log streams, and those that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from kserve_api.errors import ApiError

__all__ = ["Slots"]


class Slots:
    """Counts by tenant."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def slot(self, tenant: str) -> Iterator[None]:
        """Hold one for the block. Raises ApiError 429 `too_many_open` when the tenant has no more."""
        if self._taken[tenant] >= self._most:
            told = f"{self._most} log streams and waiting requests are open already: close some, or ask without wait"
            raise ApiError(429, "too_many_open", told, retry_after_s=10)
        self._taken[tenant] += 1
        try:
            yield
        finally:
            self._taken[tenant] -= 1
            if not self._taken[tenant]:
                del self._taken[tenant]
