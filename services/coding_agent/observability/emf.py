"""CloudWatch's embedded metric format: a line of the log from which CloudWatch makes metrics.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Mapping
from typing import Literal, TextIO

from coding_agent.errors import CodingAgentError
from coding_agent.jobs.job import Job, JobStatus
from coding_agent.jobs.store import JobStore

__all__ = ["NAMESPACE", "QueueReports", "emf_line", "job_end_line", "queue_line"]

NAMESPACE = "CodingAgent"

Unit = Literal["Count", "Seconds", "None"]

_logger = logging.getLogger(__name__)


def emf_line(
    metrics: Mapping[str, tuple[float, Unit]],
    *,
    dimensions: Mapping[str, str],
    properties: Mapping[str, str] | None = None,
    at: float | None = None,
) -> str:
    """Return one line: each metric once over all the dimensions; `at` is seconds since 1970 (default: now).

    Properties are kept in the log beside the metrics and make none: ids belong there, not into dimensions.
    """
    described = {
        "Timestamp": int((time.time() if at is None else at) * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [list(dimensions)],
                "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in metrics.items()],
            }
        ],
    }
    values = {name: value for name, (value, _) in metrics.items()}
    return json.dumps({"_aws": described, **dimensions, **(properties or {}), **values})


def job_end_line(job: Job) -> str:
    """Return the line for a job that has ended."""
    metrics: dict[str, tuple[float, Unit]] = {
        "JobsEnded": (1, "Count"),
        "InputTokens": (job.input_tokens, "Count"),
        "OutputTokens": (job.output_tokens, "Count"),
        # CloudWatch has no unit for money.
        "CostUSD": (round(job.cost_usd, 6), "None"),
        "Steps": (job.steps, "Count"),
    }
    if job.started_at is not None and job.ended_at is not None:
        metrics["JobDuration"] = ((job.ended_at - job.started_at).total_seconds(), "Seconds")
    return emf_line(
        metrics,
        dimensions={"Outcome": job.status},
        properties={"job_id": job.id, "repository": job.request.issue.repository},
    )


def queue_line(store: JobStore) -> str:
    """Return the line for the queue as it is now. Raises StoreUnavailableError."""
    state = store.queue_state()
    return emf_line(
        {
            "QueueDepth": (state.counts.get(JobStatus.PENDING, 0), "Count"),
            "JobsRunning": (state.counts.get(JobStatus.RUNNING, 0), "Count"),
            "OldestPendingAge": (round(state.oldest_pending_s, 3), "Seconds"),
        },
        dimensions={"Service": "coding-agent"},
    )


class QueueReports:
    """Writes the queue's line at once and then every `interval_s` seconds, from a thread of its own."""

    def __init__(self, store: JobStore, *, interval_s: float = 60.0, stream: TextIO | None = None) -> None:
        self._store = store
        self._interval_s = interval_s
        self._stream = stream
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="queue-reports", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                print(queue_line(self._store), file=self._stream or sys.stdout, flush=True)
            except CodingAgentError as error:
                _logger.warning("the queue's metrics are missing: %s", error)
            if self._stopped.wait(self._interval_s):
                return
