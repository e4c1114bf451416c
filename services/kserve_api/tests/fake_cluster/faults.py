"""Failures that a test orders: a status, a delay, a connection that breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kserve_api.tests.fake_cluster.status_error import StatusError

__all__ = ["Fault", "Faults", "Matcher"]

Matcher = str | Callable[[str, str], bool]
_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests that match: first the delay, then the break or the status (0: the
    request then goes on as usual). `after`: the request is carried out, and only its answer is lost (or replaced).
    """

    matcher: Matcher
    status: int = 0
    reason: str = ""
    message: str = "injected by a test"
    retry_after_s: int = 0
    delay_s: float = 0.0
    drop: bool = False
    after: bool = False
    times: int = 1

    def matches(self, method: str, path: str) -> bool:
        """Whether it is for this request; a text is a regular expression searched in `METHOD path?query`."""
        if isinstance(self.matcher, str):
            return re.search(self.matcher, f"{method} {path}") is not None
        return self.matcher(method, path)

    def error(self) -> StatusError:
        """The ordered answer."""
        reason = self.reason or _REASONS.get(self.status, "")
        return StatusError(self.status, reason, self.message, retry_after_s=self.retry_after_s)


class Faults:
    """The ordered failures, oldest first."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Let it happen."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Forget what has not happened yet."""
        self._ordered.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, used up once."""
        for fault in self._ordered:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                return fault
        return None
