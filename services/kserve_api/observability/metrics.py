"""Metrics for Prometheus, of this process; no label has a tenant's, an app's or a namespace's name in it."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = ["CLUSTER_SECONDS", "DEPLOYS", "OPEN_STREAMS", "REFUSED_CREDENTIALS", "REQUESTS", "REQUEST_SECONDS"]

REQUESTS = Counter("kserve_api_requests", "Requests that were answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "kserve_api_request_seconds",
    "Time until a response was sent (of a stream: until it ended).",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120),
)
REFUSED_CREDENTIALS = Counter("kserve_api_refused_credentials", "Requests without valid credentials.")
DEPLOYS = Counter("kserve_api_deploys", "Deployments by outcome.", ("outcome",))
OPEN_STREAMS = Gauge("kserve_api_open_streams", "Log streams that are open now.")
CLUSTER_SECONDS = Histogram(
    "kserve_api_cluster_seconds",
    "Time of one call of the Kubernetes API server; status 0: no answer.",
    ("verb", "resource", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
