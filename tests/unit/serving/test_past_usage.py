"""What the log held when a process starts counts towards today and in total, and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend import past_usage
from serving.backend.budget import Budget
from serving.backend.past_usage import PastUsage
from serving.backend.query_log import QueryLog
from serving.backend.usage import Totals, Usage
from tests.local_processes import wait_until
from tests.logged_queries import NOON, record
from tests.unit.serving.conftest import FaultyStore

START = NOON + timedelta(hours=1)


def write_day(store: ObjectStore, moment: datetime, costs: list[str], *, written: datetime | None = None) -> None:
    """Put queries that ended at `moment` into the log, one file of each two."""
    log = QueryLog(store, rows_of_a_file=2, clock=lambda: written or moment)
    log.start()
    for number, cost in enumerate(costs):
        log.append(record(number, timestamp=moment, input_tokens=10, output_tokens=2, cost_usd=Decimal(cost)))
    log.close(10)


class Reading:
    def __init__(self, store: ObjectStore) -> None:
        self.usage = Usage(clock=lambda: START)
        self.budget = Budget(Decimal(10), clock=lambda: START)
        self.past = PastUsage(store, self.usage, self.budget, retry_s=0.05, clock=lambda: START)

    def reaches(self, days: int) -> bool:
        return self.usage.since == (START - timedelta(days=days)).date() and self.budget.state().is_complete


@contextmanager
def reading(store: ObjectStore) -> Iterator[Reading]:
    begun = Reading(store)
    begun.past.start()
    try:
        yield begun
    finally:
        begun.past.close()


def test_earlier_queries_of_today_and_of_thirty_days_are_counted(store: ObjectStore) -> None:
    write_day(store, NOON, ["0.5", "0.25", "0"])
    write_day(store, NOON - timedelta(days=1), ["2"])
    write_day(store, NOON - timedelta(days=30), ["4"])
    write_day(store, NOON - timedelta(days=31), ["8"])
    with reading(store) as begun:
        wait_until(lambda: begun.reaches(30), "the log is read", 20)
    assert begun.usage.today() == Totals(3, 30, 6, 0, Decimal("0.75"))
    assert begun.usage.total() == Totals(5, 50, 10, 0, Decimal("6.75"))
    assert begun.budget.state().spent_today_usd == Decimal("0.75")


def test_files_written_after_the_start_are_not_counted(folder_store: LocalFolderStore) -> None:
    write_day(folder_store, NOON, ["1"])
    write_day(folder_store, NOON, ["3"], written=START + timedelta(seconds=1))
    with reading(folder_store) as begun:
        wait_until(lambda: begun.reaches(30), "the log is read", 20)
    assert begun.budget.state().spent_today_usd == 1


def test_empty_log_is_read_at_once(folder_store: LocalFolderStore) -> None:
    with reading(folder_store) as begun:
        wait_until(lambda: begun.reaches(30), "the log is read", 20)
    assert begun.usage.total() == Totals()


def test_budget_allows_calls_while_the_store_is_away_and_says_that_it_is_not_complete(
    faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    write_day(faulty, NOON, ["10"])
    faulty.be_away()
    with reading(faulty) as begun:
        wait_until(lambda: "not fully known" in caplog.text, "a warning", 10)
        assert begun.budget.allows()
        assert not begun.budget.state().is_complete
        faulty.be_back()
        wait_until(lambda: begun.reaches(30), "the log is read", 20)
        assert not begun.budget.allows()
    assert caplog.text.count("not fully known") == 1


def test_start_does_not_wait_for_a_store_that_hangs(faulty: FaultyStore) -> None:
    faulty.is_answering.clear()
    started = time.monotonic()
    with reading(faulty):
        pass
    assert time.monotonic() - started < 1


def test_file_that_is_not_of_the_log_is_named_and_left_out(
    folder_store: LocalFolderStore, caplog: pytest.LogCaptureFixture
) -> None:
    folder = "logs/queries/dt=2026-03-14"
    folder_store.put(f"{folder}/20260314T000000000000Z-00000000.parquet", b"not Parquet")
    folder_store.put(f"{folder}/notes.txt", b"by hand")
    write_day(folder_store, NOON, ["1"])
    with reading(folder_store) as begun:
        wait_until(lambda: begun.reaches(30), "the log is read", 20)
    assert begun.budget.state().spent_today_usd == 1
    assert caplog.text.count("is not counted") == 1
    assert "20260314T000000000000Z-00000000.parquet" in caplog.text


def test_of_a_busy_log_today_and_the_days_that_fit_are_counted(
    folder_store: LocalFolderStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Files: 3 today, 1 yesterday, 2 the day before; today and yesterday fit into 5."""
    write_day(folder_store, NOON, ["1"] * 6)
    write_day(folder_store, NOON - timedelta(days=1), ["1"] * 2)
    write_day(folder_store, NOON - timedelta(days=2), ["1"] * 4)
    monkeypatch.setattr(past_usage, "MOST_FILES", 5)
    with caplog.at_level("INFO"), reading(folder_store) as begun:
        wait_until(lambda: "too many" in caplog.text, "reading has ended", 20)
    assert begun.usage.since == (NOON - timedelta(days=1)).date()
    assert begun.usage.total().queries == 8
