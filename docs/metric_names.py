"""docs/operations/metrics.md: every metric of the services, as they describe it themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import FastAPI
from prometheus_client import Metric

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.app import create_app
from serving.indexer.app import create_app as create_indexer

__all__ = ["metrics"]

_OWN = "finrag_"
_SUFFIXES = {"counter": "_total", "info": "_info"}


def metrics() -> str:
    """Return docs/operations/metrics.md."""
    backend, indexer = (list(_collected(create(MLConfig()))) for create in (create_app, create_indexer))
    shared = {family.name for family in indexer}
    of_both = [family for family in backend if family.name in shared]
    of_backend = [family for family in backend if family.name not in shared]
    return f"""# Metrics

This file is written by `python -m docs.generate` from what `GET /metrics` gives. A histogram has the usual series
`…_bucket`, `…_sum` and `…_count`. On Linux `process_…` metrics of memory, CPU and open files come with them.

## Of both services

{_table(of_both)}

## Of the back end

{_table(of_backend)}
"""


def _collected(app: FastAPI) -> Iterator[Metric]:
    return (family for family in app.state.metrics_registry.collect() if family.name.startswith(_OWN))


def _table(families: Iterable[Metric]) -> str:
    rows = [
        f"| `{family.name}{_SUFFIXES.get(family.type, '')}` | {family.type} | {family.documentation} |"
        for family in sorted(families, key=lambda family: family.name)
    ]
    return "\n".join(["| metric | type | meaning |", "|---|---|---|", *rows])
