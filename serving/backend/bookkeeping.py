"""The books of this process: the log of queries, what they used, the budget, and what readers say.

A query is entered once, however it ends: before its answer is given, so that no answer is without its row. Entering it
takes no time worth telling and cannot fail it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from decimal import Decimal
from pathlib import Path

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.admission import EngineBusyError
from serving.backend.budget import Budget
from serving.backend.dated_keys import utc_now
from serving.backend.feedback import FeedbackBox
from serving.backend.fixes.recent_answers import RecentAnswers
from serving.backend.past_usage import PastUsage
from serving.backend.query_journal import QueryJournal
from serving.backend.query_log import QueryLog
from serving.backend.query_record import FlagCount, QueryRecord, QueryStatus, StageTime
from serving.backend.schemas.answers import ModelUsage, QueryResponse
from serving.backend.schemas.usage import FeedbackRequest
from serving.backend.served_versions import IndexNotLoadedError
from serving.backend.shared.budget import SharedBudget
from serving.backend.shared.connection import SharedRedis
from serving.backend.store_access import StoreAccess
from serving.backend.usage import Totals, Usage

__all__ = ["Bookkeeping", "QueryEntry"]

CLOSE_TIMEOUT_S = 5.0

_logger = logging.getLogger(__name__)


class QueryEntry:
    """What is known of a query; who answers it fills this in.

    `llm` is what a model that was asked is thought to have used, for a query that ends without a response.
    """

    def __init__(self, enter: Callable[[QueryStatus, QueryResponse | None, ModelUsage | None], None]) -> None:
        self.llm: ModelUsage | None = None
        self._enter = enter
        self._is_entered = False

    def answer(self, response: QueryResponse) -> None:
        """Enter the query with the response it is about to be given."""
        self._is_entered = True
        self._enter(response.status, response, response.metadata.llm)

    def end(self, status: QueryStatus) -> None:
        """Enter a query that ends without a response; nothing when it was answered."""
        if not self._is_entered:
            self._enter(status, None, self.llm)


class Bookkeeping:
    """Opened when the process starts to serve, closed when it ends; safe for use from several threads."""

    def __init__(
        self,
        config: MLConfig,
        store: ObjectStore,
        tell: Callable[[QueryRecord], None] = lambda record: None,
        recent: RecentAnswers | None = None,
        shared: SharedRedis | None = None,
    ) -> None:
        """`tell` is called with each query that is entered, by who enters it; `recent` keeps answers to be reported.

        With a `shared` Redis the budget is one for all back ends.
        """
        self._logs_words = config.log_prompts
        self._tell = tell
        self._recent = recent
        # Who wants no log, or has keys that only read, has the store left alone: nothing is written, or read back.
        self._is_logging = config.query_log == "on"
        self.access = StoreAccess()
        self.log = QueryLog(store, QueryJournal(Path(config.cache_dir), store.url), self.access)
        self.usage = Usage()
        daily_usd = config.daily_budget_usd
        self.budget = Budget(daily_usd) if shared is None else SharedBudget(daily_usd, shared)
        self.feedback = FeedbackBox(store, self.access, is_open=self._is_logging)
        self._past = PastUsage(store, self.usage, self.budget, self.access)

    @property
    def counts_since_start_only(self) -> bool:
        """Whether what was used before this process started is not counted, because no log of it can be read."""
        return not self._is_logging or self.access.is_denied("reading logs/")

    def open(self) -> None:
        """Begin to write the log, with what an earlier process left, and to read what was used before."""
        if not self._is_logging:
            return
        left = self.log.take_over()
        for record in (record for records in left.values() for record in records):
            day = record.timestamp.astimezone(UTC).date()
            self.usage.add_logged(day, Totals.of(record))
            self.budget.add_logged(day, record.cost_usd)
        self.log.start()
        self._past.start(left.keys())

    async def accept_feedback(self, feedback: FeedbackRequest) -> None:
        """Return once the feedback is stored; raises what `FeedbackBox.accept` raises."""
        await self.feedback.accept(feedback)
        if self._recent is not None:
            self._recent.note(feedback)

    def close(self) -> None:
        """Write what is not written yet; takes a few seconds at most."""
        if not self._is_logging:
            return
        self._past.close()
        self.log.close(CLOSE_TIMEOUT_S)

    @contextmanager
    def entry(self, request_id: str, question: str) -> Iterator[QueryEntry]:
        """Enter a query when it is answered, otherwise when the block ends: as failed, or as cancelled by its client.

        A query that was turned away, because the server is busy or not ready, is not entered.
        """
        started = time.perf_counter()
        if self._logs_words:
            _logger.debug("asked: %s", question)

        def enter(status: QueryStatus, response: QueryResponse | None, llm: ModelUsage | None) -> None:
            elapsed_ms = round((time.perf_counter() - started) * 1000, 2)
            record = self._record(request_id, question, status, elapsed_ms, response=response, llm=llm)
            self.usage.add(record)
            if self._is_logging:
                self.log.append(record)
            if self._recent is not None and response is not None:
                self._recent.add(response)
            self._tell(record)

        entry = QueryEntry(enter)
        try:
            yield entry
            entry.end("failed")
        except (EngineBusyError, IndexNotLoadedError):
            raise
        except Exception:
            entry.end("failed")
            raise
        except BaseException:
            # Also who takes a response may close the block's generator before its end.
            entry.end("cancelled")
            raise

    def _record(
        self,
        request_id: str,
        question: str,
        status: QueryStatus,
        total_ms: float,
        *,
        response: QueryResponse | None,
        llm: ModelUsage | None,
    ) -> QueryRecord:
        return QueryRecord(
            request_id=request_id,
            timestamp=utc_now(),
            status=status,
            total_ms=total_ms,
            question_chars=len(question),
            model_id=llm.model_id if llm else "",
            input_tokens=llm.input_tokens if llm else 0,
            output_tokens=llm.output_tokens if llm else 0,
            cached_tokens=llm.cached_tokens if llm else 0,
            cost_usd=Decimal(str(llm.cost)) if llm else Decimal(0),
            stop_reason=llm.stop_reason if llm else "",
            timings_ms=tuple(StageTime(*pair) for pair in response.metadata.timings_ms.items()) if response else (),
            ciks=tuple(company.cik for company in response.resolved.companies) if response else (),
            fiscal_years=tuple(response.resolved.fiscal_years) if response else (),
            metrics=tuple(response.resolved.metrics) if response else (),
            index_version=response.metadata.index_version if response else "",
            prompt_version=(llm.prompt_version or "") if llm else "",
            is_cached=response.metadata.cached if response else False,
            is_fallback=bool(llm and llm.fallback),
            flags=_counted(response),
            question=question if self._logs_words else None,
            answer=response.answer if response and self._logs_words else None,
        )


def _counted(response: QueryResponse | None) -> tuple[FlagCount, ...]:
    kinds = Counter(flag.kind for flag in response.flags) if response else Counter()
    return tuple(FlagCount(kind, count) for kind, count in sorted(kinds.items()))
