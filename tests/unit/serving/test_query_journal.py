"""What a process that ended before its rows were in the store leaves on the disk, and what the next makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.bookkeeping import Bookkeeping
from serving.backend.query_journal import JournalFile, QueryJournal
from serving.backend.query_log import QueryLog
from serving.backend.query_record import FlagCount, StageTime
from tests.local_processes import wait_until
from tests.logged_queries import NOON, logged_files, logged_rows, record
from tests.unit.serving.conftest import FaultyStore
from tests.unit.serving.model_response import response

ROWS = [
    record(0),
    record(1, cost_usd=Decimal("0.000000037500"), ciks=(320193,), timings_ms=(StageTime("understanding", 1.5),)),
    record(2, timestamp=NOON + timedelta(days=1), flags=(FlagCount("number", 2),), question="Größe 🧪\n?", answer='"'),
]


@pytest.fixture
def journal(tmp_path: Path, folder_store: LocalFolderStore) -> QueryJournal:
    return QueryJournal(tmp_path / "cache", folder_store.url)


def half_written(descriptor: int, data: bytes, offset: int, write: Callable[..., int] = os.pwrite) -> int:
    """Write what a disk that gets full takes of a row."""
    return write(descriptor, data[: len(data) // 2], offset)


def leave(journal: QueryJournal, faulty: FaultyStore) -> None:
    """End a process that could not write its rows."""
    log = QueryLog(faulty, journal)
    log.start()
    for row in ROWS:
        log.append(row)
    log.close(10)
    faulty.be_back()


def write_what_is_left(journal: QueryJournal, store: ObjectStore) -> None:
    log = QueryLog(store, journal)
    log.take_over()
    log.start()
    log.close(10)


def test_rows_that_were_left_are_written_as_they_were(
    journal: QueryJournal, faulty: FaultyStore, tmp_path: Path
) -> None:
    faulty.be_away()
    leave(journal, faulty)
    assert logged_rows(faulty.inner) == []
    write_what_is_left(journal, faulty.inner)
    undisturbed = LocalFolderStore(tmp_path / "undisturbed")
    leave(QueryJournal(tmp_path / "other", undisturbed.url), FaultyStore(undisturbed))
    assert logged_rows(faulty.inner) == logged_rows(undisturbed)
    assert len(logged_files(faulty.inner)) == 2
    assert list(journal.folder.iterdir()) == []


def test_rows_that_were_written_before_the_end_stand_once(journal: QueryJournal, faulty: FaultyStore) -> None:
    """The store took them, but the process did not hear of it."""
    faulty.loses_answers = 1
    leave(journal, faulty)
    before = logged_files(faulty.inner)
    assert len(before) == 1
    write_what_is_left(journal, faulty.inner)
    assert [row["request_id"] for row in logged_rows(faulty.inner)] == [row.request_id for row in ROWS]
    assert before.items() <= logged_files(faulty.inner).items()


def test_journal_holds_nothing_once_the_rows_are_in_the_store(
    journal: QueryJournal, folder_store: LocalFolderStore
) -> None:
    log = QueryLog(folder_store, journal, rows_of_a_file=2)
    log.start()
    for number in range(4):
        log.append(record(number))
    wait_until(lambda: log.unwritten == 0, "the full batches are written", 10)
    assert list(journal.folder.iterdir()) == []
    log.close(10)


def test_line_that_is_not_whole_is_passed_over(
    journal: QueryJournal, faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    leave(journal, faulty)
    [path] = journal.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    write_what_is_left(journal, faulty.inner)
    assert [row["request_id"] for row in logged_rows(faulty.inner)] == [row.request_id for row in ROWS[:2]]
    assert "are lost" not in caplog.text


def test_line_that_is_no_row_is_told_of_and_the_others_are_written(
    journal: QueryJournal, faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    leave(journal, faulty)
    [path] = journal.folder.iterdir()
    path.write_bytes(b'{"half": \n' + path.read_bytes())
    write_what_is_left(journal, faulty.inner)
    assert len(logged_rows(faulty.inner)) == len(ROWS)
    assert "1 rows of" in caplog.text


def test_file_that_cannot_be_read_is_told_of_and_the_others_are_written(
    journal: QueryJournal, faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    leave(journal, faulty)
    (journal.folder / "0.jsonl").mkdir()
    write_what_is_left(journal, faulty.inner)
    assert len(logged_rows(faulty.inner)) == len(ROWS)
    assert "may be missing" in caplog.text


def test_rows_of_a_process_that_lives_are_left_to_it(journal: QueryJournal, folder_store: LocalFolderStore) -> None:
    log = QueryLog(folder_store, journal)
    log.append(record())
    write_what_is_left(journal, folder_store)
    assert logged_rows(folder_store) == []
    log.start()
    log.close(10)
    assert len(logged_rows(folder_store)) == 1


def test_rows_for_another_store_are_left_alone(journal: QueryJournal, faulty: FaultyStore, tmp_path: Path) -> None:
    faulty.be_away()
    leave(journal, faulty)
    other = LocalFolderStore(tmp_path / "other")
    write_what_is_left(QueryJournal(tmp_path / "cache", other.url), other)
    assert logged_rows(other) == []
    assert len(list(journal.folder.iterdir())) == 1


def test_folder_that_cannot_be_written_is_told_of_once_and_costs_no_row(
    folder_store: LocalFolderStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("in the way")
    log = QueryLog(folder_store, QueryJournal(tmp_path / "cache", folder_store.url), rows_of_a_file=2)
    assert log.take_over() == {}
    log.start()
    for number in range(5):
        log.append(record(number))
    log.close(10)
    assert len(logged_rows(folder_store)) == 5
    assert caplog.text.count("FINRAG_CACHE_DIR cannot be written") == 1


def test_disk_that_is_full_leaves_no_half_row(
    journal: QueryJournal, faulty: FaultyStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.be_away()
    log = QueryLog(faulty, journal)
    log.start()
    log.append(ROWS[0])
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", half_written)
        log.append(ROWS[1])
    log.append(ROWS[2])
    log.close(10)
    assert caplog.text.count("No space left") == 1
    faulty.be_back()
    write_what_is_left(journal, faulty.inner)
    assert [row["request_id"] for row in logged_rows(faulty.inner)] == [ROWS[0].request_id, ROWS[2].request_id]


def test_rows_that_a_full_disk_kept_out_of_the_journal_are_not_lost_from_the_store_after_a_kill(
    journal: QueryJournal, faulty: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is killed when all rows are in the store, and before it has removed a journal."""
    log = QueryLog(faulty, journal)
    log.append(ROWS[0])
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", half_written)
        log.append(ROWS[1])
    log.append(ROWS[2])
    with monkeypatch.context() as killed:
        killed.setattr(JournalFile, "remove", JournalFile.leave)
        log.start()
        log.close(10)
    before = logged_files(faulty.inner)
    assert len(logged_rows(faulty.inner)) == len(ROWS)
    faulty.knows_conditions = False
    write_what_is_left(journal, faulty)
    assert logged_files(faulty.inner) == before


