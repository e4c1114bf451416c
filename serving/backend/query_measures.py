"""What metrics and the request's line in the log say of a query: neither its words nor whom it is about."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from finrag_ml_tg1.events import FIRST_TOKEN
from serving.backend.query_record import QueryRecord
from serving.http.request_context import current_request

__all__ = ["QueryMeasures"]

_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_QUERY_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_NO_MODEL = "none"


class QueryMeasures:
    """Counts the queries of this process; labels are the names of statuses, stages and configured models."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._queries = Counter(
            "finrag_queries",
            "Queries by status: answered, abstained, failed or cancelled by the client.",
            ("status",),
            registry=registry,
        )
        for status in ("answered", "abstained", "failed", "cancelled"):
            self._queries.labels(status)
        self._seconds = Histogram(
            "finrag_query_duration_seconds",
            "Seconds a query took, waiting for its turn included.",
            buckets=_QUERY_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "finrag_query_stage_seconds",
            "Seconds of an answer's stages, by stage; first_token is part of writing.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._cached = Counter(
            "finrag_queries_cached", "Queries answered with an answer that was kept.", registry=registry
        )
        self._fallbacks = Counter(
            "finrag_queries_fallback",
            "Queries answered with quotations because the model was away, failed or was over the budget.",
            registry=registry,
        )
        self._tokens = Counter(
            "finrag_model_tokens", "Tokens of language models by model and kind.", ("model", "kind"), registry=registry
        )
        self._cost = Counter(
            "finrag_model_cost_usd", "US dollars that language models cost, by model.", ("model",), registry=registry
        )

    def enter(self, record: QueryRecord) -> None:
        """Count a query that has ended, and have its request's line in the log tell of it."""
        self._queries.labels(record.status).inc()
        self._seconds.observe(record.total_ms / 1000)
        for stage in record.timings_ms:
            self._stages.labels(stage.stage).observe(stage.ms / 1000)
        if record.is_cached:
            self._cached.inc()
        if record.is_fallback:
            self._fallbacks.inc()
        if record.input_tokens or record.output_tokens:
            self._count_model(record)
        request = current_request()
        if request is None:
            return
        stages_ms = {stage.stage: stage.ms for stage in record.timings_ms}
        told = _told(record)
        request.summary = _summary(record)
        request.noted["query"] = {**told, "total_ms": record.total_ms, "stages_ms": dict(stages_ms)}
        if request.trace is not None:
            # The time to a model's first words is part of the time it wrote.
            stages_ms.pop(FIRST_TOKEN, None)
            request.trace.add_stages(stages_ms, {f"finrag.query.{name}": value for name, value in told.items()})

    def _count_model(self, record: QueryRecord) -> None:
        model = record.model_id or _NO_MODEL
        self._tokens.labels(model, "input").inc(record.input_tokens)
        self._tokens.labels(model, "cached_input").inc(record.cached_tokens)
        self._tokens.labels(model, "output").inc(record.output_tokens)
        self._cost.labels(model).inc(float(record.cost_usd))


def _summary(record: QueryRecord) -> str:
    """A query in a few words: how it ended, who wrote the answer, and where its time went."""
    how = "kept from before" if record.is_cached else record.model_id or _NO_MODEL
    parts = [record.status, f"{how}, a fallback" if record.is_fallback else how]
    if record.cost_usd:
        parts.append(f"{float(record.cost_usd):.6f} USD")
    if not record.is_cached:
        parts += [f"{stage.stage} {stage.ms:g} ms" for stage in record.timings_ms]
    return ", ".join(parts)


def _told(record: QueryRecord) -> dict[str, str | bool | int | float]:
    return {
        "status": record.status,
        "index_version": record.index_version,
        "cached": record.is_cached,
        "fallback": record.is_fallback,
        "model": record.model_id,
        "input_tokens": record.input_tokens,
        "output_tokens": record.output_tokens,
        "cost_usd": float(record.cost_usd),
    }
