"""Time of the cluster: it stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Starts at the real time of its making; `advance` is the only thing that moves it."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self._now

    def stamp(self) -> str:
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def age_s(self, stamp: str) -> float:
        """Seconds since an RFC 3339 stamp, never negative (the store stamps with the real clock)."""
        then = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return max(0.0, (self._now - then).total_seconds())
