"""Metrics of a worker for Prometheus; no label has a workspace's name in it."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "ATTEMPTS",
    "EXECUTIONS",
    "EXECUTION_SECONDS",
    "FLUSHED_RECORDS",
    "FLUSHES",
    "LATENESS_SECONDS",
    "RUNNING_CALLS",
    "SPOOL_BYTES",
    "SPOOL_RECORDS",
]

EXECUTIONS = Counter("scheduler_executions", "Executions that ended.", ("status",))
EXECUTION_SECONDS = Histogram(
    "scheduler_execution_seconds",
    "Time of the last attempt of an execution.",
    ("status",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
LATENESS_SECONDS = Histogram(
    "scheduler_lateness_seconds",
    "Tick to the beginning of the first attempt.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 6, 10, 30, 60, 300, 3600),
)
ATTEMPTS = Counter("scheduler_attempts", "Attempts of calls.", ("verdict",))
RUNNING_CALLS = Gauge("scheduler_running_calls", "Calls under way.")
FLUSHES = Counter("scheduler_flushes", "Objects written to S3, and failures to.", ("outcome",))
FLUSHED_RECORDS = Counter("scheduler_flushed_records", "Records that are on S3.")
SPOOL_RECORDS = Gauge("scheduler_spool_records", "Records that wait for S3.")
SPOOL_BYTES = Gauge("scheduler_spool_bytes", "What these take on disk.")