def test_journal_that_a_crash_of_the_machine_cut_short_is_not_written_over_the_whole_file(
    journal: QueryJournal, faulty: FaultyStore
) -> None:
    faulty.loses_answers = 2
    leave(journal, faulty)
    before = logged_files(faulty.inner)
    [path] = journal.folder.iterdir()
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    write_what_is_left(journal, faulty.inner)
    assert before.items() <= logged_files(faulty.inner).items()
    assert list(journal.folder.iterdir()) == []


def test_rows_that_are_left_are_written_to_a_service_without_conditions(
    journal: QueryJournal, faulty: FaultyStore
) -> None:
    faulty.be_away()
    leave(journal, faulty)
    faulty.knows_conditions = False
    write_what_is_left(journal, faulty)
    assert [row["request_id"] for row in logged_rows(faulty.inner)] == [row.request_id for row in ROWS]


def test_journal_begins_again_with_the_first_row_that_a_disk_takes_after_it_was_full(
    journal: QueryJournal, faulty: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty.be_away()
    log = QueryLog(faulty, journal)
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", half_written)
        for number in range(5):
            log.append(record(number))
    assert list(journal.folder.iterdir()) == []
    log.append(record(5))
    assert len(list(journal.folder.iterdir())) == 1
    faulty.be_back()
    log.start()
    log.close(10)
    assert sorted(len(rows) for rows in logged_files(faulty.inner).values()) == [1, 5]


@pytest.mark.parametrize("end", [FaultyStore.be_away, lambda faulty: setattr(faulty, "loses_answers", 1)])
def test_what_was_spent_before_a_crash_is_counted_once(
    faulty: FaultyStore, tmp_path: Path, end: Callable[[FaultyStore], None]
) -> None:
    """Whether the rows were in the store or not."""
    config = MLConfig(store=faulty.url, cache_dir=str(tmp_path / "cache"), daily_budget_usd=Decimal(1))
    crashed = Bookkeeping(config, faulty)
    crashed.open()
    with crashed.entry("request-1", "?") as entry:
        entry.answer(response())
    end(faulty)
    crashed.close()
    faulty.be_back()
    books = Bookkeeping(config, faulty)
    books.open()
    assert books.budget.state().spent_today_usd == Decimal("0.25")
    wait_until(lambda: books.budget.state().is_complete, "the log is read", 10)
    assert books.budget.state().spent_today_usd == Decimal("0.25")
    assert books.usage.today().queries == 1
    books.close()
    assert len(logged_rows(faulty.inner)) == 1


def test_query_is_in_the_journal_before_its_answer_is_given(folder_store: LocalFolderStore, tmp_path: Path) -> None:
    books = Bookkeeping(MLConfig(store=folder_store.url, cache_dir=str(tmp_path / "cache")), folder_store)
    with books.entry("request-1", "?") as entry:
        entry.answer(given := response())
        [path] = QueryJournal(tmp_path / "cache", folder_store.url).folder.iterdir()
        assert f'"status":"{given.status}"' in path.read_text()
