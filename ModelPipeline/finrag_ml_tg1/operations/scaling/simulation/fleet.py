"""The replicas of one deployment: those that serve, and those that were started and do not serve yet."""

from __future__ import annotations

__all__ = ["Fleet"]


class Fleet:
    """Replicas begin to serve `start_s` seconds after they are wanted; those that do not serve yet go first."""

    def __init__(self, ready: int, start_s: float) -> None:
        self._ready = ready
        self._start_s = start_s
        self._serves_at: list[float] = []

    @property
    def ready(self) -> int:
        """How many serve."""
        return self._ready

    @property
    def wanted(self) -> int:
        """How many there are, serving or not yet."""
        return self._ready + len(self._serves_at)

    def pass_to(self, now_s: float) -> None:
        """Let those serve whose time has come."""
        waiting = [at_s for at_s in self._serves_at if at_s > now_s]
        self._ready += len(self._serves_at) - len(waiting)
        self._serves_at = waiting

    def scale(self, now_s: float, wanted: int) -> None:
        """Start or end replicas, so that there are as many as wanted."""
        more = wanted - self.wanted
        if more > 0:
            self._serves_at += [now_s + self._start_s] * more
            return
        unready = min(-more, len(self._serves_at))
        self._serves_at = self._serves_at[: len(self._serves_at) - unready]
        self._ready -= -more - unready
