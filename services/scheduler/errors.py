"""What callers are told: a stable code, the HTTP status it stands for, one plain sentence, what to do."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "ApiError",
    "HistoryUnavailableError",
    "InvalidTriggersError",
    "JobActionError",
    "StoreUnavailableError",
    "TooManyTriggersError",
]


class ApiError(Exception):
    """A refusal or failure that its reader can act on; carries no internals and no secret."""

    def __init__(
        self, status: int, code: str, message: str, *, details: dict[str, object] | None = None, retry_after_s: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}
        self.retry_after_s = retry_after_s


class InvalidTriggersError(Exception):
    """Triggers that cannot be taken: every mistake of every trigger. Nothing was changed."""

    def __init__(self, problems: Sequence[tuple[int, str, str]]) -> None:
        super().__init__(f"{len(problems)} mistakes in the triggers")
        # Index of the trigger, its field, what is wrong with it.
        self.problems = tuple(problems)


class TooManyTriggersError(Exception):
    """The workspace would have more triggers than it may."""

    def __init__(self, asked: int, most: int) -> None:
        super().__init__(f"the workspace would have {asked} triggers; it may have {most}")
        self.asked = asked
        self.most = most


class JobActionError(Exception):
    """A job is gone, or in a state that does not allow what was asked."""


class StoreUnavailableError(Exception):
    """Redis does not answer, or not as it should; the message holds no password."""


class HistoryUnavailableError(Exception):
    """The object store with the executions does not answer, or refuses us; the message says what to do."""
