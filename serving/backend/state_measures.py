"""The state of the back end as Prometheus sees it: read when it asks, so that it costs nothing in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from finrag_ml_tg1.answering.models.opening import ModelChoice
from serving.backend.answer_cache import AnswerCache
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.engine import Engine
from serving.backend.shared.connection import SharedRedis

__all__ = ["StateMeasures"]


class StateMeasures(Collector):
    """Collects from the parts of one application; safe to be asked from any thread."""

    def __init__(
        self,
        engine: Engine,
        books: Bookkeeping,
        answers: AnswerCache,
        models: ModelChoice,
        shared: SharedRedis | None,
    ) -> None:
        self._models = models
        self._shared = shared
        self._engine = engine
        self._books = books
        self._answers = answers

    def collect(self) -> Iterable[Metric]:
        """Return every metric, each time; of what there is none now without a value."""
        yield from self._of_the_engine()
        yield from self._of_the_index()
        yield from self._of_the_cache()
        yield from self._of_the_books()
        yield from self._of_the_models()
        yield from self._of_what_is_shared()

    def _of_the_engine(self) -> Iterator[Metric]:
        engine = self._engine
        yield _gauge("finrag_engine_questions", "Questions that are worked on or wait for their turn.", engine.inside)
        yield _gauge("finrag_engine_answers_writing", "Answers that a language model is writing.", engine.writing)
        yield _counter("finrag_engine_refused", "Questions refused because too many were waiting.", engine.refused)

    def _of_the_index(self) -> Iterator[Metric]:
        versions = self._engine.versions
        current = versions.current
        index = current.index if current is not None else None
        information = InfoMetricFamily("finrag_index", "The index version that answers.")
        if index is not None:
            information.add_metric((), {"version": index.version})
        yield information
        manifest = index.manifest if index is not None else None
        yield _gauge("finrag_index_passages", "Passages of the loaded index.", manifest.passages if manifest else 0)
        yield _gauge("finrag_index_filings", "Filings of the loaded index.", manifest.filings if manifest else 0)
        yield _gauge(
            "finrag_index_loaded_timestamp_seconds",
            "When the index version that answers took over, seconds since 1970; no value before.",
            versions.loaded_at if index is not None else None,
        )
        has_problem = versions.problem is not None
        yield _gauge(
            "finrag_index_refresh_problem",
            "1 while the version that is current in the store is not the one that answers.",
            int(has_problem),
        )
        yield _gauge("finrag_ready", "1 while questions can be answered.", int(index is not None))
        yield _gauge(
            "finrag_degraded",
            "1 while a loaded index answers although the store or its current version cannot be used.",
            int(index is not None and has_problem),
        )
        yield _gauge(
            "finrag_store_reachable",
            "1 unless the store was away when last looked at.",
            int(versions.is_store_reachable),
        )

    def _of_the_cache(self) -> Iterator[Metric]:
        counts = self._engine.versions.cache_counts
        yield _gauge("finrag_cache_bytes", "Bytes of the cache folder, as far as this process knows.", counts.bytes)
        yield _gauge("finrag_cache_limit_bytes", "The most bytes the cache folder may hold.", counts.limit_bytes)
        yield _counter("finrag_cache_hits", "Files of the store that were in the cache folder.", counts.hits)
        yield _counter("finrag_cache_misses", "Files of the store that had to be read from it.", counts.misses)
        yield _counter("finrag_cache_evictions", "Files removed from the cache folder to make room.", counts.evictions)
        yield _gauge("finrag_answer_cache_bytes", "Bytes of the answers kept in memory.", self._answers.size_bytes)
        yield _gauge("finrag_answer_cache_entries", "Answers kept in memory.", len(self._answers))

    def _of_the_books(self) -> Iterator[Metric]:
        budget = self._books.budget.state()
        yield _gauge(
            "finrag_budget_limit_usd",
            "US dollars that language models may cost in a day; no value without a limit.",
            None if budget.daily_usd is None else float(budget.daily_usd),
        )
        yield _gauge(
            "finrag_budget_spent_usd",
            "US dollars that language models have cost today (UTC).",
            float(budget.spent_today_usd),
        )
        log = self._books.log
        yield _gauge("finrag_query_log_rows_waiting", "Rows of the query log not yet in the store.", log.unwritten)
        yield _counter("finrag_query_log_rows_lost", "Rows of the query log given up.", log.lost)

    def _of_the_models(self) -> Iterator[Metric]:
        circuits = GaugeMetricFamily(
            "finrag_model_circuit_open",
            "1 while a language model that has failed too often is not asked, or tried once; by profile.",
            labels=("model",),
        )
        for key, is_open in self._models.left_alone.items():
            circuits.add_metric((key,), int(is_open))
        yield circuits

    def _of_what_is_shared(self) -> Iterator[Metric]:
        shared = self._shared
        yield _gauge(
            "finrag_shared_redis_reachable",
            "1 while the Redis that back ends share answers; no value without FINRAG_SHARED_REDIS.",
            None if shared is None else int(not shared.outage),
        )
        yield _counter(
            "finrag_shared_redis_failures",
            "Times the shared Redis did not answer; from then on until it does it is not asked.",
            0 if shared is None else shared.failures,
        )


def _gauge(name: str, meaning: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(name, meaning, value=value)
