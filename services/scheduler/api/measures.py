"""Metrics of the API for Prometheus; no label has a workspace's name in it."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

__all__ = ["REFUSED_CREDENTIALS", "REQUESTS", "REQUEST_SECONDS"]

REQUESTS = Counter("scheduler_api_requests", "Requests that were answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "scheduler_api_request_seconds",
    "Time until a response was sent.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REFUSED_CREDENTIALS = Counter("scheduler_api_refused_credentials", "Requests without valid credentials.")
