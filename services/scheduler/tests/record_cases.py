"""Records of executions as tests need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.executions.record import Attempt, ExecutionRecord

__all__ = ["BEGAN", "record", "timestamp"]

BEGAN = datetime(2026, 5, 4, 13, 59, 58, 250_000, tzinfo=UTC)


def timestamp(moment: datetime) -> str:
    """A moment as records have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record(
    number: int = 0, *, workspace: str = "acme", after: timedelta = timedelta(0), **values: object
) -> ExecutionRecord:
    """A successful execution that began at BEGAN plus a time; `number` makes its id."""
    began = timestamp(BEGAN + after)
    made = ExecutionRecord(
        workspace_id=workspace,
        job_id=f"{workspace}:dev:0",
        job_name=f"{workspace}-dev-trigger-0",
        trigger_url="https://app.example.com/refresh",
        trigger_method="POST",
        timestamp=began,
        status="success",
        duration_ms=120,
        http_status=200,
        retry_count=0,
        error_message=None,
        environment="dev",
        execution_id=f"run-{number}",
        lateness_ms=15,
        attempts=(Attempt(began, 120, 200, None),),
        response="done",
    )
    return replace(made, **values)  # type: ignore[arg-type]
