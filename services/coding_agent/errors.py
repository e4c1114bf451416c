"""What goes wrong with a job in a way that its owner is told: a code for programs, a line for people."""

from __future__ import annotations

__all__ = ["CodingAgentError", "JobNotFoundError", "JobStoppedError", "MoveRefusedError", "StoreUnavailableError"]


class CodingAgentError(Exception):
    """Why a job cannot go on; `code` is stable and documented, the message holds no secret."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class JobNotFoundError(CodingAgentError):
    """There is no such job, or it is older than what is kept."""

    def __init__(self, job_id: str) -> None:
        super().__init__("job_not_found", f"There is no job {job_id!r}, or it is older than what is kept")


class MoveRefusedError(CodingAgentError):
    """The state machine of a job does not go this way, or another worker has the job by now."""

    def __init__(self, message: str) -> None:
        super().__init__("move_refused", message)


class StoreUnavailableError(CodingAgentError):
    """The store of jobs does not answer; nothing was changed, or it is not known whether."""

    def __init__(self, message: str) -> None:
        super().__init__("store_unavailable", message)


class JobStoppedError(CodingAgentError):
    """The run was told to stop; the code says why: cancelled, timed_out, draining, lease_lost."""
