"""The query log: batches, days, stores that go away, and nothing that a query would notice."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.dated_keys import utc_now
from serving.backend.query_journal import QueryJournal
from serving.backend.query_log import QueryLog
from serving.backend.query_record import QUERIES_SCHEMA, FlagCount, QueryRecord, StageTime
from tests.local_processes import wait_until
from tests.logged_queries import NOON, logged_files, logged_rows, record
from tests.unit.serving.conftest import FaultyStore

LONG_S = 3_600.0


@contextmanager
def opened(
    store: ObjectStore,
    *,
    interval_s: float = LONG_S,
    rows_of_a_file: int = 100,
    most_kept: int = 10_000,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[QueryLog]:
    log = QueryLog(
        store,
        interval_s=interval_s,
        retry_s=0.05,
        rows_of_a_file=rows_of_a_file,
        most_kept=most_kept,
        clock=clock,
    )
    log.start()
    try:
        yield log
    finally:
        log.close(10)


def ids(store: ObjectStore) -> list[str]:
    return sorted(row["request_id"] for row in logged_rows(store))


def names(count: int) -> list[str]:
    return [f"request-{number:05}" for number in range(count)]


def test_hundred_rows_are_written_as_one_file_before_the_interval_ends(store: ObjectStore) -> None:
    with opened(store) as log:
        for number in range(99):
            log.append(record(number))
        time.sleep(0.2)
        assert logged_files(store) == {}
        log.append(record(99))
        wait_until(lambda: log.unwritten == 0, "the batch is written", 10)
        [rows] = logged_files(store).values()
    assert sorted(row["request_id"] for row in rows) == names(100)


def test_rows_are_written_when_the_interval_has_passed(store: ObjectStore) -> None:
    with opened(store, interval_s=0.5) as log:
        started = time.monotonic()
        for number in range(3):
            log.append(record(number))
        wait_until(lambda: log.unwritten == 0, "the batch is written", 10)
        assert time.monotonic() - started >= 0.45
    assert ids(store) == names(3)


def test_rows_are_written_when_the_log_is_closed(store: ObjectStore) -> None:
    with opened(store) as log:
        for number in range(7):
            log.append(record(number))
    assert ids(store) == names(7)


def test_log_without_queries_writes_nothing(folder_store: LocalFolderStore) -> None:
    with opened(folder_store, interval_s=0.01):
        time.sleep(0.1)
    assert logged_files(folder_store) == {}


def test_rows_of_several_days_go_to_the_folders_of_their_days(folder_store: LocalFolderStore) -> None:
    """The third is of the second day in UTC, though not where its clock is."""
    west = timezone(timedelta(hours=-8))
    moments = [
        datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2025, 12, 31, 17, 0, tzinfo=west),
    ]
    with opened(folder_store, clock=lambda: NOON) as log:
        for number, moment in enumerate(moments):
            log.append(record(number, timestamp=moment))
    found = {
        key.rpartition("/")[0]: [row["request_id"] for row in rows] for key, rows in logged_files(folder_store).items()
    }
    assert found == {
        "logs/queries/dt=2025-12-31": ["request-00000"],
        "logs/queries/dt=2026-01-01": ["request-00001", "request-00002"],
    }


def test_key_names_the_time_of_writing(folder_store: LocalFolderStore) -> None:
    with opened(folder_store, clock=lambda: NOON) as log:
        log.append(record())
    [key] = logged_files(folder_store)
    assert key.startswith("logs/queries/dt=2026-03-14/20260314T120000000000Z-")
    assert key.endswith(".parquet")


def test_every_field_is_read_back_as_it_was(folder_store: LocalFolderStore) -> None:
    full = QueryRecord(
        request_id="request-full",
        timestamp=NOON,
        status="abstained",
        total_ms=123.25,
        question_chars=31,
        model_id="some.model-v1",
        input_tokens=5_000_000_000,
        output_tokens=12,
        cached_tokens=7,
        cost_usd=Decimal("0.000000037500"),
        stop_reason="end_turn",
        timings_ms=(StageTime("understanding", 1.5), StageTime("retrieval", 7.25)),
        ciks=(9990000001, 320193),
        fiscal_years=(2023, 2024),
        metrics=("revenue",),
        index_version="v1",
        prompt_version="p1",
        is_cached=True,
        is_fallback=True,
        flags=(FlagCount("number", 2),),
        question="Größe 🧪?",
        answer="„Ja“",
    )
    with opened(folder_store) as log:
        log.append(full)
        log.append(record())
    [rows] = logged_files(folder_store).values()
    assert list(rows[0]) == QUERIES_SCHEMA.names()
    lists = {"timings_ms", "ciks", "fiscal_years", "metrics", "flags"}
    for row, expected in zip(rows, (full, record()), strict=True):
        assert row == {name: list(value) if name in lists else value for name, value in asdict(expected).items()}


def test_rows_of_many_threads_are_each_written_once(folder_store: LocalFolderStore) -> None:
    with opened(folder_store, rows_of_a_file=10, interval_s=0.01) as log:

        def add(first: int) -> None:
            for number in range(first, first + 100):
                log.append(record(number))

        threads = [threading.Thread(target=add, args=(first,)) for first in range(0, 800, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ids(folder_store) == names(800)
    assert all(len(rows) <= 10 for rows in logged_files(folder_store).values())


@pytest.mark.parametrize("failure", ["away", "unexpected"])
def test_store_that_fails_for_a_while_loses_nothing(faulty: FaultyStore, failure: str) -> None:
    if failure == "away":
        faulty.be_away()
    else:
        faulty.failure = ZeroDivisionError("a fault in the store")
    with opened(faulty, rows_of_a_file=10) as log:
        for number in range(45):
            log.append(record(number))
        wait_until(lambda: faulty.attempts >= 3, "the log has tried again", 10)
        assert log.unwritten == 45
        faulty.be_back()
        wait_until(lambda: log.unwritten <= 5, "the full batches are written", 10)
    assert ids(faulty.inner) == names(45)


def test_store_that_fails_is_told_once_and_its_return_too(
    faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    with caplog.at_level(logging.INFO), opened(faulty, interval_s=0.01) as log:
        log.append(record())
        wait_until(lambda: faulty.attempts >= 4, "the log has tried again", 10)
        faulty.be_back()
        wait_until(lambda: log.unwritten == 0, "the row is written", 10)
    told = [message for message in caplog.messages if message.startswith("query log")]
    assert len(told) == 2
    assert "check the network" in told[0]


def test_row_whose_write_was_not_confirmed_stands_once(faulty: FaultyStore) -> None:
    faulty.loses_answers = 1
    with opened(faulty, interval_s=0.01) as log:
        log.append(record())
        wait_until(lambda: log.unwritten == 0, "the row is written", 10)
    assert ids(faulty.inner) == names(1)
    assert len(logged_files(faulty.inner)) == 1


def test_oldest_rows_are_dropped_and_counted_when_the_store_stays_away(
    faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    with opened(faulty, rows_of_a_file=10, most_kept=30) as log:
        for number in range(100):
            log.append(record(number))
        wait_until(lambda: log.unwritten == 30, "no more than the limit is kept", 10)
        faulty.be_back()
        wait_until(lambda: log.unwritten == 0, "the rest is written", 10)
    assert ids(faulty.inner) == names(100)[70:]
    assert log.lost == 70
    dropped = [entry.args for entry in caplog.records if "dropped" in entry.getMessage()]
    assert sum(args[0] for args in dropped if isinstance(args, tuple) and isinstance(args[0], int)) == 70


def test_rows_that_come_seldom_are_gathered_while_the_store_is_away(faulty: FaultyStore, tmp_path: Path) -> None:
    """Each file that waits holds a descriptor, a journal and much more than its rows."""
    journal = QueryJournal(tmp_path / "cache", faulty.url)
    faulty.be_away()
    log = QueryLog(faulty, journal, interval_s=0.01, retry_s=0.02)
    log.start()
    for number in range(30):
        log.append(record(number))
        time.sleep(0.02)
    assert log.unwritten == 30
    assert len(list(journal.folder.iterdir())) <= 2
    faulty.be_back()
    wait_until(lambda: log.unwritten == 0, "all rows are written", 10)
    log.close(10)
    assert ids(faulty.inner) == names(30)


def test_query_does_not_wait_for_a_store_that_hangs(faulty: FaultyStore) -> None:
    faulty.is_answering.clear()
    with opened(faulty, rows_of_a_file=10) as log:
        for number in range(10):
            log.append(record(number))
        wait_until(lambda: faulty.attempts == 1, "the log is writing", 10)
        started = time.monotonic()
        for number in range(10, 1_000):
            log.append(record(number))
        assert time.monotonic() - started < 0.5
        faulty.is_answering.set()
    assert ids(faulty.inner) == names(1_000)


def test_closing_does_not_wait_long_for_a_store_that_hangs(
    faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.is_answering.clear()
    log = QueryLog(faulty)
    log.start()
    for number in range(5):
        log.append(record(number))
    started = time.monotonic()
    log.close(0.3)
    assert time.monotonic() - started < 5
    assert any("5 rows" in message and "lost" in message for message in caplog.messages)


def test_closing_tells_how_many_rows_a_store_that_is_away_costs(
    faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    with opened(faulty) as log:
        for number in range(3):
            log.append(record(number))
    assert any("3 rows" in message and "lost" in message for message in caplog.messages)
