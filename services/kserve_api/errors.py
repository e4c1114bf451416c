"""What callers are told: a stable code, the HTTP status it stands for, one plain sentence, what to do."""

from __future__ import annotations

__all__ = ["ApiError", "ClusterError"]


class ApiError(Exception):
    """A refusal or failure that its reader can act on; carries no internals of the cluster and no secret."""

    def __init__(
        self, status: int, code: str, message: str, *, details: dict[str, object] | None = None, retry_after_s: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}
        self.retry_after_s = retry_after_s


class ClusterError(Exception):
    """What the Kubernetes API server answered (or that it did not: status 0); for us and the log, not for callers.

    `reason` is the machine-readable reason of its Status object (NotFound, AlreadyExists, Conflict, Forbidden,
    Invalid, TooManyRequests …); `message` may name internals.
    """

    def __init__(self, status: int, reason: str, message: str, *, retry_after_s: int = 0) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after_s = retry_after_s
