"""What was used before this process started, read from the query log: a pod that was suspended forgets nothing.

Read by a thread of its own, so that nothing waits for it; today first, because the budget depends on it.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Container
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

import polars as pl

from finrag_ml_tg1.errors import FinRAGError, ObjectNotFoundError, StoreDeniedError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.budget import Budget
from serving.backend.dated_keys import day_folder, moment_text, utc_now
from serving.backend.query_batches import QUERIES_FOLDER
from serving.backend.store_access import StoreAccess
from serving.backend.usage import Totals, Usage

__all__ = ["MOST_DAYS", "MOST_FILES", "PastUsage"]

R = TypeVar("R")

MOST_DAYS = 31
MOST_FILES = 5_000
RETRY_S = 30.0

_logger = logging.getLogger(__name__)


class PastUsage:
    """Counts in `usage` and `budget` what the log holds of files written before `clock()` at the start.

    At most `MOST_DAYS` days and `MOST_FILES` files are read, the newest days first and each day wholly or not at all;
    today is always read. While the store is away it is tried again every `retry_s`, and every `access.trial_s` while it
    does not allow reading.
    """

    def __init__(
        self,
        store: ObjectStore,
        usage: Usage,
        budget: Budget,
        access: StoreAccess | None = None,
        *,
        retry_s: float = RETRY_S,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._usage = usage
        self._budget = budget
        self._access = access or StoreAccess()
        self._retry_s = retry_s
        self._started = clock()
        self._counted: Container[str] = ()
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="past-usage", daemon=True)

    def start(self, counted: Container[str] = ()) -> None:
        """Begin to read; files under keys that are `counted` already are passed over."""
        self._counted = counted
        self._thread.start()

    def close(self) -> None:
        """Stop reading after the request that is under way, which is not waited for."""
        self._is_ended.set()

    def _run(self) -> None:
        try:
            self._read_days()
        except Exception:
            _logger.exception("usage: the query log is not counted further because of an unexpected error")

    def _read_days(self) -> None:
        today = self._started.date()
        left = MOST_FILES
        for day in (today - timedelta(days) for days in range(MOST_DAYS)):
            keys: list[str] = self._insisting(partial(self._keys, day), [])
            if day != today and len(keys) > left:
                _logger.info("usage: days before %s are not counted: their files are too many", self._usage.since)
                return
            left -= len(keys)
            for key in keys:
                totals = self._insisting(partial(self._totals, key), Totals())
                self._usage.add_logged(day, totals)
                self._budget.add_logged(day, totals.cost_usd)
            if self._is_ended.is_set():
                return
            self._usage.reach_back_to(day)
            if day == today:
                self._budget.complete()

    def _keys(self, day: date) -> list[str]:
        """The day's files that were there before this process, whose own rows are counted as they come."""
        folder = day_folder(QUERIES_FOLDER, day)
        end = folder + moment_text(self._started)
        keys = [entry.key for entry in self._store.list(folder)]
        return [key for key in keys if key < end and key.endswith(".parquet") and key not in self._counted]

    def _totals(self, key: str) -> Totals:
        try:
            data = self._store.get(key).data
        except ObjectNotFoundError:
            return Totals()  # deleted since it was listed
        columns = ["input_tokens", "output_tokens", "cached_tokens", "cost_usd"]
        try:
            table = pl.read_parquet(io.BytesIO(data), columns=columns)
            sums = table.select(pl.col(columns).sum()).row(0)
        except pl.exceptions.PolarsError:
            _logger.warning("usage: %s is no file of the query log and is not counted", key)
            return Totals()
        return Totals(table.height, *sums)

    def _insisting(self, read: Callable[[], R], otherwise: R) -> R:
        """What `read` returns once the store can be reached; `otherwise` when the end comes first."""
        is_told = False
        while not self._is_ended.is_set():
            pause_s = self._retry_s
            try:
                found = read()
            except StoreDeniedError as error:
                self._access.deny("reading logs/", error)
                pause_s = self._access.trial_s
            except FinRAGError as error:
                if not is_told:
                    _logger.warning("usage: what was spent earlier is not fully known yet: %s", error)
                is_told = True
            else:
                self._access.allow("reading logs/")
                return found
            self._is_ended.wait(pause_s)
        return otherwise
