"""Metrics for Prometheus: of requests and ended jobs in this process, and of the queue that all replicas share."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from coding_agent.jobs.job import Job, JobStatus
from coding_agent.jobs.store import JobStore
from coding_agent.observability.emf import job_end_line
from coding_agent.settings import Settings

__all__ = ["REQUEST_SECONDS", "QueueMetrics", "metrics_text", "observe_job_end"]

REQUEST_SECONDS = Histogram(
    "coding_agent_http_request_seconds",
    "Time until a response was sent.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 120, 900),
)
_JOB_SECONDS = Histogram(
    "coding_agent_job_seconds",
    "Time from a job's start to its end.",
    ("outcome",),
    buckets=(10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200),
)
_TOKENS = Counter("coding_agent_tokens", "Tokens of ended jobs.", ("direction",))
_COST = Counter("coding_agent_cost_usd", "US dollars that ended jobs have cost.")


def observe_job_end(job: Job, settings: Settings) -> None:
    """Count a job that this process has ended; in production CloudWatch is told on standard output too."""
    if job.started_at is not None and job.ended_at is not None:
        _JOB_SECONDS.labels(job.status).observe((job.ended_at - job.started_at).total_seconds())
    _TOKENS.labels("input").inc(job.input_tokens)
    _TOKENS.labels("output").inc(job.output_tokens)
    _COST.inc(job.cost_usd)
    if settings.environment == "production":
        print(job_end_line(job), file=sys.stdout, flush=True)  # noqa: T201 (the format is lines on stdout)


class QueueMetrics(Collector):
    """Asks the store at each scrape."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """Return the gauges. Raises StoreUnavailableError."""
        state = self._store.queue_state()
        jobs = GaugeMetricFamily("coding_agent_jobs", "Jobs that are kept, by status.", labels=("status",))
        for status in JobStatus:
            jobs.add_metric((status,), state.counts.get(status, 0))
        yield jobs
        yield GaugeMetricFamily(
            "coding_agent_queue_depth", "Jobs that wait.", value=state.counts.get(JobStatus.PENDING, 0)
        )
        yield GaugeMetricFamily(
            "coding_agent_oldest_pending_seconds", "How long the oldest of them has.", value=state.oldest_pending_s
        )


def metrics_text(store: JobStore) -> bytes:
    """Return all metrics in Prometheus' text format. Raises StoreUnavailableError."""
    registry = CollectorRegistry(auto_describe=False)
    # Registering would ask the store once more, to describe what it gives.
    registry.register(QueueMetrics(store))
    return generate_latest(REGISTRY) + generate_latest(registry)
